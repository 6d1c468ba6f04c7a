"""How much of the rate is used, and what the busiest second holds: 1 and 4 processes, on SQLite and on PostgreSQL."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from books import each_database
from commands import together
from measuring import Figure, headline

from mailer.database.engine import connect
from mailer.database.schema import upgrade
from mailer.pacing.tables import paces

RATES = (14, 200, 2000)
PROCESSES = (1, 4)
SECONDS = 10.0
CHILD = Path(__file__).with_name("departing.py")


def figures() -> Iterator[Figure]:
    """What of the rate stays unused, and the recipients of the busiest second, both as shares of the rate."""
    headline(f"The pace, {SECONDS:g} seconds each")
    for name, _, url in each_database():
        with closing(connect(url)) as database:
            upgrade(database)
        for rate in RATES:
            for processes in PROCESSES:
                left = _departures(url, rate, processes)
                n = left[0][1]
                used = (len(left) - 1) * n / (left[-1][0] - left[0][0]) / rate
                busiest = max(n * sum(1 for moment, _ in left if at <= moment < at + 1) for at, _ in left)
                which = f"{name}, {rate}/s, {processes} process{'es' if processes > 1 else ''}"
                yield Figure(f"{which}: unused", 100 * (1 - used), "%", at_most=5)
                yield Figure(f"{which}: busiest second", 100 * busiest / rate, "%", at_most=100)


def _departures(url: str, rate: float, processes: int) -> list[tuple[float, int]]:
    """(when, how many) for every departure that any of the processes used."""
    with closing(connect(url)) as database, database.transaction() as connection:
        connection.execute(paces.delete())
    command = [sys.executable, str(CHILD), url, str(rate), str(SECONDS)]
    moments = (line.split() for said in together(command, processes) for line in said.splitlines())
    return sorted((float(moment), int(n)) for moment, n in moments)


if __name__ == "__main__":
    missed = [figure for figure in figures() if not figure.shown()]
    sys.exit(1 if missed else 0)
