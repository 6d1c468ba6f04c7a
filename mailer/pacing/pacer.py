"""One sender's patience: takes departures from the shared row and waits for each, holding nothing."""

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import ceil
from statistics import median

from sqlalchemy import Connection

from mailer.pacing.departures import FAR, SLACK, horizon, push_back, step, take_departure
from mailer.pacing.slowing import Slowness, slow_down

_SLICE = 0.2
"""The longest sleep, in seconds: a stop is noticed within it."""

_NAP = 0.001
"""The shortest sleep: a clock need not see less pass, and the wait would never end."""

_LONGEST_LEAD = 10.0
_TAKINGS = 3
"""How many of the last takings tell how long one takes: their median. One stop of the process does not count, and a busy
spell of the database is forgotten two departures after its end."""

_LONGEST_PREPARATION = 1.0
"""A claim waits no longer than this, in seconds, for its departure: who is claimed is in doubt when the sender dies."""

_REMEMBERED = 15
_PREPARING_AT_FIRST = 0.04
"""How long a claim takes, in seconds, before anything is known."""


@dataclass(frozen=True)
class Leave:
    """Permission for so many recipients to leave. Nothing of it is kept for later."""

    at: float
    """The departure, by the shared clock: now, or within as long as it takes to get ready."""
    recipients: int
    seconds: float
    """Until the next departure: whoever can, spreads them over this time."""
    early: float = 0.0
    """How long before the departure this was said: to get ready in. A clock that is set back makes it no longer."""


class Pacer:
    """Waits for departures at the account's rate, shared under `name`.

    `rate` says how many recipients a second may leave (asked for each departure: it may change), `share` how many of
    them leave together at a rate. `transaction` opens a transaction that commits at its end; `clock` is the one that all
    senders share, in seconds. `spread`: those of a departure leave one by one until the next one, not at once.
    """

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[Connection]],
        name: str,
        rate: Callable[[], float],
        share: Callable[[float], int],
        *,
        clock: Callable[[], float],
        spread: bool = False,
    ) -> None:
        self._transaction = transaction
        self._name = name
        self._rate = rate
        self._share = share
        self._clock = clock
        self._takings: deque[float] = deque([0.0] * _TAKINGS, maxlen=_TAKINGS)
        self._slowness = Slowness()
        self._spread = spread
        self._told = 0.0
        """When somebody was told to get ready."""
        self._preparing: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def rate(self) -> float:
        """Recipients a second that may leave now: the account's rate, or less after it said "too fast"."""
        return self._rate() * self._slowness.at(self._clock())

    def too_fast(self) -> bool:
        """The carrier would not take letters at this pace: halve it for everybody. Whether this did it."""
        now = self._clock()
        with self._transaction() as connection:
            return slow_down(connection, self._name, now)

    def left(self, leave: Leave, ready: float, late: float = 0.0) -> None:
        """The calls of a departure began; all was `ready` for them at that time of the clock.

        Where that was later than the departure by more than a third of J, the departures to come are pushed back by as much: a
        claim met a slow disk, or it was the first of all, and the next calls would follow too close. So they are where
        calls of the departure before were `late` by themselves: the process was put aside while they waited for their
        moments. The rest of J is for the network.
        """
        self._preparing.append(ready - self._told)
        behind = max(ready - leave.at, late) - SLACK / 3
        if behind > 0:
            with self._transaction() as connection:
                push_back(connection, self._name, min(behind, FAR))

    def wait(self, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> Leave | None:
        """Sleep until it is time to get ready for a departure; None as soon as `stopped` says so. `sleep` sleeps seconds, or less.

        That is before the departure by as long as it took lately from here to `left`: claims on a busy machine take
        longer and shorter by turns, and the calls shall leave evenly all the same.
        A departure missed by more than J (a slow disk, a stopped process) is given up for another one: to use it late
        would crowd the second that it falls in. So is one that a clock set back has put out of reach. Of a departure that
        is spread, only those are given up whose moment is missed.
        Raises DatabaseError when the row cannot be written.
        """
        while not stopped():
            rate = self.rate
            n = self._share(rate)
            span = step(rate, n)
            early = self._usual_preparation()
            departure = self._take(span, early)
            if not self._reached(departure - early, span, stopped, sleep):
                continue
            self._told = self._clock()
            leave = self._left_of(Leave(departure, n, span, early), self._told - (departure - early) - SLACK)
            if leave is not None:
                return leave
        return None

    def _left_of(self, leave: Leave, missed: float) -> Leave | None:
        """What may leave of a departure whose last moment was `missed` by so many seconds."""
        if missed <= 0:
            return leave
        gone = ceil(leave.recipients * missed / leave.seconds)
        if not self._spread or gone >= leave.recipients:
            return None
        each = leave.seconds / leave.recipients
        return Leave(leave.at + gone * each, leave.recipients - gone, leave.seconds - gone * each, leave.early)

    def _usual_preparation(self) -> float:
        """The longest of late but one, in seconds: a single one that was slow is an accident."""
        longest = sorted(self._preparing)[-2:]
        if not longest:
            return _PREPARING_AT_FIRST if self._spread else 0.0
        return max(0.0, min(longest[0], _LONGEST_PREPARATION))

    @property
    def _lead(self) -> float:
        """How far ahead a departure must lie for its commit to be through in time.

        Where each commit takes longer than J, a sender alone would else miss every departure there is.
        """
        usual = median(self._takings)
        return min(usual, _LONGEST_LEAD) if usual > SLACK else 0.0

    def _take(self, span: float, early: float) -> float:
        with self._transaction() as connection:
            asked = self._clock()
            departure = take_departure(connection, self._name, span, asked + self._lead + early)
        # Not how late we are: who wakes too late on a busy machine would ask for ever more, and none of it helps.
        self._takings.append(max(0.0, self._clock() - asked))
        self._slowness = departure.slowness
        return departure.at

    def _reached(self, moment: float, span: float, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> bool:
        """Whether the moment came, with no transaction open. False: stopped, or it is out of reach."""
        while (remaining := moment - self._clock()) > 0:
            if stopped() or remaining > horizon(span) + _LONGEST_LEAD:
                return False
            sleep(min(max(remaining, _NAP), _SLICE))
        return True
