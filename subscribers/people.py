"""Reading the book: one person, or all of a newsletter's, streamed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select

from subscribers.address import Address
from subscribers.candidates import suppressed_because
from subscribers.lifecycle import Status, SuppressionReason
from subscribers.tables import subscriber_tags, subscribers, subscriptions

PAGE = 1000
"""People read at once: memory stays flat, however long the list."""


@dataclass(frozen=True)
class Person:
    """Somebody in the book, as seen from one newsletter."""

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
    """Everyone with a subscription to the newsletter, in order of their number; `segment` is `segments.condition`'s.

    Read page by page: the connection is free for other reading in between.
    """
    after = 0
    while True:
        page = connection.execute(
            _of_newsletter(_columns(), newsletter, segment, status)
            .where(subscriptions.c.subscriber_id > after)
            .order_by(subscriptions.c.subscriber_id)
            .limit(PAGE)
        ).all()
        yield from _people(connection, page)
        if len(page) < PAGE:
            return
        after = page[-1].id


def count(
    connection: Connection,
    newsletter: str,
    *,
    segment: ColumnElement[bool] | None = None,
    status: Status | None = None,
) -> int:
    """How many `people` would give."""
    return connection.execute(_of_newsletter(select(func.count()), newsletter, segment, status)).scalar_one()


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


def _of_newsletter(
    chosen: Select[*tuple[Any, ...]], newsletter: str, segment: ColumnElement[bool] | None, status: Status | None
) -> Select[*tuple[Any, ...]]:
    chosen = chosen.join_from(subscriptions, subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
    chosen = chosen.where(subscriptions.c.newsletter == newsletter)
    if status is not None:
        chosen = chosen.where(subscriptions.c.status == status.value)
    return chosen if segment is None else chosen.where(segment)


def _people(connection: Connection, rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[Person]:
    rows = list(rows)
    tags: defaultdict[int, list[str]] = defaultdict(list)
    if rows:
        chosen = subscriber_tags.c.subscriber_id.in_([row.id for row in rows])
        found = connection.execute(select(subscriber_tags.c.subscriber_id, subscriber_tags.c.tag).where(chosen))
        for subscriber_id, tag in found:
            tags[subscriber_id].append(tag)
    for row in rows:
        yield Person(
            id=row.id,
            email=row.email,
            name=row.name,
            status=None if row.status is None else Status(row.status),
            suppressed=None if row.suppressed is None else SuppressionReason(row.suppressed),
            tags=tuple(sorted(tags[row.id])),
            fields=dict(sorted(row.fields.items())),
        )
