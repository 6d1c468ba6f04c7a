"""Pacing: no second holds more than the rate, nearly all of the rate is used, and nobody waits for ever."""

import itertools
import random
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, select

from mailer.pacing import Pacer, take_departure
from mailer.pacing.tables import paces

from .times import ACCOUNT, NOW, Time, Transaction, busiest_second, never


@dataclass
class Waiter:
    """A pacer, and how its sender sleeps."""

    pacer: Pacer
    sleep: Callable[[float], object]

    def wait(self, stopped: Callable[[], bool]) -> int:
        """How many may leave."""
        leave = self.pacer.wait(stopped, lambda seconds: (self.sleep(seconds), None)[1])
        return 0 if leave is None else leave.recipients


def pacer(transaction: Transaction, time: Time, rate: float, n: int) -> Waiter:
    return Waiter(Pacer(transaction, ACCOUNT, lambda: rate, lambda _rate: n, clock=time.clock), time.sleep)


def departures_of(transaction: Transaction, time: Time, *, rate: float, n: int, senders: int, each: int) -> list[float]:
    """When `senders` at once, working a little after every departure, let n people go `each` times."""
    left: list[float] = []
    chance = random.Random(54)

    def sender() -> None:
        mine = pacer(transaction, time, rate, n)
        for _ in range(each):
            assert mine.wait(never)
            left.append(time.now)
            time.sleep(chance.uniform(0, 0.05))  # the call

    time.run([sender] * senders)
    return sorted(left)


# --- the promise ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "n", "senders", "each"),
    [
        (1, 1, 1, 20),
        (1, 1, 3, 10),
        (14, 1, 1, 100),
        (14, 1, 4, 50),
        (14, 14, 2, 10),
        (200, 1, 20, 40),
        (200, 50, 3, 20),
        (2000, 50, 8, 50),
    ],
)
def test_no_second_holds_more_than_the_rate_and_nearly_all_of_it_is_used(
    transaction: Transaction, rate: float, n: int, senders: int, each: int
) -> None:
    chance = random.Random(1)
    time = Time(oversleep=lambda: chance.uniform(0, 0.025))

    left = departures_of(transaction, time, rate=rate, n=n, senders=senders, each=each)

    assert len(left) == senders * each
    assert busiest_second(left, n) <= rate
    assert (len(left) - 1) * n / (left[-1] - left[0]) >= 0.95 * rate


def test_senders_that_wake_far_too_late_use_less_but_never_more(transaction: Transaction) -> None:
    chance = random.Random(2)
    time = Time(oversleep=lambda: chance.choice([0, 0, 0.02, 0.1, 0.7]))

    left = departures_of(transaction, time, rate=14, n=1, senders=5, each=40)

    assert len(left) == 200
    assert busiest_second(left, 1) <= 14


def test_idle_time_is_not_saved_up(transaction: Transaction) -> None:
    time = Time()
    left: list[float] = []

    def sender() -> None:
        mine = pacer(transaction, time, 10, 1)
        for number in range(30):
            assert mine.wait(never)
            left.append(time.now)
            time.sleep(60 if number == 9 else 0.001)

    time.run([sender])

    assert busiest_second(left, 1) <= 10


# --- waiting --------------------------------------------------------------------------------------------------------


def test_a_stop_is_noticed_within_a_fifth_of_a_second(transaction: Transaction) -> None:
    time = Time()
    answers: list[tuple[int, float]] = []

    def sender() -> None:
        slow = pacer(transaction, time, 0.01, 1)
        answers.append((slow.wait(never), time.now - NOW))
        answers.append((slow.wait(lambda: time.now >= NOW + 3), time.now - NOW))

    time.run([sender])

    assert answers == [(1, 0.0), (0, pytest.approx(3.0, abs=0.2001))]
    assert max(time.naps) <= 0.2


def test_who_is_stopped_already_takes_no_departure(transaction: Transaction) -> None:
    assert pacer(transaction, Time(), 1, 1).wait(lambda: True) == 0
    with transaction() as connection:
        assert connection.execute(select(paces)).all() == []


