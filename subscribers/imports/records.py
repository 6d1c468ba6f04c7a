"""The row of an import: begun, moved on by each slice in that slice's own transaction, ended, found again, taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, func, select, update

from subscribers.errors import ImportStopped, UnknownImport
from subscribers.imports.summary import Summary
from subscribers.imports.tables import imports
from subscribers.tables import consent_events


class ImportState(StrEnum):
    """Where an import is."""

    APPLYING = "applying"
    """Begun and not ended: it runs, or it was killed and the same command goes on with it."""
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True)
class ImportRow:
    """An import as it stands."""

    id: int
    newsletter: str
    files: Sequence[str]
    consent_source: str
    state: ImportState
    at: datetime
    ended_at: datetime | None
    first_event: int
    """The number of the last consent event before it."""
    position: int
    counts: Summary


_COLUMNS = [imports.c[name] for name in ImportRow.__dataclass_fields__]


def begin(
    connection: Connection,
    *,
    newsletter: str,
    digest: str,
    files: Sequence[str],
    consent_source: str,
    counts: Summary,
    now: datetime,
) -> ImportRow:
    """Enter an import that will now be applied; or go on with one that was begun by the same command and never ended."""
    unended = imports.c.state == ImportState.APPLYING.value
    found = connection.execute(
        select(*_COLUMNS).where(imports.c.newsletter == newsletter, imports.c.digest == digest, unended)
    ).first()
    if found is not None:
        return _row(found)
    values: dict[str, Any] = {
        "newsletter": newsletter,
        "digest": digest,
        "files": list(files),
        "consent_source": consent_source,
        "state": ImportState.APPLYING.value,
        "at": now,
        "first_event": connection.execute(select(func.coalesce(func.max(consent_events.c.id), 0))).scalar_one(),
        "position": 0,
        "counts": counts.as_json(),
    }
    return _row(connection.execute(imports.insert().values(values).returning(*_COLUMNS)).one())


def advance(
    connection: Connection,
    import_id: int,
    *,
    before: int,
    after: int,
    counts: Summary,
    ended_at: datetime | None = None,
) -> None:
    """Move on, in the transaction of the slice. Raises ImportStopped when another process has moved it meanwhile."""
    state = ImportState.APPLYING if ended_at is None else ImportState.DONE
    values = {"position": after, "counts": counts.as_json(), "ended_at": ended_at, "state": state.value}
    _compare_and_set(connection, import_id, {"position": before, "state": ImportState.APPLYING.value}, values)


def to_undo(connection: Connection, import_id: int) -> ImportRow:
    """Say that an import is being taken back, so that nobody goes on applying it. Raises UnknownImport."""
    row = find(connection, import_id)
    if row.state is ImportState.UNDONE:
        return row
    connection.execute(update(imports).where(imports.c.id == import_id).values(state=ImportState.UNDOING.value))
    return row


def undone(connection: Connection, import_id: int, now: datetime) -> None:
    """Nothing of the import is left."""
    values = {"state": ImportState.UNDONE.value, "ended_at": now}
    connection.execute(update(imports).where(imports.c.id == import_id).values(values))


def find(connection: Connection, import_id: int) -> ImportRow:
    """The import of that number. Raises UnknownImport."""
    found = connection.execute(select(*_COLUMNS).where(imports.c.id == import_id)).one_or_none()
    if found is None:
        raise UnknownImport(f"there is no import {import_id}", hint="`mailer subscribers imports` lists them")
    return _row(found)


def all_imports(connection: Connection, newsletter: str) -> list[ImportRow]:
    """The imports of a newsletter, the newest first."""
    chosen = select(*_COLUMNS).where(imports.c.newsletter == newsletter).order_by(imports.c.id.desc())
    return [_row(found) for found in connection.execute(chosen)]


def _compare_and_set(connection: Connection, import_id: int, old: dict[str, Any], new: dict[str, Any]) -> None:
    same = [imports.c[name] == value for name, value in old.items()]
    changed = connection.execute(
        update(imports).where(imports.c.id == import_id, *same).values(new).returning(imports.c.id)
    ).first()
    if changed is None:
        raise ImportStopped(
            f"import {import_id} is being applied or taken back by another process",
            hint="`mailer subscribers imports` says where it stands; when the other one has ended, run the same command again",
        )


def _row(found: Any) -> ImportRow:
    values: dict[str, Any] = dict(found._mapping)  # noqa: SLF001  # SQLAlchemy's public way to a row's names
    values["state"] = ImportState(values["state"])
    values["counts"] = Summary(**values["counts"])
    return ImportRow(**values)
