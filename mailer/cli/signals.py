"""Ctrl-C and SIGTERM: no new claims, what is in the call is settled, and then we go."""

import io
import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType

from mailer.cli.output import warn


class Stop:
    """Whether somebody asked us to stop, and by which signal."""

    def __init__(self, saying: str) -> None:
        self.number: int | None = None
        self._saying = saying

    def asked(self) -> bool:
        """Whether to stop at the next safe moment."""
        return self.number is not None

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """A signal came."""
        first, self.number = self.number is None, number
        if first:
            _say_at_once(self._saying)


def _say_at_once(text: str) -> None:
    """Print a line past Python's buffers: a signal may come in the middle of printing, where nothing else may print."""
    try:
        line = sys.stderr.fileno()
    except (io.UnsupportedOperation, AttributeError, ValueError):
        warn(text)  # not a file: nobody is at a terminal
        return
    with suppress(OSError):  # whoever listened has gone; we stop all the same
        os.write(line, f"{text}\n".encode())


@contextmanager
def stop_signals(
    saying: str = "Stopping: no new claims; what is in a call is settled first.",
) -> Generator[Stop]:
    """Hear SIGINT and SIGTERM for the length of the block; `saying` is what the first one is answered with."""
    stop = Stop(saying)
    before = {number: signal.signal(number, stop.hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
