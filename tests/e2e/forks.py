"""`mailer` commands as processes of their own that need not import everything first: each is forked off one that has.

To start Python and import what a command needs takes a second; the command itself, a few hundredths. Who tests the start
itself, or kills what was started, starts a process as a person does (`Desk.start`).
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

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
        work = json.dumps({"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}).encode()
        ours, theirs = os.pipe()
        with TemporaryFile() as out, TemporaryFile() as err, Path(os.devnull).open("rb") as nothing:
            try:
                with self._lock:
                    wire = self._wire or self._start(env)
                    streams = [nothing.fileno(), out.fileno(), err.fileno(), theirs]
                    socket.send_fds(wire, [len(work).to_bytes(NUMBER_BYTES)], streams)
                    wire.sendall(work)
                os.close(theirs)
                code = _ended(ours, arguments)
            finally:
                os.close(ours)
            return subprocess.CompletedProcess(arguments, code, _text(out), _text(err))

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


def _ended(told: int, arguments: Sequence[str]) -> int:
    """The exit code, as soon as there is one."""
    pid = int.from_bytes(os.read(told, NUMBER_BYTES))
    impatience = threading.Timer(PATIENCE, os.kill, (pid, signal.SIGKILL))
    impatience.start()
    try:
        code = int.from_bytes(os.read(told, NUMBER_BYTES), signed=True)
        late = impatience.finished.is_set()
    finally:
        impatience.cancel()
        impatience.join()
    if late:
        raise subprocess.TimeoutExpired(list(arguments), PATIENCE)
    return code


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")
