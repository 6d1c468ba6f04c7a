"""Trouble on the way: what passes is waited for, what does not pauses, and several calls at once change nothing of it."""

import itertools
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import pytest

from mailer.errors import DatabaseError, TransportError
from mailer.ledger import facts, mailings
from mailer.ledger.claims import Claimed
from mailer.ledger.facts import Evidence
from mailer.sending.letters import letters
from mailer.sending.run import End
from mailer.transport.base import Envelope, Lost, NotSent, Receipt, Refused
from mailer.transport.memory import Answer, LostAfterAccepting, MemoryTransport, in_turn

from .conftest import EDITION, Office

AWAY = NotSent("nobody there")
TOO_FAST = NotSent("slow down", too_fast=True)


def everyone(transport: MemoryTransport) -> Counter[str]:
    return Counter(letter.recipient for letter in transport.letters)


def to(numbers: range) -> Counter[str]:
    return Counter(f"p{number}@example.org" for number in numbers)


def test_a_network_that_comes_back_is_waited_for(office: Office) -> None:
    office.people(range(1, 10))
    transport = MemoryTransport(in_turn([None] * 3 + [AWAY] * 12))
    assert office.run(transport) is End.FINISHED
    assert everyone(transport) == to(range(1, 10))
    assert office.time.seconds == pytest.approx(1 + 2 + 4 + 8)


def test_after_ten_minutes_without_a_letter_carried_the_run_ends_and_the_same_command_goes_on(office: Office) -> None:
    office.people(range(1, 10))
    away = True

    def answer(_envelope: Envelope) -> Answer:
        return AWAY if away else None

    transport = MemoryTransport(answer)
    with pytest.raises(TransportError, match="nothing could be sent for 10 minutes: nobody there"):
        office.run(transport)
    assert 600 <= office.time.seconds < 660
    assert set(office.states().values()) == {"pending"}
    assert office.mailing().state == "sending"
    away = False
    assert office.run(transport) is End.FINISHED
    assert everyone(transport) == to(range(1, 10))


def test_a_stop_while_waiting_is_obeyed_at_once(office: Office) -> None:
    office.people(range(1, 4))
    assert office.run(MemoryTransport(lambda _envelope: AWAY), stopped=lambda: office.time.seconds > 5) is End.STOPPED
    assert office.time.seconds < 6


def test_who_is_too_fast_goes_on_more_slowly_until_everyone_has_it(office: Office) -> None:
    office.people(range(1, 41))
    transport = MemoryTransport(in_turn([None] * 4 + [TOO_FAST] * 6))
    assert office.run(transport, rate=10, batch=2) is End.FINISHED
    assert everyone(transport) == to(range(1, 41))
    assert 2 * 40 / 10 > office.time.seconds > 1.2 * 40 / 10


def test_the_limit_does_not_count_who_was_certainly_not_sent_to(office: Office) -> None:
    office.people(range(1, 21))
    transport = MemoryTransport(in_turn([TOO_FAST, None, TOO_FAST, None, TOO_FAST]))
    assert office.run(transport, limit=7) is End.LIMIT
    assert len(transport.letters) == 7


def test_who_is_proved_to_have_it_while_their_call_is_not_sent_counts_for_the_limit(office: Office) -> None:
    office.people(range(1, 6))

    def answer(_envelope: Envelope) -> Answer:
        if 1 in office.states() and office.states()[1] == "claimed":
            mailing = office.mailing().id
            with office.database.transaction() as connection:
                now = office.time.now()
                facts.prove(connection, mailing, [Evidence(1, 1, "", "", now)], now)
            return TOO_FAST
        return None

    transport = MemoryTransport(answer, batch=1)
    assert office.run(transport, limit=2, batch=1) is End.LIMIT
    assert office.states() == {1: "accepted", 2: "accepted", 3: "pending", 4: "pending", 5: "pending"}


@pytest.mark.parametrize(
    ("answer", "reason"), [(Lost("no answer"), "lost-answers"), (Refused("no such thing"), "refusals")]
)
def test_too_much_of_it_pauses_the_mailing(office: Office, answer: Lost | Refused, reason: str) -> None:
    office.people(range(1, 101))
    transport = MemoryTransport(lambda _envelope: answer, batch=1)
    assert office.run(transport, batch=1) is End.PAUSED
    paused = office.mailing()
    assert (paused.state, paused.reason, paused.said) == ("paused", reason, answer.reason)
    with office.database.transaction() as connection:
        assert mailings.resume(connection, paused.id)
    assert (office.mailing().state, office.mailing().reason, office.mailing().said) == ("sending", "", "")
    assert Counter(office.states().values())["pending"] >= 80


