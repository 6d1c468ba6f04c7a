"""Getting ready for a departure: in time, and honest about it when it was not."""

from collections.abc import Callable, Iterable

import pytest

from mailer.pacing import Pacer, step
from mailer.pacing.pacer import Leave

from .times import ACCOUNT, NOW, Time, Transaction, busiest_second, never


def _depart(
    transaction: Transaction,
    time: Time,
    rate: float,
    seconds: Iterable[float],
    each: Callable[[Pacer, Leave, float], None],
) -> None:
    """One sender, one recipient at a time: it waits for a departure, and does `each` with that and the next seconds."""

    def sender() -> None:
        mine = Pacer(transaction, ACCOUNT, lambda: rate, lambda _rate: 1, clock=time.clock)
        for each_time in seconds:
            leave = mine.wait(never, time.sleep)
            assert leave is not None
            each(mine, leave, each_time)

    time.run([sender])


def test_calls_that_begin_later_than_usual_push_the_departures_to_come_back(transaction: Transaction) -> None:
    time = Time()
    left: list[float] = []

    def call(mine: Pacer, leave: Leave, claim: float) -> None:
        time.sleep(claim)
        ready = time.now
        time.sleep(max(0.0, leave.at - ready))
        left.append(time.now)
        mine.left(leave, ready)

    _depart(transaction, time, 14, [0.2, *[0.004] * 20, 0.3, *[0.004] * 20], call)

    assert len(left) == 42
    assert busiest_second(left, 1) <= 14


def test_calls_that_are_late_by_themselves_push_the_departures_to_come_back_too(transaction: Transaction) -> None:
    time = Time()
    left: list[float] = []
    late = [0.0] * 40
    late[20] = 0.3
    before = iter([0.0, *late])

    def call(mine: Pacer, leave: Leave, late: float) -> None:
        mine.left(leave, time.now, next(before))
        time.sleep(late)  # the thread that calls
        left.append(time.now)

    _depart(transaction, time, 14, late, call)

    assert len(left) == 40
    assert busiest_second(left, 1) <= 14


def test_it_is_told_early_enough_to_get_ready_for_a_departure(transaction: Transaction) -> None:
    time = Time()
    early: list[float] = []

    def call(mine: Pacer, leave: Leave, claim: float) -> None:
        early.append(leave.at - time.now)
        time.sleep(claim)
        mine.left(leave, time.now)
        time.sleep(max(0.0, leave.at - time.now))

    _depart(transaction, time, 10, [0.5, 0.04, 0.05, 0.04, 0.03, 0.04], call)

    # As long as it took lately, but for the longest of all.
    assert early == [pytest.approx(seconds) for seconds in (0, 0.5, 0.04, 0.05, 0.05, 0.05)]


@pytest.mark.parametrize(
    ("rate", "n", "oversleep", "spread", "gone"),
    [
        (200, 20, 0.02, True, 0),
        (200, 20, 0.05, True, 4),
        (200, 20, 0.05, False, 20),
        (14, 1, 0.05, True, 1),
        (200, 20, 0.2, True, 20),
    ],
)
def test_of_a_departure_that_is_spread_only_those_are_given_up_whose_moment_is_missed(
    transaction: Transaction, *, rate: float, n: int, oversleep: float, spread: bool, gone: int
) -> None:
    time = Time()
    mine = Pacer(transaction, ACCOUNT, lambda: rate, lambda _rate: n, clock=time.clock, spread=spread)
    first = mine.wait(never, lambda _seconds: None)
    assert first is not None
    assert first == Leave(NOW + first.early, n, step(rate, n), first.early)
    second = first.at + first.seconds

    def sleep(seconds: float) -> None:
        time.now += seconds
        if time.now == pytest.approx(second - first.early, abs=1e-6):
            time.now += oversleep

    leave = mine.wait(never, sleep)

    assert leave is not None
    if gone < n:
        each = first.seconds / n
        assert leave.recipients == n - gone
        assert leave.at == pytest.approx(second + gone * each)
        assert leave.at + leave.seconds == pytest.approx(second + first.seconds)
    else:
        assert leave.recipients == n
        assert leave.at >= second + first.seconds
