"""One address and what the verbs of the book make of it, for the tests of the book."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, select

from subscribers import book
from subscribers.address import Address, parse
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.people import Person, show
from subscribers.tables import consent_events, subscribers

NEWS, DAILY = "news", "daily"
NOW = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ADA = parse("Ada@example.org")
HASHES = ("hash-by-the-new-key", "hash-by-the-old-key")


def subscribe(
    connection: Connection,
    address: Address = ADA,
    newsletter: str = NEWS,
    *,
    actor: Actor = Actor.OPERATOR,
    source: str = "paper form, May 2026",
    **more: Any,
) -> book.Subscribed:
    values: dict[str, Any] = {"hashes": HASHES, "now": NOW, **more}
    return book.subscribe(connection, address, newsletter, actor=actor, source=source, **values)


def person(connection: Connection, newsletter: str = NEWS) -> Person:
    found = show(connection, ADA, newsletter)
    assert found is not None
    return found


def standing(connection: Connection, newsletter: str = NEWS) -> tuple[Status | None, SuppressionReason | None]:
    found = person(connection, newsletter)
    return found.status, found.suppressed


def events(connection: Connection) -> list[tuple[str, str | None, str]]:
    rows = connection.execute(select(consent_events).order_by(consent_events.c.id))
    return [(row.action, row.newsletter, row.source) for row in rows]


def one(connection: Connection) -> Row[*tuple[Any, ...]]:
    return connection.execute(select(subscribers)).one()