def test_what_is_over_does_not_pause(office: Office) -> None:
    office.people(range(1, 7))
    transport = MemoryTransport(in_turn([None] + [LostAfterAccepting()] * 5), batch=1, remembers=False)
    assert office.run(transport, batch=1) is End.FINISHED
    assert everyone(transport) == to(range(1, 7))


def test_a_lost_answer_now_and_then_does_not_pause(office: Office) -> None:
    office.people(range(1, 101))
    turns = itertools.count(1)
    transport = MemoryTransport(lambda _envelope: LostAfterAccepting() if next(turns) % 10 == 0 else None, batch=1)
    assert office.run(transport, batch=1) is End.FINISHED
    assert everyone(transport) == to(range(1, 101))
    assert Counter(office.states().values()) == {"accepted": 90, "uncertain": 10}


class Side(MemoryTransport):
    """Four calls of one letter at once; none is answered before four are under way."""

    def __init__(self) -> None:
        super().__init__(batch=1, at_once=4)
        self.together = threading.Barrier(4, timeout=20)
        self.fault: BaseException | None = None
        self._lock = threading.Lock()

    def send(self, envelopes: Sequence[Envelope]) -> list[Receipt]:
        """One letter, in company."""
        self.together.wait()
        with self._lock:
            if self.fault is not None and envelopes[0].recipient == "p3@example.org":
                raise self.fault
            return super().send(envelopes)


def test_calls_are_under_way_at_the_same_time_and_all_are_settled(office: Office) -> None:
    office.people(range(1, 41))
    transport = Side()
    assert office.run(transport, batch=4) is End.FINISHED
    assert everyone(transport) == to(range(1, 41))
    assert set(office.states().values()) == {"accepted"}


def test_when_one_call_cannot_be_made_the_others_are_written_down_and_nobody_is_left_claimed(office: Office) -> None:
    office.people(range(1, 9))
    transport = Side()
    transport.fault = TransportError("the disk is full")
    with pytest.raises(TransportError, match="the disk is full"):
        office.run(transport, batch=4)
    states = Counter(office.states().values())
    assert (states["accepted"], states["claimed"], states["uncertain"]) == (len(transport.letters), 0, 0)
    transport.fault = None
    transport.together = threading.Barrier(1)
    assert office.run(transport, batch=4) is End.FINISHED
    assert everyone(transport) == to(range(1, 9))


def test_answers_outlive_a_database_that_was_away_for_a_moment(office: Office) -> None:
    """The commit that would have written them down fails; what is known is not forgotten."""
    office.people(range(1, 13))
    transport = MemoryTransport(batch=3)
    failures = iter([DatabaseError("the server is starting up")])

    def observe(step: str, _count: int) -> None:
        if step == "answered" and len(transport.letters) == 6:
            for failure in failures:
                raise failure

    with pytest.raises(DatabaseError, match="starting up"):
        office.run(transport, observe=observe)
    assert Counter(office.states().values()) == {"accepted": 6, "pending": 6}
    assert office.run(transport) is End.FINISHED
    assert everyone(transport) == to(range(1, 13))


def test_when_something_breaks_behind_a_claim_nobody_of_it_is_left_claimed(office: Office) -> None:
    office.people(range(1, 7))
    claims = itertools.count(1)

    def observe(step: str, _count: int) -> None:
        if step == "claimed" and next(claims) == 2:
            raise DatabaseError("the server went away")

    transport = MemoryTransport(remembers=False)
    with pytest.raises(DatabaseError, match="went away"):
        office.run(transport, observe=observe)
    assert Counter(office.states().values()) == {"accepted": 3, "pending": 3}
    assert office.run(transport) is End.FINISHED
    assert everyone(transport) == to(range(1, 7))


def test_a_mistake_of_ours_in_composing_leaves_nobody_claimed_and_loses_no_answer(office: Office) -> None:
    office.people(range(1, 9))
    transport = Side()
    letter = letters(EDITION, office.open(transport), office.links, office.time.now)

    def compose(person: Claimed) -> Envelope | Refused:
        if person.subscriber_id == 6:
            raise ValueError("a mistake")
        return letter(person)

    with pytest.raises(ValueError, match="a mistake"):
        office.run(transport, batch=4, compose=compose)
    assert Counter(office.states().values()) == {"accepted": 4, "pending": 4}


def test_an_answer_is_heard_once_however_often_its_commit_is_tried(office: Office) -> None:
    """A disk that is full for a moment must not make one lost answer a fifth of all."""
    office.people(range(1, 31))
    transport = MemoryTransport(in_turn([Lost("no answer")]), batch=1)
    failures = iter([DatabaseError("the disk is full")] * 10)

    def now() -> datetime:
        for failure in failures if transport.asked else ():
            raise failure
        return office.time.now()

    with pytest.raises(DatabaseError, match="full"):
        office.run(transport, batch=1, now=now)
    assert (office.mailing().state, office.states()[1]) == ("sending", "uncertain")
