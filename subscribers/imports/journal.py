"""What every row of an import's journal is written with: the place among the imports of its person, and once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, case, func, select

from subscribers.imports.meeting import slice_
from subscribers.imports.tables import import_changes
from subscribers.rows import insert_into


@dataclass(frozen=True)
class Mark:
    """What all rows of one import bear."""

    import_id: int
    newsletter: str
    consent_source: str
    at: datetime

    @property
    def source(self) -> str:
        """What stands in notes and events that say no consent."""
        return f"import {self.import_id}"

    @property
    def evidence(self) -> dict[str, str]:
        """What stands in every consent event of the import."""
        return {"import": str(self.import_id)}


def nth(import_id: int) -> ColumnElement[int]:
    """In which order this import comes among those that changed a person of the slice."""
    others = select(func.coalesce(func.max(import_changes.c.nth), 0) + 1).where(
        import_changes.c.subscriber_id == slice_.c.known, import_changes.c.import_id != import_id
    )
    return case((slice_.c.known.is_(None), 1), else_=others.correlate(slice_).scalar_subquery())


def insert_missing(connection: Connection, table: Table, columns: Sequence[str], rows: Any) -> None:
    """Insert the rows of a SELECT whose keys are not there yet."""
    statement = insert_into(connection, table).from_select(list(columns), rows)
    connection.execute(statement.on_conflict_do_nothing())
