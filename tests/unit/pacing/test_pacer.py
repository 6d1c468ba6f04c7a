"""Pacing: no second holds more than the rate, nearly all of the rate is used, and nobody waits for ever."""

import heapq
import itertools
import random
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from mailer.database.engine import connect
from mailer.database.schema import upgrade
from mailer.pacing import Pacer, step, take_departure
from mailer.pacing.pacer import Leave
from mailer.pacing.tables import paces

NOW = 1_795_000_000.0
ACCOUNT = "ses"

Transaction = Callable[[], AbstractContextManager[Connection]]


class Time:
    """One clock for any number of senders: one of them runs at a time, and time passes while all sleep."""

    def __init__(self, *, oversleep: Callable[[], float] = lambda: 0.0) -> None:
        self.now = NOW
        self.naps: list[float] = []
        self._oversleep = oversleep
        self._condition = threading.Condition()
        self._numbers = itertools.count()
        self._waking: list[tuple[float, int]] = []
        self._turn: tuple[float, int] | None = None

    def clock(self) -> float:
        """Seconds since 1970."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the sender that wakes first go on, until this one's time has come."""
        with self._condition:
            self.naps.append(seconds)
            me = (self.now + seconds + self._oversleep(), next(self._numbers))
            heapq.heappush(self._waking, me)
            self._pass_on()
            assert self._condition.wait_for(lambda: self._turn == me, timeout=60)

    def run(self, senders: Sequence[Callable[[], None]]) -> None:
        """Live through all of it; what fails in a sender fails here."""
        turns = [(self.now, next(self._numbers)) for _ in senders]
        self._waking.extend(turns)
        failures: list[BaseException] = []

        def live(turn: tuple[float, int], sender: Callable[[], None]) -> None:
            try:
                with self._condition:
                    assert self._condition.wait_for(lambda: self._turn == turn, timeout=60)
                sender()
            except BaseException as failure:  # noqa: BLE001  # carried to the test's own thread, and raised there
                failures.append(failure)
            finally:
                with self._condition:
                    self._pass_on()

        threads = [threading.Thread(target=live, args=pair) for pair in zip(turns, senders, strict=True)]
        for thread in threads:
            thread.start()
        with self._condition:
            self._pass_on()
        for thread in threads:
            thread.join()
        for failure in failures:
            raise failure

    def _pass_on(self) -> None:
        if self._waking:
            self._turn = heapq.heappop(self._waking)
            self.now = max(self.now, self._turn[0])
            self._condition.notify_all()


@pytest.fixture
def transaction(tmp_path: Path) -> Generator[Transaction]:
    """Transactions on a real SQLite file."""
    database = connect(f"sqlite:///{tmp_path / 'mailer.db'}")
    upgrade(database)
    yield database.transaction
    database.close()


def never() -> bool:
    return False


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


def busiest_second(left: Sequence[float], n: int) -> int:
    return max(n * sum(1 for moment in left[i:] if moment < start + 1 - 1e-6) for i, start in enumerate(left))


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


def test_calls_that_begin_later_than_usual_push_the_departures_to_come_back(transaction: Transaction) -> None:
    time = Time()
    left: list[float] = []
    late = iter([0.2, *[0.004] * 20, 0.3, *[0.004] * 20])

    def sender() -> None:
        mine = Pacer(transaction, ACCOUNT, lambda: 14, lambda _rate: 1, clock=time.clock)
        for seconds in late:
            leave = mine.wait(never, time.sleep)
            assert leave is not None
            time.sleep(seconds)  # the claim
            ready = time.now
            time.sleep(max(0.0, leave.at - ready))
            left.append(time.now)
            mine.left(leave, ready)

    time.run([sender])

    assert len(left) == 42
    assert busiest_second(left, 1) <= 14


def test_it_is_told_early_enough_to_get_ready_for_a_departure(transaction: Transaction) -> None:
    time = Time()
    early: list[float] = []

    def sender() -> None:
        mine = Pacer(transaction, ACCOUNT, lambda: 10, lambda _rate: 1, clock=time.clock)
        for seconds in (0.5, 0.04, 0.05, 0.04, 0.03, 0.04):
            leave = mine.wait(never, time.sleep)
            assert leave is not None
            early.append(leave.at - time.now)
            time.sleep(seconds)  # the claim
            mine.left(leave, time.now)
            time.sleep(max(0.0, leave.at - time.now))

    time.run([sender])

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
    assert first == Leave(NOW, n, step(rate, n))
    second = first.at + first.seconds

    def sleep(seconds: float) -> None:
        time.now += seconds
        if time.now == pytest.approx(second):
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
