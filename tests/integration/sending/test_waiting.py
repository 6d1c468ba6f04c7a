"""Waiting for other senders: as long as is decent, never for ever, and never by a clock that somebody may set."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.ledger import senders
from mailer.ledger.claims import Desk
from mailer.sending.run import End
from mailer.transport.base import Envelope, Receipt
from mailer.transport.memory import MemoryTransport
from mailer.transport.outbox import Outbox

from .conftest import NEWS, Office


def test_people_in_another_senders_call_are_waited_for_half_a_minute(office: Office) -> None:
    office.people(range(1, 6))
    transport = MemoryTransport()
    mailing = office.open(transport)
    with senders.sender(office.database, office.time.now()) as other:
        with office.database.transaction() as connection:
            Desk(mailing.id, NEWS, {}).claim(connection, after=0, size=2, sender_id=other.id, now=office.time.now())
        assert office.run(transport) is End.OTHERS
    assert 29 < office.time.seconds < 32
    assert len(transport.letters) == 3


def test_a_clock_set_back_by_a_day_prolongs_no_wait(office: Office) -> None:
    office.people([1])
    transport = MemoryTransport()
    mailing = office.open(transport)
    naps = 0

    def nap(seconds: float) -> None:
        nonlocal naps
        naps += 1
        assert naps < 1000, "it waits until the day has come again"
        office.time.seconds += -86400 if naps == 5 else seconds

    with senders.sender(office.database, office.time.now()) as other:
        with office.database.transaction() as connection:
            Desk(mailing.id, NEWS, {}).claim(connection, after=0, size=1, sender_id=other.id, now=office.time.now())
        office.time.sleep = nap
        assert office.run(transport) is End.OTHERS


def test_people_whom_a_stopped_process_is_claiming_are_not_waited_for_for_ever(office: Office) -> None:
    if office.database.path is not None:
        return  # one writer: there is no such moment on SQLite
    office.people(range(1, 6))
    transport = MemoryTransport()
    office.open(transport)
    with office.database.transaction() as connection:  # a claim that waits for it fails, and does not hang for ever
        connection.execute(text(f"ALTER DATABASE {office.database.engine.url.database} SET lock_timeout = '5s'"))
    office.database.close()
    with office.database.reading() as connection:  # a claim that is not committed yet
        connection.execute(text("SELECT 1 FROM delivery WHERE subscriber_id = 3 FOR UPDATE"))
        rounds = 0

        def count(_step: str, _number: int) -> None:
            nonlocal rounds
            rounds += 1
            assert rounds < 1000, "it spins"

        assert office.run(transport, observe=count) is End.OTHERS
    assert office.run(transport) is End.FINISHED
    assert sorted(letter.delivery for letter in transport.letters) == [f"{number}-1" for number in range(1, 6)]


@pytest.mark.parametrize("day", [86400, -86400])
@pytest.mark.parametrize("step", ["claimed", "answered", "settled"])
def test_a_clock_stepped_by_a_day_in_mid_mailing_makes_nobody_wait_or_get_two(
    office: Office, step: str, day: int
) -> None:
    office.people(range(1, 31))
    transport = MemoryTransport()
    slept = 0.0
    steps = 0

    def sleep(seconds: float) -> None:
        nonlocal slept
        slept += seconds
        assert slept < 300, "it waits for the day"
        office.time.seconds += seconds

    def jump(name: str, _count: int) -> None:
        nonlocal steps
        steps += name == step
        if steps == 4 and name == step:
            office.time.seconds += day

    office.time.sleep = sleep
    assert office.run(transport, rate=10, batch=1, observe=jump) is End.FINISHED
    assert sorted(int(letter.delivery.partition("-")[0]) for letter in transport.letters) == list(range(1, 31))
    assert set(office.states().values()) == {"accepted"}
    assert slept < 10


def test_a_sender_counted_dead_in_its_call_does_not_double_what_another_looked_up_and_sent(
    office: Office, tmp_path: Path
) -> None:
    if office.database.path is not None:
        return  # a file lock is not lost while its process lives
    office.people(range(1, 8))
    folder = tmp_path / "outbox"

    class Slow(Outbox):
        """In its first call it loses its lock, and another sender sends everything."""

        def send(self, envelopes: Sequence[Envelope]) -> list[Receipt]:
            with office.database.reading() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = "
                        "(SELECT oid FROM pg_database WHERE datname = current_database())"
                    )
                )
            assert office.run(Outbox(folder)) is End.FINISHED
            return super().send(envelopes)

    office.run(Slow(folder))
    assert sorted(int(path.name.partition("-")[0]) for path in folder.glob("*/[!.]*")) == list(range(1, 8))
    assert set(office.states().values()) == {"accepted"}
