"""A terminal of so many columns, and somebody at it who answers a question or presses Ctrl-C."""

import fcntl
import os
import pty
import signal
import struct
import termios
from contextlib import suppress

from ..waiting import PATIENCE  # noqa: TID252  # tests are not a package
from .conftest import Desk


def at_a_terminal(
    desk: Desk, *arguments: str, answer: str | None = None, columns: int = 80, env: dict[str, str] | None = None
) -> tuple[int, str]:
    r"""Run a command at a terminal; its exit code, and all that the terminal was sent.

    The question that it asks is answered with `answer` (`\x04` is Ctrl-D); without one, with Ctrl-C.
    """
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    given = {"COLUMNS": str(columns), "TERM": "xterm"} | (env or {})
    shown, asked = b"", False
    with desk.start(*arguments, stdin=its, stdout=its, stderr=its, env=given) as process:
        os.close(its)
        with suppress(OSError):  # Linux ends a terminal that nobody writes to any more with EIO
            while piece := os.read(ours, 4096):
                shown += piece
                if b"[y/N] " in shown and not asked:
                    asked = True
                    if answer is None:
                        process.send_signal(signal.SIGINT)
                    else:
                        os.write(ours, answer.encode())
        process.wait(timeout=PATIENCE)
    os.close(ours)
    return process.returncode, shown.decode().replace("\r\n", "\n")
