"""`mailer send --issue 54` end to end: freeze, claim, compose, carry, settle, to thousands of people."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from statistics import median
from time import perf_counter

from measuring import ROOT, Figure, headline, scratch
from sample import KEY

PEOPLE = 5_000
RUNS = 3


def figures() -> Iterator[Figure]:
    """Letters a second, and the disk that they were written to."""
    headline(f"Sending issue 54 to {PEOPLE:,} people through the outbox (median of {RUNS})")
    with scratch() as folder:
        yield Figure("an fsync of 4 KiB on this disk", 1e3 * _fsync(folder), "ms", note="the outbox does one a letter")
        sent: list[float] = []
        imported: list[float] = []
        for run in range(RUNS):
            home = folder / str(run)
            copytree(ROOT / "issues", home / "issues")
            lines = "".join(f"reader{number}@example.org,Reader {number}\n" for number in range(PEOPLE))
            (home / "people.csv").write_text(f"email,name\n{lines}", encoding="utf-8")
            imported.append(
                _taken(home, "subscribers", "import", "people.csv", "--consent-source", "benchmark", "--yes")
            )
            sent.append(_taken(home, "send", "--issue", "54", "--yes"))
            letters = sum(1 for _ in (home / "outbox").rglob("*.eml"))
            assert letters == PEOPLE, f"{letters} letters for {PEOPLE} people"
    yield Figure("people imported", PEOPLE / median(imported), "people/s", note="the program's start included")
    yield Figure("letters sent", PEOPLE / median(sent), "letters/s", note="start, rendering and freeze included")


def _taken(home: Path, *words: str) -> float:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAILER_")}
    environment["MAILER_SECRET_KEYS"] = KEY
    start = perf_counter()
    command = [sys.executable, "-m", "mailer", *words]
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"mailer {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return perf_counter() - start


def _fsync(folder: Path) -> float:
    taken: list[float] = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(200):
            start = perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            taken.append(perf_counter() - start)
    return median(taken)
