"""The clock that all senders of a database go by: it never jumps when somebody sets the machine's time."""

import threading
import time
from collections.abc import Callable

from sqlalchemy import text

from mailer.database.engine import Database

REREAD_SECONDS = 60.0
"""How long a machine trusts its own count of seconds before it asks the server again: two quartz clocks drift by a
millisecond a minute at the worst, far below the slack of a departure."""


def steady() -> float:
    """Seconds since this machine was started, the same in all its processes; suspended time counts where Linux counts it.

    A wall clock would do until it is set back by a day: then everybody's departures would lie a day ahead.
    """
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


def shared_clock(database: Database, own: Callable[[], float] = steady) -> Callable[[], float]:
    """Seconds on the clock that every sender of this database shares.

    SQLite's senders share a machine, and so its count of seconds. PostgreSQL's senders share the server's clock: read
    once a minute, and counted on by the machine's own in between. Raises DatabaseError when the server does not answer.
    """
    if database.path is not None:
        return own
    return _ServerClock(database, own).now


class _ServerClock:
    def __init__(self, database: Database, own: Callable[[], float]) -> None:
        self._database = database
        self._own = own
        self._offset = 0.0
        self._read_at: float | None = None
        self._reading = threading.Lock()

    def now(self) -> float:
        own = self._own()
        if self._read_at is None or own - self._read_at > REREAD_SECONDS:
            self._reread(own)
        return self._own() + self._offset

    def _reread(self, own: float) -> None:
        # One thread asks, and the others count on meanwhile: a hundred calls that come for the time together would take
        # every connection there is, once a minute, and leave late.
        if not self._reading.acquire(blocking=self._read_at is None):
            return
        try:
            if self._read_at is None or own - self._read_at > REREAD_SECONDS:
                self._offset = self._measured()
                self._read_at = own
        finally:
            self._reading.release()

    def _measured(self) -> float:
        with self._database.reading() as connection:
            connection.execute(
                text("SELECT 1")
            )  # a connection may have to be made first: that is not the server's time
            before = self._own()
            server = float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
            after = self._own()
        return server - (before + after) / 2