def test_nothing_is_held_while_a_sender_sleeps(transaction: Transaction) -> None:
    time = Time()
    open_now = 0
    seen: list[int] = []

    @contextmanager
    def counted() -> Generator[Connection]:
        nonlocal open_now
        with transaction() as connection:
            open_now += 1
            yield connection
        open_now -= 1

    def sender() -> None:
        mine = Waiter(
            Pacer(counted, ACCOUNT, lambda: 2, lambda _rate: 1, clock=time.clock),
            lambda span: (seen.append(open_now), time.sleep(span)),
        )
        for _ in range(4):
            assert mine.wait(never)

    time.run([sender])

    assert len(seen) > 4
    assert set(seen) == {0}


@pytest.mark.parametrize("commit", [0.04, 0.3, 2.0])
def test_a_sender_whose_every_commit_is_late_still_gets_away(transaction: Transaction, commit: float) -> None:
    time = Time()
    left: list[float] = []

    @contextmanager
    def slow() -> Generator[Connection]:
        with transaction() as connection:
            yield connection
        time.sleep(commit)

    def sender() -> None:
        mine = Waiter(Pacer(slow, ACCOUNT, lambda: 14, lambda _rate: 1, clock=time.clock), time.sleep)
        for _ in range(20):
            assert mine.wait(never)
            left.append(time.now)

    time.run([sender])

    assert left[-1] - left[0] < 20 * 4 * commit
    assert busiest_second(left, 1) <= 14


@pytest.mark.parametrize(("commit", "oversleep"), [(2.0, 0.0), (0.0, 2.0), (0.5, 0.5)])
def test_a_busy_spell_costs_no_more_time_than_it_lasts(
    transaction: Transaction, commit: float, oversleep: float
) -> None:
    busy = True
    time = Time(oversleep=lambda: oversleep if busy else 0.0)
    left: list[float] = []

    @contextmanager
    def slow() -> Generator[Connection]:
        with transaction() as connection:
            yield connection
        if busy and commit:
            time.sleep(commit)

    def sender() -> None:
        nonlocal busy
        mine = Waiter(Pacer(slow, ACCOUNT, lambda: 10, lambda _rate: 1, clock=time.clock), time.sleep)
        mine.wait(lambda: time.now > NOW + 60)
        busy = False
        for _ in range(20):
            assert mine.wait(never)
            left.append(time.now)

    time.run([sender])

    assert left[-1] - left[2] == pytest.approx(17 * 0.103)
    assert left[2] - NOW < 70


def test_a_process_that_was_stopped_for_an_hour_gives_its_departure_up(transaction: Transaction) -> None:
    time = Time()
    left: list[float] = []

    def sender() -> None:
        mine = pacer(transaction, time, 1, 1)
        assert mine.wait(never)
        left.append(time.now)

        def asleep_once() -> bool:
            if time.now == NOW:
                time.now += 3600
            return False

        assert mine.wait(asleep_once)
        left.append(time.now)
        with transaction() as connection:
            assert take_departure(connection, ACCOUNT, 1.03, time.now).at == pytest.approx(time.now + 1.03)

    time.run([sender])

    assert left == [NOW, NOW + 3600]


def test_a_process_that_was_stopped_and_wakes_up_leaves_no_gaps_behind(transaction: Transaction) -> None:
    time = Time()
    left: list[float] = []

    def sender() -> None:
        mine = pacer(transaction, time, 10, 1)
        assert mine.wait(never)
        stops = iter([False, True])  # in the second look: while it sleeps to its departure

        def stopped_for_five_seconds() -> bool:
            if next(stops, False):
                time.now += 5
            return False

        assert mine.wait(stopped_for_five_seconds)
        for _ in range(10):
            left.append(time.now)
            assert mine.wait(never)

    time.run([sender])

    assert left[-1] - left[0] == pytest.approx(9 * 0.103)


# --- the clock ------------------------------------------------------------------------------------------------------


def test_a_clock_set_back_by_a_day_does_not_keep_anyone_waiting(transaction: Transaction) -> None:
    time = Time()
    left: list[float] = []

    def sender() -> None:
        mine = pacer(transaction, time, 1, 1)
        for _ in range(3):
            assert mine.wait(never)
            left.append(time.now)
        asleep = itertools.count()

        def stepped_back() -> bool:
            if next(asleep) == 2:
                time.now -= 86400  # in the middle of the wait
            return False

        assert mine.wait(stepped_back)
        left.append(time.now + 86400)

    time.run([sender])

    assert left[-1] - left[-2] == pytest.approx(1.2, abs=0.25)
