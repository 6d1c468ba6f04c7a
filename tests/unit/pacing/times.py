"""Time that passes while all senders sleep, and what the tests of the pace ask of it."""

import heapq
import itertools
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import Connection

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


def never() -> bool:
    return False


def busiest_second(left: Sequence[float], n: int) -> int:
    return max(n * sum(1 for moment in left[i:] if moment < start + 1 - 1e-6) for i, start in enumerate(left))
