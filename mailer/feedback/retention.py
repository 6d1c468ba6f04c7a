"""Events are not kept for ever: what they mean stays in the ledger, and what they say of people goes when its time is over."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Delete, Update, delete, func, or_, select, update

from mailer.database.engine import Database
from mailer.feedback.tables import event_errors, events
from mailer.feedback.values import Kind

SLICE = 2000
"""Rows that one transaction forgets: a sender beside it waits for no more than that."""

_TELL_NOTHING_MORE = (
    *(Kind.ACCEPTED, Kind.DELIVERED, Kind.OPENED, Kind.CLICKED),
    *(Kind.PREFERENCE, Kind.OTHER),
)
"""What has become a fact, or never was one. Bounces, complaints, rejections and delays stay, without their raw text:
their diagnosis is the letter's story, and a replay must not bring back a suppression that somebody lifted."""


def forget_old(database: Database, *, now: datetime, keep_days: int) -> int:
    """Forget what was heard more than so many days ago; how many rows. Each slice is a transaction of its own."""
    before = now - timedelta(days=keep_days)
    old = events.c.heard_at < before
    statements: list[Delete | Update] = [
        delete(events).where(
            events.c.id.in_(
                select(events.c.id)
                .where(old, events.c.kind.in_([kind.value for kind in _TELL_NOTHING_MORE]))
                .limit(SLICE)
            )
        ),
        update(events)
        .where(events.c.id.in_(select(events.c.id).where(old, events.c.raw != "").limit(SLICE)))
        .values(raw=""),
        delete(event_errors).where(
            event_errors.c.id.in_(select(event_errors.c.id).where(event_errors.c.heard_at < before).limit(SLICE))
        ),
    ]
    forgotten = 0
    for statement in statements:
        while True:
            with database.transaction() as connection:
                found = connection.execute(statement).rowcount
            forgotten += found
            if found < SLICE:
                break
    return forgotten


def forget_person(connection: Connection, subscriber_id: int | None, address_key: str) -> int:
    """Somebody was erased: delete every event of their letters, and silence whatever else names their address. How many.

    The facts stay beside their deliveries, numbers without a name. Reads every event that is kept as it came.
    """
    forgotten = 0
    if subscriber_id is not None:
        forgotten += connection.execute(delete(events).where(events.c.subscriber_id == subscriber_id)).rowcount
    named = or_(_contains(events.c.raw, address_key), _contains(events.c.diagnosis, address_key))
    forgotten += connection.execute(update(events).where(named).values(raw="", diagnosis="")).rowcount
    aside = _contains(event_errors.c.raw, address_key)
    return forgotten + connection.execute(delete(event_errors).where(aside)).rowcount


def _contains(column: ColumnElement[str], address_key: str) -> ColumnElement[bool]:
    return func.lower(column).contains(address_key, autoescape=True)
