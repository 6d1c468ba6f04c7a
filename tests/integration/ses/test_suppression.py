"""Pulling the account's suppression list, from a local SES by the real boto3, into both databases."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.database.engine import Database
from mailer.errors import TransportError
from mailer.local_ses.server import Server
from mailer.ses.client import Answer, reading_client
from mailer.ses.suppression import CALL_SECONDS, Pulled, pull
from subscribers.address import parse
from subscribers.book import subscribe
from subscribers.erasure import keyed_hashes
from subscribers.lifecycle import Actor, SuppressionReason
from subscribers.people import show
from subscribers.suppressed import list_suppressed
from subscribers.suppressing import erase, lift, suppress

from .conftest import session

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAGE = 1000


def hashes(key: str) -> tuple[str, ...]:
    return keyed_hashes(key, [b"a-key-for-tests-only"])


@dataclass
class Puller:
    """Pulls with a clock that only sleeping turns on, and remembers the calls."""

    client: Any
    database: Database
    now: datetime = NOW
    time: float = 0.0
    called_at: list[float] = field(default_factory=list[float])
    seen: list[int] = field(default_factory=list[int])
    stop_after: float = float("inf")
    """Pages."""

    def pull(self) -> Pulled:
        """Pull once."""
        self.seen = []
        return pull(
            _Watched(self.client, self._call),
            self.database,
            hashes=hashes,
            now=lambda: self.now,
            clock=lambda: self.time,
            sleep=self._sleep,
            stopped=lambda: len(self.seen) >= self.stop_after,
            observe=lambda pulled: self.seen.append(pulled.seen),
        )

    def _call(self) -> None:
        self.called_at.append(self.time)

    def _sleep(self, seconds: float) -> None:
        self.time += seconds

    def suppressed(self) -> dict[str | None, str]:
        """Address -> reason."""
        with self.database.reading() as connection:
            return {one.key: one.reason for one in list_suppressed(connection)}


class _Watched:
    """A client, and who hears of its calls."""

    def __init__(self, client: Any, called: Callable[[], None]) -> None:
        self._client = client
        self._called = called
        self.meta = client.meta

    def list_suppressed_destinations(self, **parameters: Any) -> Answer:
        """A page."""
        self._called()
        return self._client.list_suppressed_destinations(**parameters)


@pytest.fixture
def puller(server: Server, database: Database) -> Puller:
    server.local_ses.change_options({"control_rate": 0})  # the clock here is not the server's
    return Puller(reading_client(session()), database)


def put(server: Server, count: int, reason: str = "BOUNCE", name: str = "p") -> None:
    for number in range(count):
        given = {"EmailAddress": f"{name}{number:05}@example.org", "Reason": reason}
        # Not through boto3: thousands of calls.
        answer = server.local_ses.call("PUT", "/v2/email/suppression/addresses", "", given, region="eu-west-1", size=99)
        assert answer.body == {}


def test_bounces_and_complaints_of_the_account_are_suppressed_here(puller: Puller, server: Server) -> None:
    put(server, 1, "BOUNCE", "gone")
    put(server, 1, "COMPLAINT", "angry")
    assert puller.pull() == Pulled(seen=2, new=2, whole=True)
    assert puller.suppressed() == {"gone00000@example.org": "bounced", "angry00000@example.org": "complained"}
    with puller.database.reading() as connection:
        [first, _] = list_suppressed(connection)
    assert first.at == NOW
    assert first.note.startswith("on Amazon's suppression list since ")


def test_who_is_suppressed_has_no_subscription_any_more(puller: Puller, server: Server) -> None:
    address = parse("p00000@example.org")
    with puller.database.transaction() as connection:
        subscribe(
            connection, address, "news", actor=Actor.OPERATOR, source="paper", hashes=hashes(address.key), now=NOW
        )
    put(server, 1)
    puller.pull()
    with puller.database.reading() as connection:
        person = show(connection, address, "news")
    assert person is not None
    assert (person.status, person.suppressed) == ("unsubscribed", "bounced")


def test_a_long_list_is_read_page_by_page_one_call_a_second(puller: Puller, server: Server) -> None:
    put(server, 2 * PAGE + 1)
    assert puller.pull() == Pulled(seen=2 * PAGE + 1, new=2 * PAGE + 1, whole=True)
    assert puller.seen == [PAGE, 2 * PAGE, 2 * PAGE + 1]
    assert puller.called_at == pytest.approx([0, CALL_SECONDS, 2 * CALL_SECONDS])


def test_a_pull_that_was_stopped_goes_on_where_it_was(puller: Puller, server: Server) -> None:
    put(server, 3 * PAGE)
    puller.stop_after = 1
    assert puller.pull() == Pulled(seen=PAGE, new=PAGE)
    assert len(puller.suppressed()) == PAGE
    puller.stop_after = float("inf")
    assert puller.pull() == Pulled(seen=2 * PAGE, new=2 * PAGE, whole=True)
    assert len(puller.suppressed()) == 3 * PAGE
    assert puller.pull() == Pulled(seen=3 * PAGE, new=0, whole=True)  # the next one begins at the beginning


def test_a_pull_that_was_left_alone_for_a_day_begins_anew(puller: Puller, server: Server) -> None:
    put(server, 2 * PAGE)
    puller.stop_after = 1
    puller.pull()
    puller.now, puller.stop_after = NOW + timedelta(hours=25), float("inf")
    assert puller.pull() == Pulled(seen=2 * PAGE, new=PAGE, whole=True)


def test_a_position_that_amazon_forgot_begins_anew(puller: Puller, server: Server) -> None:
    put(server, 2 * PAGE)
    puller.stop_after = 1
    puller.pull()
    puller.stop_after = float("inf")
    refuse = puller.client.list_suppressed_destinations

    def forgetful(**parameters: Any) -> Answer:
        if "NextToken" in parameters and len(puller.called_at) == 2:
            answer: Any = {"Error": {"Code": "InvalidNextTokenException", "Message": "no"}}
            raise ClientError(answer, "ListSuppressedDestinations")
        return refuse(**parameters)

    puller.client.list_suppressed_destinations = forgetful
    assert puller.pull() == Pulled(seen=2 * PAGE, new=PAGE, whole=True)
    assert puller.called_at == pytest.approx([0, CALL_SECONDS, 2 * CALL_SECONDS, 3 * CALL_SECONDS])


def test_nothing_is_ever_lifted(puller: Puller, server: Server) -> None:
    with puller.database.transaction() as connection:
        suppress(connection, "ada@example.org", SuppressionReason.COMPLAINED, note="", now=NOW)
        suppress(connection, "p00000@example.org", SuppressionReason.OPERATOR, note="", now=NOW)
    put(server, 1)
    puller.pull()
    with puller.database.reading() as connection:
        found = {(one.key, one.reason) for one in list_suppressed(connection)}
    bounced = ("p00000@example.org", "bounced")
    assert found == {("ada@example.org", "complained"), ("p00000@example.org", "operator"), bounced}


def test_what_an_operator_lifted_comes_back_while_amazon_has_it(puller: Puller, server: Server) -> None:
    put(server, 1)
    puller.pull()
    with puller.database.transaction() as connection:
        lift(connection, "p00000@example.org", SuppressionReason.BOUNCED, note="they asked", now=NOW)
    assert puller.suppressed() == {}
    assert puller.pull().new == 1


def test_who_was_erased_is_not_written_down_again(puller: Puller, server: Server) -> None:
    with puller.database.transaction() as connection:
        erase(connection, parse("p00001@example.org"), hashes=hashes("p00001@example.org"), now=NOW)
    put(server, 3)
    assert puller.pull() == Pulled(seen=3, new=2, erased=1, whole=True)
    assert puller.suppressed() == {None: "erased", "p00000@example.org": "bounced", "p00002@example.org": "bounced"}


def test_an_account_that_may_not_list_says_what_is_missing(puller: Puller) -> None:
    answer: Any = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}

    def denied(**_parameters: Any) -> Answer:
        raise ClientError(answer, "ListSuppressedDestinations")

    puller.client.list_suppressed_destinations = denied
    with pytest.raises(TransportError) as error:
        puller.pull()
    assert "ses:ListSuppressedDestinations" in error.value.hint
