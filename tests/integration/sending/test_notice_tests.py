"""`mailer test`: letters to a few addresses that somebody waits for."""

import pytest

from mailer.database.engine import Database
from mailer.errors import TransportError
from mailer.sending.testing import send_tests
from mailer.transport.base import NotSent
from mailer.transport.memory import MemoryTransport

from .notice_office import NOW, Office


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def _tests(office: Office, *emails: str) -> list[tuple[str, str, str | None]]:
    def sleep(seconds: float) -> None:
        office.seconds += seconds

    numbers = iter(range(100, 200))
    found = send_tests(
        office.run(), emails, newsletter="news", issue=54, number=lambda: next(numbers), sleep=sleep, now=NOW
    )
    return [(one.email, one.state.value, one.reason) for one in found]


def test_a_test_goes_to_each_address_and_to_no_waiting_reader(office: Office) -> None:
    office.add(1, "reader@example.org")
    assert _tests(office, "me@example.org", "you@example.org") == [
        ("me@example.org", "accepted", None),
        ("you@example.org", "accepted", None),
    ]
    assert {letter.recipient for letter in office.transport.letters} == {"me@example.org", "you@example.org"}


def test_a_test_waits_for_a_slow_transport_and_gives_up_after_a_minute(office: Office) -> None:
    office.transport = MemoryTransport(lambda _envelope: NotSent("daily quota"))
    assert _tests(office, "me@example.org") == [("me@example.org", "withheld", "daily quota")]
    assert office.seconds == 60


def test_a_test_that_cannot_be_carried_does_not_come_tomorrow(office: Office) -> None:
    office.transport = MemoryTransport(lambda _envelope: TransportError("no network"))
    with pytest.raises(TransportError):
        _tests(office, "me@example.org")
    assert office.states() == {100: ("withheld", "no network", 1)}
