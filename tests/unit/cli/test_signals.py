"""A signal is heard wherever it comes, also in the middle of printing."""

import io
import os
import signal
from pathlib import Path

import pytest
from typing_extensions import Buffer

from mailer.cli.output import warn
from mailer.cli.signals import stop_signals


class Interrupted(io.FileIO):
    """A file whose writer is interrupted, as by Ctrl-C, before anything is written."""

    def write(self, data: Buffer, /) -> int:
        """Write, after the signal."""
        signal.raise_signal(signal.SIGINT)
        return super().write(data)


def test_a_signal_in_the_middle_of_a_line_stops_and_breaks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "said"
    with (
        io.TextIOWrapper(io.BufferedWriter(Interrupted(path, "w"))) as errors,
        monkeypatch.context() as patched,
        stop_signals("Stopping.") as stop,
    ):
        patched.setattr("sys.stderr", errors)
        warn("A line.")
    assert (stop.number, path.read_text()) == (signal.SIGINT, "Stopping.\nA line.\n")


def test_a_stop_is_said_once_and_to_nobody_when_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "w") as errors, monkeypatch.context() as patched, stop_signals("Stopping.") as stop:
        patched.setattr("sys.stderr", errors)
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert stop.number == signal.SIGINT
