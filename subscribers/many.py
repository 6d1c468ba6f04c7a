"""Tags and endings for all whom a segment selects, a slice at a time, so that nobody waits long for a lock.

The caller commits each slice. Done twice it changes nothing more, so a command that was killed is given again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, literal, select, update

from subscribers.imports.keeping import keep_departures, keep_tags
from subscribers.lifecycle import Actor, ConsentAction, Status
from subscribers.reading import among, of_newsletter
from subscribers.rows import insert_into
from subscribers.tables import consent_events, subscriber_tags, subscribers, subscriptions
from subscribers.values import clean_tags

SLICE = 5000
"""People of one transaction: a tenth of a second on SQLite."""


@dataclass(frozen=True)
class Slice:
    """What was done to the next people."""

    last: int
    """Where the next slice begins."""
    people: int
    """How many were looked at; none: it is done."""
    changed: int


def tag_slice(
    connection: Connection,
    newsletter: str,
    segment: ColumnElement[bool],
    *,
    after: int,
    add: Sequence[str],
    remove: Sequence[str],
) -> Slice:
    """Put tags on, and take tags off, the next people of the newsletter beyond number `after`. Raises BadValue."""
    add, remove = clean_tags(add), clean_tags(remove)
    numbers = _next(connection, newsletter, segment, after)
    if not numbers:
        return Slice(after, 0, 0)
    keep_tags(connection, numbers, [*add, *remove])
    touched: set[int] = set()
    if remove:
        mine = subscriber_tags.c
        off = delete(subscriber_tags).where(among(connection, mine.subscriber_id, numbers), mine.tag.in_(remove))
        touched.update(connection.execute(off.returning(mine.subscriber_id)).scalars())
    for tag in add:
        chosen = select(subscribers.c.id, literal(tag)).where(among(connection, subscribers.c.id, numbers))
        on = insert_into(connection, subscriber_tags).from_select(
            ["subscriber_id", "tag"], chosen.order_by(subscribers.c.id)
        )
        on = on.on_conflict_do_nothing().returning(subscriber_tags.c.subscriber_id)
        touched.update(connection.execute(on).scalars())
    return Slice(numbers[-1], len(numbers), len(touched))


def remove_slice(
    connection: Connection, newsletter: str, segment: ColumnElement[bool], *, after: int, now: datetime, note: str = ""
) -> Slice:
    """End the subscriptions of the next people, as `book.remove` does for one; those that are ended stay as they are."""
    numbers = _next(connection, newsletter, segment, after)
    if not numbers:
        return Slice(after, 0, 0)
    ended = keep_departures(connection, numbers, newsletter)
    ended |= set(
        connection.execute(
            update(subscriptions)
            .where(subscriptions.c.newsletter == newsletter, among(connection, subscriptions.c.subscriber_id, numbers))
            .where(subscriptions.c.status != Status.UNSUBSCRIBED.value)
            .values(status=Status.UNSUBSCRIBED.value, changed_at=now)
            .returning(subscriptions.c.subscriber_id)
        ).scalars()
    )
    event = {
        "newsletter": newsletter,
        "action": ConsentAction.REMOVED.value,
        "source": Actor.OPERATOR.value,
        "at": now,
        "evidence": {"note": note} if note else {},
    }
    events = [{"subscriber_id": number, **event} for number in sorted(ended)]
    if events:
        connection.execute(insert(consent_events), events)
    return Slice(numbers[-1], len(numbers), len(events))


def _next(connection: Connection, newsletter: str, segment: ColumnElement[bool], after: int) -> Sequence[int]:
    """The next people, held in one order: whoever leaves at this moment comes before this or behind it."""
    chosen = of_newsletter(select(subscribers.c.id), newsletter, segment)
    # Both: PostgreSQL, told of one, walks the other table from its beginning for each slice.
    chosen = chosen.where(subscriptions.c.subscriber_id > after, subscribers.c.id > after)
    chosen = chosen.order_by(subscriptions.c.subscriber_id).limit(SLICE)
    return connection.execute(chosen.with_for_update(of=subscribers)).scalars().all()
