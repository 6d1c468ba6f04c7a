"""Takes back the names and custom fields that an import gave, and that still are what it gave."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from subscribers.imports.tables import import_changes
from subscribers.tables import subscribers


def take_back(connection: Connection, import_id: int, at: datetime, after: int, last: int) -> None:
    """Of the people above `after`, up to `last`; the import bears the moment `at`."""
    mine = import_changes.c
    given = (
        select(
            subscribers.c.id,
            subscribers.c.name,
            subscribers.c.fields,
            subscribers.c.updated_at,
            mine.nth,
            mine.name_given,
            mine.fields_given,
            mine.updated_at_before,
        )
        .join_from(import_changes, subscribers, subscribers.c.id == mine.subscriber_id)
        .where(mine.subscriber_id > after, mine.subscriber_id <= last, mine.import_id == import_id)
        .where(mine.updated_at_before.is_not(None))
    )
    bare: list[dict[str, Any]] = []
    later: list[dict[str, Any]] = []
    for row in connection.execute(given):
        fields: dict[str, Any] = row.fields_given or {}
        kept = {name: value for name, value in row.fields.items() if fields.get(name) != value}
        name = "" if row.name == row.name_given else row.name
        updated_at = row.updated_at_before if row.updated_at == at else row.updated_at
        bare.append({"number": row.id, "bare_name": name, "bare_fields": kept, "moment": updated_at})
        later.append({"number": row.id, "order": row.nth, "moment": row.updated_at_before})
    if not bare:
        return
    kinds = {column.name: column.type for column in subscribers.columns}
    connection.execute(
        update(subscribers)
        .where(subscribers.c.id == bindparam("number"))
        .values(
            name=bindparam("bare_name"),
            fields=bindparam("bare_fields", type_=kinds["fields"]),
            updated_at=bindparam("moment", type_=kinds["updated_at"]),
        ),
        bare,
    )
    # Whoever takes the next import back finds the moment from before this one.
    connection.execute(
        update(import_changes)
        .where(mine.subscriber_id == bindparam("number"), mine.nth > bindparam("order"))
        .where(mine.updated_at_before == bindparam("at", value=at, type_=kinds["updated_at"]))
        .values(updated_at_before=bindparam("moment", type_=kinds["updated_at"])),
        [{**row, "at": at} for row in later],
    )
