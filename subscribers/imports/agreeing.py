"""Writes into the journal what an import says that others have done before it, so that taking those back is not enough.

One file says that Ada left, and so does the next one, which changes nothing any more. Without a row of its own, taking the
first one back would bring her back although the second one still stands.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, literal, or_, select

from subscribers.imports.ending import ENDING_ALL
from subscribers.imports.journal import insert_missing, nth
from subscribers.imports.meeting import Outcome, slice_, suppressing
from subscribers.imports.tables import import_changes, import_suppressions
from subscribers.imports.wanted import Wanted
from subscribers.lifecycle import Status
from subscribers.tables import subscriptions

gone = and_(slice_.c.wanted > Wanted.UNCONFIRMED, slice_.c.wanted < Wanted.ERASED)
"""The file says that they are not to be mailed."""


def say_so_too(connection: Connection, import_id: int, newsletter: str) -> None:
    """Add this import to those that end what another import has ended already; before the slice changes anything."""
    unsubscribed = literal(Status.UNSUBSCRIBED.value)
    since = subscriptions.c.changed_at
    by_import = exists().where(
        import_changes.c.subscriber_id == subscriptions.c.subscriber_id,
        import_changes.c.newsletter == subscriptions.c.newsletter,
        import_changes.c.status == subscriptions.c.status,
        import_changes.c.changed_at == since,
    )
    ended = and_(
        subscriptions.c.subscriber_id == slice_.c.known,
        subscriptions.c.status == unsubscribed,
        by_import.correlate(subscriptions),
    )
    left = and_(slice_.c.wanted == Wanted.UNSUBSCRIBED.value, subscriptions.c.newsletter == newsletter)
    same: dict[str, ColumnElement[Any]] = {
        "subscriber_id": slice_.c.known,
        "import_id": literal(import_id),
        "newsletter": subscriptions.c.newsletter,
        "nth": nth(import_id),
        "created": literal(value=False),
        "status": unsubscribed,
        "status_before": unsubscribed,
        "changed_at": since,
        "changed_at_before": since,
    }
    chosen = select(*same.values()).join_from(slice_, subscriptions, ended)
    insert_missing(connection, import_changes, list(same), chosen.where(or_(left, slice_.c.wanted.in_(ENDING_ALL))))
    made = exists().where(
        import_suppressions.c.address_key == slice_.c.email_key,
        import_suppressions.c.reason == suppressing(slice_.c.wanted),
    )
    suppressed = select(slice_.c.email_key, suppressing(slice_.c.wanted), literal(import_id)).where(
        slice_.c.outcome != Outcome.ENDED.value,
        slice_.c.wanted > Wanted.UNSUBSCRIBED,
        gone,
        made.correlate(slice_),
    )
    insert_missing(connection, import_suppressions, ["address_key", "reason", "import_id"], suppressed)
