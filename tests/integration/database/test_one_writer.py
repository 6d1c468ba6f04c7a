"""SQLite's one place to write: whoever waits for it gets in between the transactions of others, or is told after a while."""

import sqlite3
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.database.engine import Database, Patience, connect
from mailer.errors import DatabaseBusy, DatabaseError
from mailer.feedback.intake import BREATH_SECONDS

from ...waiting import PATIENCE, until  # noqa: TID252  # tests are not a package


def _add(database: Database, word: str) -> None:
    with database.transaction() as connection:
        connection.execute(text("INSERT INTO word VALUES (:word)"), {"word": word})


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A file with one table."""
    url = f"sqlite:///{tmp_path / 'mailer.db'}"
    with closing(connect(url)) as database, database.transaction() as connection:
        connection.execute(text("CREATE TABLE word (word TEXT)"))
    return url


@contextmanager
def _without_end(url: str) -> Generator[list[None]]:
    """Somebody who writes without end, as events do that are taken in batch by batch; a list of their transactions."""
    written: list[None] = []
    over = threading.Event()

    def write() -> None:
        with closing(connect(url, patience=Patience(PATIENCE))) as database:
            while not over.is_set():
                _add(database, "theirs")
                written.append(None)
                time.sleep(BREATH_SECONDS)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        over.set()
        thread.join()


def test_a_writer_gets_in_between_the_transactions_of_one_who_writes_without_end(url: str) -> None:
    with closing(connect(url, patience=Patience(PATIENCE))) as ours, _without_end(url) as theirs:
        for _ in range(20):
            _add(ours, "ours")
            before = len(theirs)
            until(lambda: len(theirs) > before)  # noqa: B023  # called at once: they write on, and wait for nobody
        with ours.reading() as connection:
            found = connection.execute(text("SELECT count(*) FROM word WHERE word = 'ours'")).scalar_one()
    assert found == 20


@pytest.mark.parametrize("seconds", [0.0, 0.2])
def test_a_writer_who_waited_its_seconds_is_told_and_can_try_again(url: str, seconds: float) -> None:
    with closing(connect(url)) as other, closing(connect(url, patience=Patience(seconds))) as ours:
        with other.transaction():
            began = time.monotonic()
            with pytest.raises(DatabaseBusy):
                _add(ours, "ours")
            assert time.monotonic() - began >= seconds
        _add(ours, "ours")
        with ours.reading() as connection:
            assert connection.execute(text("SELECT word FROM word")).scalars().all() == ["ours"]


def test_what_waits_outside_of_a_transactions_beginning_waits_as_long_as_ever(url: str) -> None:
    with closing(connect(url, patience=Patience(7))) as database:
        for _ in range(2):
            with database.transaction() as connection:
                assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 7_000


def test_a_file_that_becomes_something_else_is_said_in_words(url: str, tmp_path: Path) -> None:
    with closing(connect(url)) as ours:
        _add(ours, "ours")
        with closing(sqlite3.connect(tmp_path / "mailer.db")) as other:
            other.execute("INSERT INTO word VALUES ('theirs')")
            other.commit()
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with (tmp_path / "mailer.db").open("r+b") as file:
            file.write(b"no database " * 100)
        with pytest.raises(DatabaseError, match="it is not an SQLite database"):
            _add(ours, "ours")
