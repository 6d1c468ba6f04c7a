"""One sender's patience: takes departures from the shared row and waits for each, holding nothing."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Connection

from mailer.pacing.departures import SLACK, horizon, step, take_departure

_SLICE = 0.2
"""The longest sleep, in seconds: a stop is noticed within it."""

_NAP = 0.001
"""The shortest sleep: a clock need not see less pass, and the wait would never end."""

_LONGEST_LEAD = 10.0


class Pacer:
    """Waits for departures of n recipients each at `rate` recipients a second, shared under `name`.

    `transaction` opens a transaction that commits at its end; `clock` is the one that all senders share, in seconds, `sleep` sleeps seconds.
    """

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[Connection]],
        name: str,
        rate: float,
        n: int,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._transaction = transaction
        self._name = name
        self._step = step(rate, n)
        self._clock = clock
        self._sleep = sleep
        self._lead = 0.0

    def wait(self, stopped: Callable[[], bool]) -> bool:
        """Sleep until this sender may let n recipients go: True. False as soon as `stopped` says so.

        A departure missed by more than J (a slow disk, a stopped process) is given up for another one: to use it late
        would crowd the second that it falls in. So is one that a clock set back has put out of reach.
        Raises DatabaseError when the row cannot be written.
        """
        missed: float | None = None
        while not stopped():
            departure = self._take()
            if not self._reached(departure, stopped):
                continue
            late = self._clock() - departure
            if late <= SLACK:
                self._lead *= 0.9
                return True
            # Where each commit takes longer than J, a sender alone would miss every departure there is: it asks for
            # ones that lie as far ahead as it was late. Only when it happens twice in a row: a process that was stopped
            # once and wakes up would else leave a gap of seconds before each departure, for all senders.
            if missed is not None:
                self._lead = min(max(2 * self._lead, min(missed, late)), _LONGEST_LEAD)
            missed = late
        return False

    def _take(self) -> float:
        with self._transaction() as connection:
            return take_departure(connection, self._name, self._step, self._clock() + self._lead)

    def _reached(self, departure: float, stopped: Callable[[], bool]) -> bool:
        """Whether the departure's moment came, with no transaction open. False: stopped, or it is out of reach."""
        while (remaining := departure - self._clock()) > 0:
            if stopped() or remaining > horizon(self._step) + _LONGEST_LEAD:
                return False
            self._sleep(min(max(remaining, _NAP), _SLICE))
        return True
