"""The account's rate from SES's side: when each letter arrived, with 1 and with 4 processes that send one mailing.

`python benchmarks/ses_pace.py [SECONDS]`, about five minutes, on SQLite and on PostgreSQL. The sink writes down when it was asked, and for how many.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from books import fill, fresh, server, settle_down
from commands import answering, together
from measuring import Figure, headline, scratch
from ses_sink import Sink, serve

from mailer.database.engine import connect

NEWSLETTER = "ai-morning-post"
RATES = (1, 14, 200, 2_000, 10_000)
PROCESSES = (1, 4)
SECONDS = 10.0
LATE = 0.05


class Timed(Sink):
    """Notes moments instead of recipients."""

    def note(self, body: bytes) -> None:
        """When, and for how many."""
        people = body.count(b'"ToAddresses"')
        self.log.write(b"%d %d\n" % (time.monotonic_ns(), people))


def figures(seconds: float = SECONDS) -> Iterator[Figure]:
    """What of the rate stays unused, and the letters of the busiest second, both as shares of the rate."""
    headline(f"The account's rate at SES, {seconds:g} seconds each, {1e3 * LATE:g} ms of latency")
    with server() as url:
        for database in ("SQLite", "PostgreSQL"):
            for rate in RATES:
                for processes in PROCESSES:
                    people = max(8, int(rate * seconds))
                    if database == "SQLite":
                        arrived = _arrived(rate, people, processes)
                    else:
                        with fresh(url) as ours:
                            arrived = _arrived(rate, people, processes, ours)
                    whole = sum(people for _, people in arrived)
                    # The last of them have nobody behind them: what is used is counted between the first and the last.
                    used = (whole - arrived[-1][1]) / (arrived[-1][0] - arrived[0][0]) / rate
                    which = f"{database}, {rate:,}/s, {processes} process{'es' if processes > 1 else ''}"
                    yield Figure(f"{which}: unused", 100 * (1 - used), "%", at_most=5)
                    yield Figure(f"{which}: busiest second", 100 * _busiest(arrived) / rate, "%", at_most=100)


def _busiest(arrived: Sequence[tuple[float, int]]) -> int:
    most = people = first = 0
    for moment, count in arrived:
        people += count
        while arrived[first][0] <= moment - 1:
            people -= arrived[first][1]
            first += 1
        most = max(most, people)
    return most


def _arrived(rate: float, people: int, processes: int, database_url: str = "") -> list[tuple[float, int]]:
    """(when, how many) of every call that came, the processes sending one mailing together."""
    with scratch() as home:
        with closing(connect(database_url or f"sqlite:///{home / 'mailer.db'}")) as database:
            fill(database, NEWSLETTER, people)
            settle_down(database)
        log = home / "sink.log"
        with answering([sys.executable, __file__, "sink", str(log)]) as endpoint:
            environment = {
                name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAILER_"))
            }
            environment |= {
                "AWS_ENDPOINT_URL_SESV2": endpoint,
                "AWS_ACCESS_KEY_ID": "benchmark",
                "AWS_SECRET_ACCESS_KEY": "benchmark",
                "AWS_DEFAULT_REGION": "eu-west-1",
            }
            child = str(Path(__file__).with_name("ses_ours.py"))
            command = [sys.executable, child, str(home), str(rate), database_url]
            said = together(command, processes, environment)
        rows = [line.split() for line in log.read_bytes().splitlines()]
    came = sum(int(count) for _, count in rows)
    audience = json.loads(said[0].splitlines()[-1])["letters"]
    assert came == audience, f"{came} letters for {audience} people"
    return sorted((int(moment) / 1e9, int(count)) for moment, count in rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["sink"]:
        asyncio.run(serve(Timed(LATE, Path(sys.argv[2]))))
    else:
        missed = [figure for figure in figures(*map(float, sys.argv[1:])) if not figure.shown()]
        sys.exit(1 if missed else 0)
