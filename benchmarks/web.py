"""One-click POSTs on SQLite while a paced mailing runs: how many a second, and how long the slowest wait."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from measuring import Figure, headline, scratch
from sqlalchemy import insert

from mailer.database.schema import open_database
from mailer.links import Links
from mailer.workspaces import make_workspace
from subscribers.tables import subscribers, subscriptions

SLUG = "my-news"
KEY = "a-key-for-benchmarks-0123456789"
RUNS = 3
PEOPLE = 20_000
LEAVING = 3_000
AT_ONCE = 8
RATE = 100
"""Letters a second of the mailing that runs meanwhile."""


def figures() -> Iterator[Figure]:
    """How quickly people leave by one click while others are mailed."""
    headline(f"Leaving by one click on SQLite, {AT_ONCE} at once, while a mailing sends {RATE} letters/s")
    runs = [_measure() for _ in range(RUNS)]
    rate, middle, slow, processor = (median(each) for each in zip(*runs, strict=True))
    yield Figure("one-click POSTs", rate, "a second", at_least=200)
    yield Figure("answered within: the median", middle, "ms")
    yield Figure("answered within: 99 of 100", slow, "ms", 250)
    yield Figure("the server's processor time for each", processor, "ms")


def _measure() -> tuple[float, float, float, float]:
    """POSTs a second, the milliseconds of the median and of all but the slowest 1 %, processor milliseconds of each."""
    with scratch() as folder:
        root = folder / SLUG
        make_workspace(root, title="My News", key=KEY, today=datetime.now(UTC).date())
        _fill(root)
        with _started(root, "serve", "--port", "0") as web:
            assert web.stdout
            found = re.search(r"http://[\d.]+:\d+", web.stdout.readline())
            assert found
            with _started(root, "send", "--issue", "1", "--yes", "--rate", str(RATE)) as mailing:
                time.sleep(4)  # the freeze, and the first letters
                before = _processor_ms(web.pid)
                rate, middle, slow = _leave(found[0])
                processor = (_processor_ms(web.pid) - before) / LEAVING
                assert mailing.poll() is None, "the mailing must run all the time"
                mailing.terminate()
            web.terminate()
    return rate, middle, slow, processor


def _processor_ms(pid: int) -> float:
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) * 1000 / os.sysconf("SC_CLK_TCK")


def _fill(root: Path) -> None:
    database = open_database(f"sqlite:///{root / 'mailer.db'}")
    now = datetime.now(UTC)
    person: dict[str, object] = {"name": "", "fields": {}, "created_at": now, "updated_at": now}
    people = [
        {"id": number, "email": f"p{number}@example.org", "email_key": f"p{number}@example.org", **person}
        for number in range(1, PEOPLE + 1)
    ]
    subscription = {"newsletter": SLUG, "status": "subscribed", "changed_at": now}
    with database.transaction() as connection:
        connection.execute(insert(subscribers), people)
        connection.execute(insert(subscriptions), [{"subscriber_id": each["id"], **subscription} for each in people])
    database.close()


def _started(root: Path, *words: str) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAILER_", "AWS_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "mailer", *words],
        cwd=root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _leave(base: str) -> tuple[float, float, float]:
    links = Links(base, [KEY.encode()])
    host = urlsplit(base).netloc
    took: list[float] = []

    def click(those: range) -> None:
        connection = HTTPConnection(host)
        for number in those:
            path = urlsplit(links.unsubscribe_url(SLUG, number)).path
            began = time.perf_counter()
            connection.request(
                "POST", path, b"List-Unsubscribe=One-Click", {"Content-Type": "application/x-www-form-urlencoded"}
            )
            answer = connection.getresponse()
            answer.read()
            took.append(time.perf_counter() - began)
            assert answer.status == 200, answer.status  # noqa: PLR2004  # HTTP's own number
        connection.close()

    first = PEOPLE - LEAVING
    clickers = [threading.Thread(target=click, args=(range(first + part, PEOPLE, AT_ONCE),)) for part in range(AT_ONCE)]
    start = time.perf_counter()
    for each in clickers:
        each.start()
    for each in clickers:
        each.join()
    seconds = time.perf_counter() - start
    assert len(took) == LEAVING
    took.sort()
    return LEAVING / seconds, 1000 * median(took), 1000 * took[int(LEAVING * 0.99)]
