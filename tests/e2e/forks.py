"""`mailer` commands as processes of their own that need not import everything first: each is forked off one that has.

To start Python and import what a command needs takes a second; the command itself, a few hundredths. Who tests the start
itself starts a process as a person does (`Desk.start`).
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Self

from ..waiting import PATIENCE  # noqa: TID252  # tests are not a package
from .nursery import NUMBER_BYTES


class Forks:
    """One nursery, started when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._nursery: subprocess.Popen[bytes] | None = None
        self._wire: socket.socket | None = None

    def run(self, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, without anybody at the keyboard."""
        with self.start(arguments, cwd=cwd, env=env) as fork:
            out, err = fork.communicate()
            assert fork.returncode is not None
            return subprocess.CompletedProcess(arguments, fork.returncode, out, err)

    def start(self, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> "Fork":
        """Start a command, without anybody at the keyboard, and let it run."""
        work = json.dumps({"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}).encode()
        ours, theirs = os.pipe()
        out, err = TemporaryFile(), TemporaryFile()  # noqa: SIM115  # the fork closes them
        with Path(os.devnull).open("rb") as nothing, os.fdopen(theirs, "wb") as told, self._lock:
            wire = self._wire or self._start(env)
            streams = [nothing.fileno(), out.fileno(), err.fileno(), told.fileno()]
            socket.send_fds(wire, [len(work).to_bytes(NUMBER_BYTES)], streams)
            wire.sendall(work)
        return Fork(arguments, ours, out, err)

    def _start(self, env: Mapping[str, str]) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs, TemporaryFile() as said:
            # Its streams are no terminal, as those of its children: Python sets up its buffers by that.
            self._nursery = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("nursery.py")), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )
            theirs.close()
            ours.settimeout(PATIENCE)
            if ours.recv(1) != b"!":
                self._nursery.wait()
                raise AssertionError(_text(said))
        self._wire = ours
        return ours

    def close(self) -> None:
        """End the nursery."""
        if self._wire is not None:
            self._wire.close()
        if self._nursery is not None:
            self._nursery.wait()


class Fork:
    """A command that runs, used as subprocess.Popen is. It does not outlive its block."""

    def __init__(self, arguments: Sequence[str], told: int, out: IO[bytes], err: IO[bytes]) -> None:
        self.args = arguments
        self.returncode: int | None = None
        self._told = told
        self._out, self._err = out, err
        self.pid = int.from_bytes(os.read(told, NUMBER_BYTES))
        assert self.pid > 0, "the nursery is gone"

    def poll(self) -> int | None:
        """The exit code, if it has ended."""
        return self.wait(0)

    def wait(self, timeout: float) -> int | None:
        """The exit code, as soon as there is one; None when it takes longer."""
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            self.returncode = int.from_bytes(os.read(self._told, NUMBER_BYTES), signed=True)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it, whatever it is doing."""
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float = PATIENCE) -> tuple[str, str]:
        """Wait for its end; what it wrote to both streams. Killed when it takes longer than any test waits."""
        if self.wait(timeout) is None:
            self.kill()
            self.wait(PATIENCE)
            raise subprocess.TimeoutExpired(list(self.args), timeout)
        return _text(self._out), _text(self._err)

    def end(self) -> None:
        """End it, whatever it is doing, and leave nothing open."""
        if self._out.closed:
            return
        self.kill()
        self.wait(PATIENCE)
        os.close(self._told)
        self._out.close()
        self._err.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")
