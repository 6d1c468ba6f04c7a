"""Reading the book: one person, or all of a newsletter's, streamed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from subscribers.address import Address
from subscribers.candidates import suppressed_because
from subscribers.lifecycle import Status, SuppressionReason
from subscribers.reading import of_newsletter, pages, tags_of
from subscribers.tables import subscribers, subscriptions

_STATUSES = {status.value: status for status in Status}
_REASONS = {reason.value: reason for reason in SuppressionReason}


class Person(NamedTuple):
    """Somebody in the book, as seen from one newsletter."""

    # No dataclass: a frozen one takes three times as long to make, and a listing makes a million.

    id: int
    email: str
    name: str
    status: Status | None
    """None: no subscription to that newsletter."""
    suppressed: SuppressionReason | None
    """The reason that outranks the others."""
    tags: tuple[str, ...]
    """Sorted."""
    fields: Mapping[str, str]
    """In order of their names, which PostgreSQL would else sort by length."""


def show(connection: Connection, address: Address, newsletter: str) -> Person | None:
    """One person as seen from a newsletter; None: nobody here has that address."""
    row = connection.execute(
        _columns()
        .join_from(
            subscribers,
            subscriptions,
            and_(subscriptions.c.subscriber_id == subscribers.c.id, subscriptions.c.newsletter == newsletter),
            isouter=True,
        )
        .where(subscribers.c.email_key == address.key)
    ).one_or_none()
    return None if row is None else next(_people(connection, [row]))


def people(
    connection: Connection,
    newsletter: str,
    *,
    segment: ColumnElement[bool] | None = None,
    status: Status | None = None,
) -> Iterator[Person]:
    """Everyone with a subscription to the newsletter, in order of their number; `segment` is a condition on `subscriber`.

    Read page by page: the connection is free for other reading in between.
    """
    for page in pages(connection, of_newsletter(_columns(), newsletter, segment, status)):
        yield from _people(connection, page)


def count(
    connection: Connection,
    newsletter: str,
    *,
    segment: ColumnElement[bool] | None = None,
    status: Status | None = None,
) -> int:
    """How many `people` would give."""
    return connection.execute(of_newsletter(select(func.count()), newsletter, segment, status)).scalar_one()


def newsletters(connection: Connection, subscriber_id: int) -> dict[str, Status]:
    """What a person is to each newsletter, by its slug."""
    rows = connection.execute(
        select(subscriptions.c.newsletter, subscriptions.c.status)
        .where(subscriptions.c.subscriber_id == subscriber_id)
        .order_by(subscriptions.c.newsletter)
    )
    return {slug: Status(status) for slug, status in rows}


def _columns() -> Select[*tuple[Any, ...]]:
    return select(
        subscribers.c.id,
        subscribers.c.email,
        subscribers.c.name,
        subscriptions.c.status,
        suppressed_because(subscribers.c.email_key, subscribers).label("suppressed"),
        subscribers.c.fields,
    )


def _people(connection: Connection, rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[Person]:
    rows = list(rows)
    tags = tags_of(connection, [row[0] for row in rows])
    for number, email, name, status, suppressed, fields in rows:
        yield Person(
            number,
            email,
            name,
            _STATUSES.get(status),
            _REASONS.get(suppressed),
            tags[number],
            dict(sorted(fields.items())) if fields else {},
        )
