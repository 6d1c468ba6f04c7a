"""Ctrl-C and SIGTERM: no new claims, what is in the call is settled, and then we go."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from mailer.cli.output import warn


class Stop:
    """Whether somebody asked us to stop, and by which signal."""

    def __init__(self) -> None:
        self.number: int | None = None

    def asked(self) -> bool:
        """Whether to stop at the next safe moment."""
        return self.number is not None

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """A signal came."""
        if self.number is None:
            warn("Stopping: no new claims; what is in a call is settled first.")
        self.number = number


@contextmanager
def stop_signals() -> Generator[Stop]:
    """Hear SIGINT and SIGTERM for the length of the block."""
    stop = Stop()
    before = {number: signal.signal(number, stop.hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
