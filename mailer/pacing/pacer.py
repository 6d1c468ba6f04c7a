"""One sender's patience: takes departures from the shared row and waits for each, holding nothing."""

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
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

_REMEMBERED = 15
_USUAL_AT_FIRST = 0.005
"""How long a claim takes, in seconds, before anything is known."""


@dataclass(frozen=True)
class Leave:
    """Permission for so many recipients to leave now. Nothing of it is kept for later."""

    at: float
    """The departure, by the shared clock."""
    recipients: int
    seconds: float
    """Until the next departure: whoever can, spreads them over this time."""


class Pacer:
    """Waits for departures at the account's rate, shared under `name`.

    `rate` says how many recipients a second may leave (asked for each departure: it may change), `share` how many of
    them leave together at a rate. `transaction` opens a transaction that commits at its end; `clock` is the one that all
    senders share, in seconds.
    """

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[Connection]],
        name: str,
        rate: Callable[[], float],
        share: Callable[[float], int],
        *,
        clock: Callable[[], float],
    ) -> None:
        self._transaction = transaction
        self._name = name
        self._rate = rate
        self._share = share
        self._clock = clock
        self._takings: deque[float] = deque([0.0] * _TAKINGS, maxlen=_TAKINGS)
        self._slowness = Slowness()
        self._lateness: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def rate(self) -> float:
        """Recipients a second that may leave now: the account's rate, or less after it said "too fast"."""
        return self._rate() * self._slowness.at(self._clock())

    def too_fast(self) -> bool:
        """The carrier would not take letters at this pace: halve it for everybody. Whether this did it."""
        now = self._clock()
        with self._transaction() as connection:
            return slow_down(connection, self._name, now)

    def left(self, leave: Leave) -> None:
        """The calls of a departure begin now.

        When that is later than usual by more than J, the departures to come are pushed back by as much: the claim met a
        slow disk, or it was the first of all, and the next calls would follow too close.
        """
        late = self._clock() - leave.at
        usual = median(self._lateness) if self._lateness else _USUAL_AT_FIRST
        self._lateness.append(late)
        if late - usual > SLACK:
            with self._transaction() as connection:
                push_back(connection, self._name, min(late - usual, FAR))

    def wait(self, stopped: Callable[[], bool], sleep: Callable[[float], None]) -> Leave | None:
        """Sleep until somebody may leave; None as soon as `stopped` says so. `sleep` sleeps seconds, or less.

        A departure missed by more than J (a slow disk, a stopped process) is given up for another one: to use it late
        would crowd the second that it falls in. So is one that a clock set back has put out of reach.
        Raises DatabaseError when the row cannot be written.
        """
        while not stopped():
            rate = self.rate
            n = self._share(rate)
            span = step(rate, n)
            departure = self._take(span)
            if self._reached(departure, span, stopped, sleep) and self._clock() - departure <= SLACK:
                return Leave(departure, n, span)
        return None

    @property
    def _lead(self) -> float:
        """How far ahead a departure must lie for its commit to be through in time.

        Where each commit takes longer than J, a sender alone would else miss every departure there is.
        """
        usual = median(self._takings)
        return min(usual, _LONGEST_LEAD) if usual > SLACK else 0.0

    def _take(self, span: float) -> float:
        with self._transaction() as connection:
            asked = self._clock()
            departure = take_departure(connection, self._name, span, asked + self._lead)
        # Not how late we are: who wakes too late on a busy machine would ask for ever more, and none of it helps.
        self._takings.append(max(0.0, self._clock() - asked))
        self._slowness = departure.slowness
        return departure.at

    def _reached(
        self, departure: float, span: float, stopped: Callable[[], bool], sleep: Callable[[float], None]
    ) -> bool:
        """Whether the departure's moment came, with no transaction open. False: stopped, or it is out of reach."""
        while (remaining := departure - self._clock()) > 0:
            if stopped() or remaining > horizon(span) + _LONGEST_LEAD:
                return False
            sleep(min(max(remaining, _NAP), _SLICE))
        return True
