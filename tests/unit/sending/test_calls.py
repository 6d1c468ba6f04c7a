"""Calls side by side: as many as may be, each answered once, and nothing lost on the way."""

import threading
from collections.abc import Sequence

import pytest

from mailer.errors import TransportError
from mailer.ledger.claims import Claimed
from mailer.sending.calls import Answer, Calls
from mailer.transport.base import Accepted, Receipt


def person(number: int) -> Claimed:
    return Claimed(number, 1, f"p{number}@example.org", "", {}, frozenset())


def test_as_many_calls_as_there_is_room_for_run_at_the_same_time() -> None:
    together = threading.Barrier(4, timeout=10)

    def call() -> Sequence[Receipt]:
        return [Accepted(f"in the company of {together.wait() * 0 + 4}")]

    calls = Calls(4)
    for number in range(4):
        assert calls.has_room(1)
        calls.begin([person(number)], call)
    answers: list[Answer] = []
    while calls.under_way:
        answers += calls.answered(10)
    calls.close()
    assert sorted(answer.people[0].subscriber_id for answer in answers) == [0, 1, 2, 3]
    assert {answer.receipts[0] for answer in answers} == {Accepted("in the company of 4")}


def test_there_is_no_room_for_a_call_that_would_have_to_wait() -> None:
    go_on = threading.Event()
    calls = Calls(3)
    assert calls.has_room(50)
    calls.begin([person(1)], lambda: [Accepted(str(go_on.wait(10)))])
    assert (calls.has_room(2), calls.has_room(3), calls.under_way) == (True, False, 1)
    assert calls.answered() == []
    go_on.set()
    assert [answer.receipts for answer in calls.answered(10)] == [[Accepted("True")]]
    assert (calls.under_way, calls.has_room(3)) == (0, True)
    calls.close()


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_call_that_carried_nothing_says_so_in_its_turn(at_once: int) -> None:
    error = TransportError("the disk is full")

    def call() -> Sequence[Receipt]:
        raise error

    calls = Calls(at_once)
    calls.begin([person(1)], call)
    assert calls.answered(10) == [Answer([person(1)], (), error)]
    assert calls.answered() == []
    calls.close()


def test_where_one_call_is_made_after_the_other_it_is_over_when_it_was_begun() -> None:
    calls = Calls(1)
    calls.begin([person(1)], lambda: [Accepted("1")])
    assert calls.under_way == 0
    assert [answer.receipts for answer in calls.answered()] == [[Accepted("1")]]
    calls.close()
