"""Imports and their taking back in transactions that are committed, for tests of two who are at it at once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, false, select

from mailer.database.engine import Database
from subscribers.address import parse
from subscribers.imports import records
from subscribers.imports.at_once import import_file
from subscribers.imports.tables import import_changes, import_suppressions, import_tags
from subscribers.imports.undoing import Undoing
from subscribers.people import people
from subscribers.tables import consent_events, subscriber_tags, subscribers, subscriptions, suppressions

from .test_imports import hasher

NEWS = "news"
NOW = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ADA = parse("ada@example.org")


JOURNAL = (import_changes, import_tags, import_suppressions)
EVERYTHING = (subscribers, subscriptions, subscriber_tags, consent_events, suppressions, *JOURNAL)


def take_in(connection: Connection, folder: Path, content: str) -> int:
    path = folder / "people.csv"
    path.write_text(content)
    found = import_file(connection, path, NEWS, consent_source="a form", hasher=hasher, now=NOW)
    assert found.import_id is not None
    return found.import_id


def load(database: Database, folder: Path, content: str) -> int:
    with database.transaction() as connection:
        return take_in(connection, folder, content)


def begin_undoing(database: Database, import_id: int) -> Undoing:
    with database.transaction() as connection:
        return Undoing(records.to_undo(connection, import_id), false())


def take_back(database: Database, import_id: int, size: int = 1) -> None:
    undoing = begin_undoing(database, import_id)
    after, ended = 0, False
    while not ended:
        with database.transaction() as connection:
            done = undoing.undo(connection, after, size, LATER)
        after, ended = done.after, done.ended


def rows(database: Database, *columns: Any) -> list[list[Any]]:
    with database.reading() as connection:
        return [list(connection.execute(select(column)).scalars()) for column in columns]


def mailed(database: Database) -> set[str]:
    with database.reading() as connection:
        found = people(connection, NEWS)
        return {each.email.partition("@")[0] for each in found if each.status == "subscribed" and not each.suppressed}
