"""While an import runs: whoever leaves by one click is answered at once, and a paced mailing keeps its pace."""

import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Protocol

import httpx
from sqlalchemy import func, select, text

from mailer.database.engine import Database
from mailer.ledger.states import State
from mailer.ledger.tables import deliveries
from mailer.links import Links
from subscribers.imports.tables import imports

KEY = b"a-key-for-tests-only-0123456789"
SLUG = "my-news"
ROWS = 60_000
AUDIENCE = 100
RATE = 20
LEAVING = 8
ANSWERED = 1.0
"""Seconds within which somebody who leaves has their answer."""


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


def _wait_for_the_middle(database: Database) -> None:
    end = time.monotonic() + 60
    while not _is_in_the_middle(database):
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def _ended(process: Any) -> Generator[None]:
    """Whatever happens: a server that nobody ends would be waited for for ever."""
    try:
        yield
    finally:
        process.terminate()


def test_leaving_and_a_paced_mailing_are_on_time_while_an_import_runs(anywhere: Desk, database: Database) -> None:
    anywhere.people(AUDIENCE)
    if database.path is None:  # they were entered with numbers of their own
        with database.transaction() as connection:
            connection.execute(text("SELECT setval(pg_get_serial_sequence('subscriber', 'id'), :n)"), {"n": AUDIENCE})
    rows = "".join(f"new{number}@example.org,Person {number},beta\n" for number in range(ROWS))
    (anywhere.root / "people.csv").write_text(f"email,name,tags\n{rows}", encoding="utf-8")
    waits: list[float] = []
    with anywhere.start("serve", "--port", "0") as web, _ended(web):
        base = re.search(r"http://127\.0\.0\.1:\d+", web.stdout.readline())
        assert base
        links = Links(base[0], [KEY])
        mailing = anywhere.start("send", "--issue", "1", "--yes", "--rate", str(RATE))
        with anywhere.start("subscribers", "import", "people.csv", "--consent-source", "a form", "--yes") as importing:
            _wait_for_the_middle(database)
            for number in range(AUDIENCE - LEAVING + 1, AUDIENCE + 1):
                began = time.monotonic()
                assert httpx.post(links.unsubscribe_url(SLUG, number), timeout=30).status_code == 200
                waits.append(time.monotonic() - began)
                time.sleep(0.05)
            assert _is_in_the_middle(database), "the import must run all the time"
            _, said = importing.communicate(timeout=120)
            assert importing.returncode == 0, said
        _, said = mailing.communicate(timeout=120)
        assert mailing.returncode == 0, said
    assert max(waits) < ANSWERED
    with database.reading() as connection:
        of_all = select(func.count(), func.min(deliveries.c.settled_at), func.max(deliveries.c.settled_at))
        sent, first, last = connection.execute(of_all.where(deliveries.c.state == State.ACCEPTED.value)).one()
        withheld = connection.execute(
            select(func.count()).where(deliveries.c.state == State.WITHHELD.value)
        ).scalar_one()
    assert sent + withheld == AUDIENCE
    # Half as long again as without anybody beside it: less than the import takes, which would else be waited for.
    assert (last - first).total_seconds() < 1.5 * sent / RATE
