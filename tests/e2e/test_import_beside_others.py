"""While an import runs: whoever leaves by one click is answered, and a mailing goes on; neither waits for its end.

How quickly is measured in `benchmarks/imports_beside.py`.
"""

import re
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, Protocol

import httpx
from sqlalchemy import func, select

from mailer.database.engine import Database
from mailer.ledger.states import State
from mailer.ledger.tables import deliveries
from mailer.links import Links
from subscribers.imports.tables import imports

KEY = b"a-key-for-tests-only-0123456789"
SLUG = "my-news"
ROWS = 60_000
AUDIENCE = 2_000
RATE = 5
"""A second: so slow that the mailing lasts as long as any import, and is ended before its end."""
LEAVING = 8
SECONDS = 300
"""How long a process may take on a slow machine before the test gives up."""


class Desk(Protocol):
    """What `anywhere` offers; its class lives in conftest, which cannot be imported."""

    root: Any

    def people(self, count: int) -> None:
        """Fill the address book with subscribed people, numbered from 1."""
        ...

    def start(self, *arguments: str) -> Any:
        """Start a command and let it run."""
        ...


def _position(database: Database) -> tuple[str, int] | None:
    with database.reading() as connection:
        found = connection.execute(select(imports.c.state, imports.c.position)).first()
    return None if found is None else (found[0], found[1])


def _is_in_the_middle(database: Database) -> bool:
    found = _position(database)
    return found is not None and found[0] == "applying" and found[1] > 0


def _accepted(database: Database) -> int:
    with database.reading() as connection:
        count = select(func.count()).where(deliveries.c.state == State.ACCEPTED.value)
        return connection.execute(count).scalar_one()


def _wait_until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def _ended(process: Any) -> Generator[Any]:
    """Whatever happens: a process that nobody ends would be waited for for ever."""
    with process:
        try:
            yield process
        finally:
            process.terminate()


def test_nobody_who_leaves_and_no_mailing_waits_for_the_end_of_an_import(anywhere: Desk, database: Database) -> None:
    anywhere.people(AUDIENCE)
    rows = "".join(f"new{number}@example.org,Person {number},beta\n" for number in range(ROWS))
    (anywhere.root / "people.csv").write_text(f"email,name,tags\n{rows}", encoding="utf-8")
    with _ended(anywhere.start("serve", "--port", "0")) as web:
        base = re.search(r"http://127\.0\.0\.1:\d+", web.stdout.readline())
        assert base
        links = Links(base[0], [KEY])
        with _ended(anywhere.start("send", "--issue", "1", "--yes", "--rate", str(RATE))) as mailing:
            _wait_until(lambda: _accepted(database) > 0)
            importing = anywhere.start("subscribers", "import", "people.csv", "--consent-source", "a form", "--yes")
            with _ended(importing):
                _wait_until(lambda: _is_in_the_middle(database))
                for number in range(AUDIENCE - LEAVING + 1, AUDIENCE + 1):
                    # 503 would say that the import did not let it in for five seconds.
                    assert httpx.post(links.unsubscribe_url(SLUG, number), timeout=30).status_code == 200
                before = _accepted(database)
                _wait_until(lambda: _accepted(database) > before)
                assert _is_in_the_middle(database), "the import must run all the time"
                _, said = importing.communicate(timeout=SECONDS)
                assert importing.returncode == 0, said
            mailing.terminate()
            _, said = mailing.communicate(timeout=SECONDS)
            assert mailing.returncode == 143, said
