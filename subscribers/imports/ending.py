"""Enters what files say of addresses that nobody may write to; some of it ends every subscription there is."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, literal, select, update

from subscribers.imports.journal import Mark, insert_missing, nth
from subscribers.imports.meeting import Outcome, slice_
from subscribers.imports.tables import import_changes, import_suppressions
from subscribers.imports.wanted import SUPPRESSIONS, Wanted
from subscribers.lifecycle import ENDS_ALL, Status
from subscribers.tables import subscriptions, suppressions

ENDING_ALL = [wanted.value for wanted, reason in SUPPRESSIONS.items() if reason in ENDS_ALL]
"""What of somebody ends all their subscriptions."""


def end(connection: Connection, mark: Mark, since: ColumnElement[Any]) -> None:
    """Suppress whom the slice says to be suppressed, and end what that ends; `since` is when. The journal comes first."""
    ended = slice_.c.outcome == Outcome.ENDED.value
    _suppress(connection, mark, since, and_(ended, slice_.c.wanted > Wanted.UNSUBSCRIBED))
    _end_all(connection, mark, since, and_(ended, slice_.c.wanted.in_(ENDING_ALL), slice_.c.subscriber_id.is_not(None)))


def _suppress(connection: Connection, mark: Mark, since: ColumnElement[Any], whom: ColumnElement[bool]) -> None:
    chosen = select(slice_.c.email_key, slice_.c.reason).where(whom).order_by(slice_.c.n)
    made = chosen.add_columns(literal(mark.import_id))
    insert_missing(connection, import_suppressions, ["address_key", "reason", "import_id"], made)
    noted = chosen.add_columns(since, literal(mark.source))
    insert_missing(connection, suppressions, ["address_key", "reason", "at", "note"], noted)


def _end_all(connection: Connection, mark: Mark, since: ColumnElement[Any], whom: ColumnElement[bool]) -> None:
    live = and_(
        subscriptions.c.subscriber_id == slice_.c.subscriber_id,
        subscriptions.c.status != Status.UNSUBSCRIBED.value,
    )
    before: dict[str, ColumnElement[Any]] = {
        "subscriber_id": subscriptions.c.subscriber_id,
        "import_id": literal(mark.import_id),
        "newsletter": subscriptions.c.newsletter,
        "nth": nth(mark.import_id),
        "created": literal(value=False),
        "status": literal(Status.UNSUBSCRIBED.value),
        "status_before": subscriptions.c.status,
        "changed_at": since,
        "changed_at_before": subscriptions.c.changed_at,
    }
    chosen = select(*before.values()).join_from(slice_, subscriptions, live).where(whom)
    insert_missing(connection, import_changes, list(before), chosen)
    # Somebody without a live subscription has an event to be taken back all the same.
    alone: dict[str, ColumnElement[Any]] = {
        "subscriber_id": slice_.c.subscriber_id,
        "import_id": literal(mark.import_id),
        "newsletter": literal(mark.newsletter),
        "nth": nth(mark.import_id),
        "created": literal(value=False),
    }
    insert_missing(connection, import_changes, list(alone), select(*alone.values()).where(whom))
    when = select(since).where(slice_.c.subscriber_id == subscriptions.c.subscriber_id).scalar_subquery()
    connection.execute(
        update(subscriptions)
        .where(subscriptions.c.subscriber_id.in_(select(slice_.c.subscriber_id).where(whom)))
        .where(subscriptions.c.status != Status.UNSUBSCRIBED.value)
        .values(status=Status.UNSUBSCRIBED.value, changed_at=when)
    )
