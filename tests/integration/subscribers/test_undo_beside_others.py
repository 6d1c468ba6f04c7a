"""An import is taken back while others are at the same people: nobody is lost, nothing is left over, nobody comes back.

On PostgreSQL two transactions are open at once; on SQLite, which has one writer, they come one after the other.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from mailer.database.engine import Database
from subscribers import book, suppressing
from subscribers.imports import records
from subscribers.imports.records import ImportState
from subscribers.imports.tables import import_suppressions
from subscribers.imports.undoing import Undoing
from subscribers.lifecycle import Actor, SuppressionReason
from subscribers.people import people
from subscribers.suppressing import Suppressing
from subscribers.tables import suppressions

from ...waiting import PATIENCE, until  # noqa: TID252  # tests are not a package
from .undoing_desk import (
    ADA,
    EVERYTHING,
    LATER,
    NEWS,
    begin_undoing,
    load,
    rows,
    take_back,
    take_in,
)


def _meanwhile(
    database: Database, first: Callable[[Connection], object], second: Callable[[Connection], object]
) -> None:
    """Let `second` begin while the transaction of `first` is open; on SQLite, where two cannot be open, after it."""

    def follows() -> None:
        with database.transaction() as connection:
            second(connection)

    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as connection:
            first(connection)
            beside = pool.submit(follows)
            if database.path is None:
                until(lambda: beside.done() or _waits(database))
        beside.result(PATIENCE)


def _waits(database: Database) -> bool:
    waits = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with database.reading() as connection:
        return bool(connection.execute(waits).scalar_one())


def _suppress(connection: Connection) -> None:
    suppressing.suppress(connection, ADA.key, SuppressionReason.BOUNCED, note="a letter", now=LATER)


def _suppress_many(connection: Connection) -> None:
    one = Suppressing(ADA.key, SuppressionReason.BOUNCED, "a letter", {})
    suppressing.suppress_many(connection, [one], now=LATER)


@pytest.mark.parametrize("hears", [_suppress, _suppress_many])
@pytest.mark.parametrize("undone_first", [True, False])
def test_a_bounce_that_is_heard_at_this_moment_is_not_taken_back_with_what_a_file_said(
    database: Database, tmp_path: Path, hears: Callable[[Connection], None], *, undone_first: bool
) -> None:
    found = load(database, tmp_path, "email,status\nada@example.org,bounced\n")
    undoing = begin_undoing(database, found)

    def undoes(connection: Connection) -> None:
        undoing.undo(connection, 0, 10, LATER)

    both = (undoes, hears) if undone_first else (hears, undoes)
    _meanwhile(database, *both)
    take_back(database, found)
    assert rows(database, suppressions.c.reason, import_suppressions.c.reason) == [["bounced"], []]


@pytest.mark.parametrize("undone_first", [True, False])
def test_an_import_that_says_at_this_moment_what_another_one_said_stands_when_that_is_taken_back(
    database: Database, tmp_path: Path, *, undone_first: bool
) -> None:
    content = "email,status\nada@example.org,bounced\n"
    first = load(database, tmp_path, content)
    undoing = begin_undoing(database, first)

    def undoes(connection: Connection) -> None:
        undoing.undo(connection, 0, 10, LATER)

    def imports(connection: Connection) -> None:
        take_in(connection, tmp_path, content)

    both = (undoes, imports) if undone_first else (imports, undoes)
    _meanwhile(database, *both)
    take_back(database, first)
    assert rows(database, suppressions.c.reason, import_suppressions.c.import_id) == [["bounced"], [2]]
    take_back(database, 2)
    assert rows(database, suppressions.c.reason, import_suppressions.c.import_id) == [[], []]


def test_two_imports_that_say_the_same_are_taken_back_at_once_and_leave_nothing(
    database: Database, tmp_path: Path
) -> None:
    content = "email,status\nada@example.org,bounced\n"
    undoings = [begin_undoing(database, load(database, tmp_path, content)) for _ in range(2)]

    def takes_back(undoing: Undoing) -> Callable[[Connection], object]:
        return lambda connection: undoing.undo(connection, 0, 10, LATER)

    _meanwhile(database, *[takes_back(each) for each in undoings])
    assert rows(database, suppressions.c.reason, import_suppressions.c.import_id) == [[], []]


def test_one_import_is_taken_back_by_two_at_once(database: Database, tmp_path: Path) -> None:
    people_of_file = "".join(f"p{number}@example.org,subscribed,beta\n" for number in range(30))
    found = load(database, tmp_path, f"email,status,tags\n{people_of_file}gone@example.org,bounced,\n")
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(take_back, database, found, size) for size in (2, 3)]:
            done.result()
    assert rows(database, *(table.c[table.primary_key.columns.keys()[0]] for table in EVERYTHING)) == [[]] * len(
        EVERYTHING
    )
    with database.reading() as connection:
        assert records.find(connection, found).state is ImportState.UNDONE


def _subscribes(connection: Connection) -> None:
    more: dict[str, Any] = {"source": "a call", "hashes": ["none"], "now": LATER}
    book.subscribe(connection, ADA, NEWS, actor=Actor.OPERATOR, **more)


def _asks(connection: Connection) -> None:
    more: dict[str, Any] = {"source": "/", "hashes": ["none"], "now": LATER}
    book.subscribe(connection, ADA, NEWS, actor=Actor.PERSON, **more)


@pytest.mark.parametrize(("enters", "status"), [(_subscribes, "subscribed"), (_asks, "unconfirmed")])
def test_whoever_is_entered_at_the_moment_that_an_import_takes_them_out_is_there(
    database: Database, tmp_path: Path, enters: Callable[[Connection], None], status: str
) -> None:
    found = load(database, tmp_path, "email\nada@example.org\n")
    undoing = begin_undoing(database, found)
    _meanwhile(database, lambda connection: undoing.undo(connection, 0, 10, LATER), enters)
    take_back(database, found)
    with database.reading() as connection:
        assert [(person.email, person.status) for person in people(connection, NEWS)] == [(ADA.email, status)]
