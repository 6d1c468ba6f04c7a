"""When a run pauses its mailing by itself, when it waits, and when it gives up."""

import pytest

from mailer.sending.troubles import Troubles
from mailer.transport.base import Accepted, Lost, NotSent, Receipt, Refused

FINE, LOST, REFUSED = Accepted("1"), Lost("no answer"), Refused("no")
AWAY, TOO_FAST = NotSent("nobody there"), NotSent("slow down", too_fast=True)


class Clock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def pauses(calls: list[list[Receipt]]) -> list[str]:
    troubles = Troubles(Clock())
    return [reason for reason in (troubles.heard(receipts) for receipts in calls) if reason]


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([[LOST]] * 4, 0),
        ([[LOST]] * 5, 1),
        ([[LOST, *[FINE] * 99]] * 5, 1),
        ([[FINE]] * 41 + [[LOST]] * 9, 0),
        ([[FINE]] * 40 + [[LOST]] * 10, 1),
        ([[LOST], *[[FINE]] * 99] * 10, 0),
        ([[LOST] * 50, *[[FINE]] * 9] * 10, 0),
        ([[AWAY], [LOST]] * 5, 1),
    ],
)
def test_lost_answers_pause_when_there_are_five_and_a_fifth_of_the_last_calls(
    calls: list[list[Receipt]], expected: int
) -> None:
    assert pauses(calls) == ["lost-answers"] * expected


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        ([[REFUSED] * 19], 0),
        ([[REFUSED] * 20], 1),
        ([[REFUSED]] * 19 + [[FINE]] * 31 + [[REFUSED]], 0),
        ([[FINE]] * 30 + [[REFUSED]] * 20, 1),
        ([[AWAY]] * 100 + [[REFUSED]] * 20, 1),
    ],
)
def test_twenty_refusals_of_fifty_pause(calls: list[list[Receipt]], expected: int) -> None:
    assert pauses(calls) == ["refusals"] * expected


def test_what_concerns_the_whole_account_pauses_at_once() -> None:
    assert pauses([[FINE, NotSent("expired", pause="account")]]) == ["account"]


def test_while_nothing_is_carried_each_wait_is_longer_and_an_answer_ends_it() -> None:
    clock = Clock()
    troubles = Troubles(clock)
    waits: list[float] = []
    for _ in range(7):
        troubles.heard([AWAY])
        waits.append(troubles.take_wait())
        clock.now += waits[-1]
        assert troubles.take_wait() == 0
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    assert troubles.nothing_for == sum(waits)
    troubles.heard([AWAY, LOST])
    assert (troubles.take_wait(), troubles.nothing_for) == (0, 0)


def test_calls_that_were_under_way_together_and_carried_nothing_are_one_reason_to_wait() -> None:
    troubles = Troubles(Clock())
    for _ in range(20):
        troubles.heard([AWAY])
    assert troubles.take_wait() == 1


def test_who_pauses_waits_for_nothing() -> None:
    troubles = Troubles(Clock())
    troubles.heard([NotSent("expired", pause="account")])
    assert troubles.take_wait() == 0


def test_who_is_too_fast_does_not_wait_but_is_not_patient_for_ever_either() -> None:
    clock = Clock()
    troubles = Troubles(clock)
    for _ in range(3):
        troubles.heard([TOO_FAST])
        clock.now += 5
    assert (troubles.take_wait(), troubles.nothing_for) == (0, 15)
