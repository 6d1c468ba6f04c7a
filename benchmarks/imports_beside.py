"""What an import does to others: how long somebody waits who leaves by one click, and what a mailing keeps of its rate."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from shutil import copytree
from urllib.parse import urlsplit

import httpx
from books import each_database, fill
from measuring import ROOT, Figure, headline
from sample import KEY
from sqlalchemy import func, select

from mailer.database.engine import Database, connect
from mailer.ledger.states import State
from mailer.ledger.tables import deliveries
from mailer.links import Links
from subscribers.imports.tables import imports

SLUG = "ai-morning-post"
ROWS = int(os.environ.get("PEOPLE", "200000"))
AUDIENCE = 30_000
RATE = 100
"""Letters a second of the mailing."""
BETWEEN_CLICKS = 0.1


def figures() -> Iterator[Figure]:
    """For each database: the waits of those who leave, and the mailing's letters, while the import was applied."""
    for name, folder, url in each_database():
        yield from _of(name, folder, url)


def _of(name: str, home: Path, url: str) -> Iterator[Figure]:
    headline(f"Beside an import of {ROWS:,} rows on {name}: leaving by one click, and a mailing at {RATE} letters/s")
    copytree(ROOT / "issues", home / "issues")
    database = connect(url)
    fill(database, SLUG, AUDIENCE)
    rows = "".join(f"new{number}@example.org,Person {number},beta\n" for number in range(ROWS))
    (home / "people.csv").write_text(f"email,name,tags\n{rows}", encoding="utf-8")
    with _started(home, url, "serve", "--port", "0") as web:
        assert web.stdout
        found = re.search(r"http://[\d.]+:\d+", web.stdout.readline())
        assert found
        with _started(home, url, "send", "--issue", "54", "--yes", "--rate", str(RATE)) as mailing:
            while not _accepted(database, None):
                time.sleep(0.1)
            began = time.monotonic()
            words = ("subscribers", "import", "people.csv", "--consent-source", "benchmark", "--yes")
            with _started(home, url, *words) as importing:
                waits = list(_clicks(found[0], importing))
                seconds = time.monotonic() - began
            assert importing.returncode == 0
            assert mailing.poll() is None, "the mailing must run all the time"
    with database.reading() as connection:
        row = connection.execute(select(imports.c.at, imports.c.ended_at)).one()
    sent = _accepted(database, (row[0], row[1]))
    share = 100 * sent / (row[1] - row[0]).total_seconds() / RATE
    database.close()
    waits.sort()
    yield Figure("the import", seconds, "s")
    yield Figure("answered by one click: the slowest", 1000 * waits[-1], "ms", 1000, f"of {len(waits)}")
    yield Figure("answered by one click: 95 of 100", 1000 * waits[int(0.95 * len(waits))], "ms", 250)
    yield Figure("the mailing kept of its rate", share, "%", at_least=90)


def _accepted(database: Database, between: tuple[datetime, datetime] | None) -> int:
    count = select(func.count()).where(deliveries.c.state == State.ACCEPTED.value)
    if between is not None:
        count = count.where(deliveries.c.settled_at.between(*between))
    with database.reading() as connection:
        return connection.execute(count).scalar_one()


def _clicks(base: str, importing: "subprocess.Popen[str]") -> Iterator[float]:
    """Seconds that each of them waited, who left while the import ran."""
    links = Links(base, [KEY.encode()])
    with httpx.Client(base_url=base, timeout=30) as client:
        number = AUDIENCE
        while importing.poll() is None:
            start = time.perf_counter()
            answer = client.post(
                urlsplit(links.unsubscribe_url(SLUG, number)).path, data={"List-Unsubscribe": "One-Click"}
            )
            yield time.perf_counter() - start
            assert answer.status_code == 200, answer.status_code  # noqa: PLR2004  # HTTP's own number
            number -= 1
            time.sleep(BETWEEN_CLICKS)


@contextmanager
def _started(home: Path, url: str, *words: str) -> "Generator[subprocess.Popen[str]]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAILER_", "AWS_"))}
    environment |= {"MAILER_SECRET_KEYS": KEY, "MAILER_DATABASE_URL": url}
    with subprocess.Popen(
        [sys.executable, "-m", "mailer", *words],
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if words[0] == "serve" else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
