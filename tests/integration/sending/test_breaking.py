"""What breaks between a claim and the writing down of its answers loses no answer, and leaves nobody claimed."""

import threading
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from mailer.database.engine import Database
from mailer.errors import DatabaseError
from mailer.ledger.tables import deliveries
from mailer.sending.run import End
from mailer.transport.base import Envelope, NotSent, Receipt
from mailer.transport.memory import MemoryTransport, in_turn

from .conftest import Office, Time
from .test_trouble import everyone, to


class ServersTime(Time):
    """The clock of a server, which may be gone when it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.gone = False

    def clock(self) -> float:
        """Seconds. Raises DatabaseError once when the server is gone."""
        if self.gone:
            self.gone = False
            raise DatabaseError("the server went away")
        return super().clock()


def test_an_answer_that_cannot_be_heard_takes_no_other_one_with_it(database: Database) -> None:
    time = ServersTime()
    office = Office(database, time)
    office.people([1, 2, 3])

    class Last(MemoryTransport):
        def send(self, envelopes: Sequence[Envelope]) -> list[Receipt]:
            receipts = super().send(envelopes)
            time.gone = self.asked == 3
            return receipts

    with pytest.raises(DatabaseError, match="went away"):
        office.run(Last(in_turn([NotSent("nobody there")]), batch=1))
    assert office.states() == {1: "pending", 2: "accepted", 3: "accepted"}


def test_a_clock_that_is_gone_behind_a_claim_leaves_nobody_claimed(database: Database) -> None:
    time = ServersTime()
    office = Office(database, time)
    office.people([1, 2, 3])

    def observe(step: str, _count: int) -> None:
        time.gone = step == "claimed"

    transport = MemoryTransport()
    with pytest.raises(DatabaseError, match="went away"):
        office.run(transport, observe=observe)
    assert office.states() == {1: "pending", 2: "pending", 3: "pending"}
    assert office.run(transport) is End.FINISHED
    assert everyone(transport) == to(range(1, 4))


def test_many_mistakes_of_ours_lose_no_answer_that_comes_behind_them(office: Office) -> None:
    office.people(range(1, 42))
    together = threading.Barrier(41, timeout=60)
    failed = threading.Semaphore(0)

    class Mistaken(MemoryTransport):
        def send(self, envelopes: Sequence[Envelope]) -> list[Receipt]:
            together.wait()
            if envelopes[0].recipient != "p1@example.org":
                failed.release()
                raise ValueError("a mistake")
            for _ in range(40):
                failed.acquire(timeout=60)
            return super().send(envelopes)

    with pytest.raises(ValueError, match="a mistake"):
        office.run(Mistaken(batch=1, at_once=41), batch=41)
    assert office.states()[1] == "accepted"


class Stopped(Time):
    """The process is stopped for half a minute while its first call waits for its moment."""

    def __init__(self) -> None:
        super().__init__()
        self._stops = [30.0]

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        super().sleep(seconds)
        if self._stops and threading.current_thread().name.startswith("call"):
            super().sleep(self._stops.pop())


def test_a_call_whose_process_was_stopped_is_given_back_and_nobody_waits_for_the_time_that_is_lost(
    database: Database,
) -> None:
    office = Office(database, Stopped())
    office.people(range(1, 7))
    transport = MemoryTransport(batch=1, at_once=2)
    assert office.run(transport, rate=10, batch=2) is End.FINISHED
    assert everyone(transport) == to(range(1, 7))
    with database.reading() as connection:
        assert sorted(connection.execute(select(deliveries.c.attempt)).scalars()) == [1, 1, 1, 1, 1, 2]
    assert 30 < office.time.seconds < 50
