"""The ledger with very many people, on SQLite and on PostgreSQL: freeze, claim and settle, two senders, status, listings, memory."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from shutil import copytree
from statistics import median
from time import perf_counter

from books import each_database, fill, forget_mailings, settle_down
from claiming import claim_alone, claim_and_settle, send_alone
from commands import measured
from measuring import ROOT, Figure, headline
from sample import NUMBER, workspace

from mailer.database.engine import Database, connect
from mailer.sending.opening import open_mailing

PEOPLE = int(os.environ.get("PEOPLE", "200000"))
"""`make bench PEOPLE=1000000` for the million; fewer than 100,000 have too few claims to measure."""
FREEZES = 3
SLICES = 7
"""Runs that a figure of claims is the median of."""
MEMORY = 200.0
"""Megabytes that a send may take, however many people there are."""


@dataclass(frozen=True)
class Target:
    """What a database should reach on a machine of two cores: seconds for a million, rows a second."""

    freeze: float
    at_50: float
    at_500: float


TARGETS = {"SQLite": Target(5.0, 30_000, 80_000), "PostgreSQL": Target(8.0, 15_000, 25_000)}


def figures() -> Iterator[Figure]:
    """For each database: seconds, rows a second, megabytes."""
    for name, folder, url in each_database():
        yield from _of(name, folder, url)


def _of(name: str, home: Path, url: str) -> Iterator[Figure]:
    headline(f"The ledger of {PEOPLE:,} people on {name} (medians; every commit durable)")
    target = TARGETS[name]
    edition = workspace().edition(None, NUMBER)
    newsletter = edition.letterhead.newsletter
    database = connect(url)
    fill(database, newsletter, PEOPLE)

    def opened() -> float:
        here = workspace()
        start = perf_counter()
        open_mailing(database, edition, segment="", transport="memory", token=here.token, now=here.now())
        return perf_counter() - start

    taken: list[float] = []
    for run in range(FREEZES):
        if run:
            forget_mailings(database)
        taken.append(opened())
    yield Figure("freeze", median(taken), "s", target.freeze * PEOPLE / 1e6, f"of {FREEZES}")
    yield from _claims(database, newsletter, target)
    forget_mailings(database)
    opened()
    settle_down(database)
    yield from _senders(name, url, newsletter)
    forget_mailings(database)
    opened()
    if name == "SQLite":
        letters, megabytes = _alone(partial(send_alone, url))
        yield Figure(
            "mailer send's loop to everybody, composing", letters, "letters/s", note="carried nowhere, one process"
        )
        yield Figure("its peak memory", megabytes, "MB", MEMORY)
    database.close()
    yield from _commands(home, url)


def _claims(database: Database, newsletter: str, target: Target) -> Iterator[Figure]:
    """The first tenth and the last, and everything between them settled as it would be: by claims."""
    rates: dict[tuple[int, str], float] = {}
    after = 0

    def slices(size: int, part: str, share: float) -> None:
        nonlocal after
        count = max(1, round(PEOPLE * share / SLICES / size))
        found: list[float] = []
        for _ in range(SLICES):
            rate, after = claim_and_settle(database, newsletter, size=size, count=count, after=after)
            found.append(rate)
        rates[size, part] = median(found)

    slices(50, "first", 0.025)
    slices(500, "first", 0.05)
    rest = (PEOPLE * 9 // 10 - after) // 500
    _, after = claim_and_settle(database, newsletter, size=500, count=max(1, rest), after=after)
    slices(50, "last", 0.025)
    slices(500, "last", 0.05)
    for size, least in ((50, target.at_50), (500, target.at_500)):
        first, last = rates[size, "first"], rates[size, "last"]
        yield Figure(f"claim and settle, {size} a claim, first tenth", first, "rows/s", at_least=least)
        yield Figure(f"claim and settle, {size} a claim, last tenth", last, "rows/s", note=f"{last / first:.2f} times")


def _senders(name: str, url: str, newsletter: str) -> Iterator[Figure]:
    """How much two processes get done at once, beside one of them alone."""
    rows = PEOPLE // 5
    one = _together(1, url, newsletter, rows)
    two = _together(2, url, newsletter, rows)
    note = f"{two / one:.2f} times one" + ("; SQLite has one writer at a time" if name == "SQLite" else "")
    yield Figure("one process, 50 a claim", one, "rows/s")
    yield Figure("two processes at once, 50 a claim", two, "rows/s", note=note)


def _together(processes: int, url: str, newsletter: str, rows: int) -> float:
    """Rows a second of all processes, from the first one's start to the last one's end."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        runs = list(pool.map(partial(claim_alone, url, newsletter, rows // processes), range(1, processes + 1)))
    return sum(done for done, _, _ in runs) / (max(end for _, _, end in runs) - min(start for _, start, _ in runs))


def _alone(action: Callable[[], tuple[float, float]]) -> tuple[float, float]:
    """Call it in a process of its own, whose memory is nobody else's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(action).result()


def _commands(home: Path, url: str) -> Iterator[Figure]:
    copytree(ROOT / "issues", home / "issues")
    issue = ("--issue", str(NUMBER))
    runs = [measured(home, url, "status", *issue) for _ in range(5)]
    yield Figure("mailer status, as a process", median(taken for taken, _ in runs), "s", 1.0, "of 5")
    for words in (("deliveries", "list", *issue, "--json"), ("subscribers", "list", "--json")):
        taken, megabytes = measured(home, url, *words)
        yield Figure(f"mailer {' '.join(words)}", taken, "s")
        yield Figure("its peak memory", megabytes, "MB", MEMORY)
