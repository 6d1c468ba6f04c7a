"""All that the book holds of a newsletter's people, read page by page: what an export is made of."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, String, column, func, or_, select, true

from subscribers.lifecycle import Status, SuppressionReason
from subscribers.reading import among, of_newsletter, pages, tags_of
from subscribers.tables import consent_events, subscribers, subscriptions, suppressions

_STATUSES = {status.value: status for status in Status}


# No dataclasses, as of people: an export makes a million of each.


class Consent(NamedTuple):
    """A consent event."""

    action: str
    newsletter: str | None
    """None: about all newsletters."""
    source: str
    at: datetime
    evidence: Mapping[str, Any]


class Suppressed(NamedTuple):
    """One reason why an address is not mailed."""

    reason: str
    at: datetime
    note: str


class Record(NamedTuple):
    """Somebody with a subscription to a newsletter, and everything that the book holds of them for it."""

    id: int
    email: str
    name: str
    status: Status
    status_at: datetime
    """Since when."""
    created_at: datetime
    tags: tuple[str, ...]
    """Sorted."""
    fields: Mapping[str, str]
    """In order of their names."""
    consent: tuple[Consent, ...]
    """Of this newsletter and of all of them, in the order in which they were recorded."""
    suppressions: tuple[Suppressed, ...]
    """The one that outranks the others first."""


def records(connection: Connection, newsletter: str, segment: ColumnElement[bool] | None = None) -> Iterator[Record]:
    """Everyone with a subscription to the newsletter, in order of their number; `segment` is a condition on `subscriber`.

    Read page by page, in flat memory. The caller's transaction should see one state of the book throughout.
    """
    columns = select(
        subscribers.c.id,
        subscribers.c.email,
        subscribers.c.email_key,
        subscribers.c.name,
        subscribers.c.fields,
        subscribers.c.created_at,
        subscriptions.c.status,
        subscriptions.c.changed_at,
    )
    for page in pages(connection, of_newsletter(columns, newsletter, segment)):
        yield from _records(connection, newsletter, page)


def field_names(connection: Connection, newsletter: str, segment: ColumnElement[bool] | None = None) -> Sequence[str]:
    """Every custom field that somebody of them has, sorted."""
    names = func.jsonb_object_keys if connection.dialect.name == "postgresql" else func.json_each
    each = names(subscribers.c.fields).table_valued(column("key", String), name="each")
    if connection.dialect.name == "postgresql":
        each = each.render_derived().lateral()  # SQLite knows no such word, and looks to the left anyway
    chosen = of_newsletter(select(each.c.key).distinct(), newsletter, segment).join(each, true())
    return sorted(connection.execute(chosen).scalars())


def _records(connection: Connection, newsletter: str, page: Sequence[Row[*tuple[Any, ...]]]) -> Iterator[Record]:
    ids = [row.id for row in page]
    tags = tags_of(connection, ids)
    consent = _consent(connection, newsletter, ids)
    suppressed = _suppressions(connection, [row.email_key for row in page])
    for number, email, key, name, fields, created_at, status, status_at in page:
        yield Record(
            number,
            email,
            name,
            _STATUSES[status],
            status_at,
            created_at,
            tags[number],
            dict(sorted(fields.items())) if fields else {},
            tuple(consent[number]) if number in consent else (),
            tuple(suppressed[key]) if key in suppressed else (),
        )


def _consent(connection: Connection, newsletter: str, ids: Sequence[int]) -> Mapping[int, list[Consent]]:
    events = consent_events.c
    chosen = (
        select(events.subscriber_id, events.action, events.newsletter, events.source, events.at, events.evidence)
        .where(among(connection, events.subscriber_id, ids))
        .where(or_(events.newsletter == newsletter, events.newsletter.is_(None)))
        .order_by(events.id)
    )
    found: defaultdict[int, list[Consent]] = defaultdict(list)
    for subscriber_id, *event in connection.execute(chosen):
        found[subscriber_id].append(Consent(*event))
    return found


def _suppressions(connection: Connection, keys: Sequence[str]) -> Mapping[str, list[Suppressed]]:
    chosen = select(suppressions).where(among(connection, suppressions.c.address_key, keys))
    found: defaultdict[str, list[Suppressed]] = defaultdict(list)
    for row in connection.execute(chosen):
        found[row.address_key].append(Suppressed(row.reason, row.at, row.note))
    for reasons in found.values():
        reasons.sort(key=lambda one: list(SuppressionReason).index(SuppressionReason(one.reason)))
    return found
