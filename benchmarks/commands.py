"""A command as a process: how long a person waits for it, and how much memory it takes."""

import os
import subprocess
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from sample import KEY

_AND_SAY_PEAK = """
import re, runpy, sys
from pathlib import Path
try:
    runpy.run_module("mailer", run_name="__main__", alter_sys=True)
finally:
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1], file=sys.stderr)
"""


def together(command: Sequence[str], processes: int, environment: Mapping[str, str] | None = None) -> list[str]:
    """What so many of it say, that begin at the same moment: four that start up take the processor from each other.

    Each prints `ready`, and waits for a line.
    """
    children = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0] * processes
    return said


@contextmanager
def answering(command: Sequence[str]) -> Generator[str]:
    """The URL of a server that runs for the length of the block; it prints its port."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


def measured(home: Path, url: str, *words: str) -> tuple[float, float]:
    """Seconds and megabytes of `mailer …` in a workspace; what it prints goes nowhere."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAILER_")}
    environment |= {"MAILER_SECRET_KEYS": KEY, "MAILER_DATABASE_URL": url}
    start = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _AND_SAY_PEAK, *words],
        cwd=home,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    taken = perf_counter() - start
    lines = done.stderr.splitlines()
    assert done.returncode == 0, f"mailer {' '.join(words)}: exit {done.returncode}\n{done.stderr}"
    return taken, int(lines[-1]) / 1024
