"""A book that imports come into and go out of, for the tests of taking imports back."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, false, select

from subscribers import book
from subscribers.address import parse
from subscribers.imports import records
from subscribers.imports.at_once import import_file
from subscribers.imports.tables import import_changes, import_suppressions, import_tags
from subscribers.imports.undoing import Undoing
from subscribers.lifecycle import Actor
from subscribers.people import people
from subscribers.tables import consent_events, subscriber_tags, subscribers, subscriptions, suppressions

NEWS = "news"
START = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
BOOK = (subscribers, subscriptions, subscriber_tags, consent_events, suppressions)
JOURNAL = (import_changes, import_tags, import_suppressions)
ENDED = ("unsubscribed", "bounced", "complained", "left-all")
FOR_GOOD = ("bounced", "complained")
"""What a person's own confirmation does not lift."""

Row = tuple[str, str, str, str, str, str]


@dataclass
class Desk:
    """A book that imports come into and go out of, one moment after the other."""

    connection: Connection
    folder: Path
    moments: int = 0

    def now(self) -> datetime:
        """The next moment."""
        self.moments += 1
        return START + timedelta(minutes=self.moments)

    def load(self, rows: Sequence[Row], consent_source: str = "a form") -> int:
        """Import people; the number of the import."""
        text = io.StringIO(newline="")
        csv.writer(text).writerows([("email", "status", "date", "name", "tags", "city"), *rows])
        return self.load_text(text.getvalue(), consent_source)

    def load_text(self, content: str, consent_source: str = "a form") -> int:
        """Import a file; the number of the import."""
        path = self.folder / "people.csv"
        path.write_text(content, encoding="utf-8", newline="")
        found = import_file(
            self.connection,
            path,
            NEWS,
            consent_source=consent_source,
            hasher=lambda _: [],
            now=self.now(),
            keep_fields=True,
        )
        assert found.import_id is not None
        return found.import_id

    def undo(self, import_id: int) -> None:
        """Take an import back."""
        undoing, after = Undoing(records.to_undo(self.connection, import_id), false()), 0
        while not (done := undoing.undo(self.connection, after, 2, self.now())).ended:
            after = done.after

    def enter(self, name: str) -> int:
        """Subscribe somebody by hand; their number."""
        more: dict[str, Any] = {"actor": Actor.OPERATOR, "source": "a form", "hashes": [], "now": self.now()}
        return book.subscribe(self.connection, parse(f"{name}@example.org"), NEWS, **more).subscriber_id

    def standings(self) -> dict[str, str]:
        """What is known of everybody."""
        return {
            person.email.partition("@")[0]: " ".join(
                filter(None, [person.status, person.suppressed, person.name, *(f"#{tag}" for tag in person.tags)])
            )
            + "".join(f" {name}={value}" for name, value in person.fields.items())
            for person in people(self.connection, NEWS)
        }

    def mailed(self) -> set[str]:
        """Who would get an issue."""
        return {
            person.email.partition("@")[0]
            for person in people(self.connection, NEWS)
            if person.status == "subscribed" and person.suppressed is None
        }

    def everything(self, tables: Sequence[Any] = BOOK) -> list[list[Any]]:
        """Whole tables."""
        return [
            sorted((tuple(map(str, row)) for row in self.connection.execute(select(table)).all()), key=str)
            for table in tables
        ]


def row(who: str, status: str = "subscribed", /, **more: str) -> Row:
    said = {"date": "", "name": "", "tags": "", "city": ""} | more
    return (f"{who}@example.org", status, said["date"], said["name"], said["tags"], said["city"])
