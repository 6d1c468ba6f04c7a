"""How long a person waits for `mailer --help`, beside the bare import of typer."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from measuring import ROOT, Figure, headline, seconds

RUNS = 21
AT_MOST = 150.0
"""Milliseconds."""
TIMES_TYPER = 2.5


def figures() -> Iterator[Figure]:
    """Milliseconds of fresh processes."""
    headline(f"Starting up (median of {RUNS} fresh processes)")
    mailer = str(Path(sys.executable).with_name("mailer"))
    bare = _milliseconds([sys.executable, "-c", "pass"])
    typer = _milliseconds([sys.executable, "-c", "import typer"])
    ours = _milliseconds([mailer, "--help"])
    yield Figure("python -c pass", bare, "ms")
    yield Figure('python -c "import typer"', typer, "ms")
    yield Figure("mailer --help", ours, "ms", AT_MOST)
    yield Figure("mailer --help / import typer", ours / typer, "times", TIMES_TYPER)


def _milliseconds(command: list[str]) -> float:
    def start() -> None:
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)

    return 1000 * seconds(start, runs=RUNS, warm=2, clock=perf_counter)
