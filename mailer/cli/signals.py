"""Ctrl-C and SIGTERM: what was begun in small steps ends between two of them; what has changed nothing yet is given up."""

import io
import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType

from mailer.cli.output import warn

SIGNALLED = 128
"""The exit code of whoever was stopped by a signal is this and the signal's number: 130, 143."""


class Stop:
    """Whether somebody asked us to stop, and by which signal."""

    def __init__(self, saying: str, *, at_once: bool) -> None:
        self.number: int | None = None
        self._saying = saying
        self._at_once = at_once

    def asked(self) -> bool:
        """Whether to stop at the next safe moment."""
        return self.number is not None

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """A signal came. Raises KeyboardInterrupt when it is the second Ctrl-C, where that may stop at once."""
        first, self.number = self.number is None, number
        if first:
            _say_at_once(self._saying)
        elif self._at_once and number == signal.SIGINT:
            raise KeyboardInterrupt


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
    saying: str = "Stopping: no new claims; what is in a call is settled first.", *, at_once: bool = False
) -> Generator[Stop]:
    """Hear SIGINT and SIGTERM for the length of the block; `saying` is what the first one is answered with.

    `at_once`: a second Ctrl-C ends the block there and then, for what a database rolls back whole; a step may wait for a
    lock that somebody else holds for hours.
    """
    stop = Stop(saying, at_once=at_once)
    before = {number: signal.signal(number, stop.hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def nothing_changed_yet() -> Generator[None]:
    """Let SIGTERM end the block as Ctrl-C does: what it has opened is put away, and it is said that nothing happened."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(SIGNALLED + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        _say_at_once("Stopped before anything was changed.")
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
