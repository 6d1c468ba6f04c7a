"""Segments as SQL: a condition on `subscriber`, the same on both databases, every word of it a bound parameter."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import ColumnElement, and_, exists, func, literal, not_, or_

from subscribers.lifecycle import Status
from subscribers.segment_values import (
    And,
    Domain,
    FieldContains,
    FieldIs,
    Letters,
    Not,
    Or,
    Segment,
    StatusIs,
    Subscribed,
    Suppressed,
    Tag,
)
from subscribers.tables import subscriber_tags, subscribers, subscriptions, suppressions


@dataclass(frozen=True)
class Scope:
    """What a segment is about, and who knows what the address book does not."""

    newsletter: str
    """Its slug: `status:` and `subscribed` are about this one."""
    letters: Callable[[Letters], ColumnElement[bool]]
    """The ledger's condition on `subscriber`, never NULL; mailer hands it in."""


def condition(segment: Segment, scope: Scope) -> ColumnElement[bool]:  # noqa: PLR0911  # one line for each thing there is
    """The segment as a condition on `subscriber`, for any statement that has it in its FROM.

    Never NULL, so that `not` means the others. A tag is looked up for each row by its primary key: as good for the
    fifty people of a claim as for a million.
    """
    match segment:
        case Not(And(parts)):
            # Inwards as far as it goes: PostgreSQL joins `not exists`, but not where an `or` or a `not` stands before it.
            return or_(*[condition(Not(part), scope) for part in parts])
        case Not(Or(parts)):
            return and_(*[condition(Not(part), scope) for part in parts])
        case Not(Not(part)):
            return condition(part, scope)
        case Not(part):
            return not_(condition(part, scope))
        case And(parts):
            return and_(*[condition(part, scope) for part in parts])
        case Or(parts):
            return or_(*[condition(part, scope) for part in parts])
        case Letters():
            return scope.letters(segment)
        case StatusIs() | Subscribed():
            return _of_subscription(segment, scope.newsletter)
        case _:
            return _of_person(segment)


def _of_subscription(segment: StatusIs | Subscribed, newsletter: str) -> ColumnElement[bool]:
    mine = exists().where(subscriptions.c.subscriber_id == subscribers.c.id, subscriptions.c.newsletter == newsletter)
    match segment:
        case StatusIs(status):
            mine = mine.where(subscriptions.c.status == status.value)
        case Subscribed(since, before):
            mine = mine.where(
                subscriptions.c.status == Status.SUBSCRIBED.value, *between(subscriptions.c.changed_at, since, before)
            )
    return mine.correlate(subscribers)


def _of_person(segment: Tag | Suppressed | FieldIs | FieldContains | Domain) -> ColumnElement[bool]:
    match segment:
        case Tag(tag):
            return exists().where(
                subscriber_tags.c.subscriber_id == subscribers.c.id, subscriber_tags.c.tag == tag
            ).correlate(subscribers)  # fmt: skip
        case Suppressed(reason):
            chosen = exists().where(suppressions.c.address_key == subscribers.c.email_key)
            chosen = chosen if reason is None else chosen.where(suppressions.c.reason == reason.value)
            return chosen.correlate(subscribers)
        case FieldIs(field, value):
            return _field(field) == value
        case FieldContains(field, value):
            # Not LIKE, to which SQLite's upper and lower case are one; nor the search that each spells differently.
            return func.replace(_field(field), value, "") != _field(field)
        case Domain(domain):
            end = f"@{domain}"
            start = func.length(subscribers.c.email_key) - literal(len(end) - 1)
            return func.substr(subscribers.c.email_key, start) == end


def between(moment: ColumnElement[datetime], since: date | None, before: date | None) -> list[ColumnElement[bool]]:
    """That a moment lies in a time of whole days in UTC, `before` itself outside; either end may be open."""
    conditions: list[ColumnElement[bool]] = []
    if since is not None:
        conditions.append(moment >= _midnight(since))
    if before is not None:
        conditions.append(moment < _midnight(before))
    return conditions


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _field(name: str) -> ColumnElement[str]:
    return func.coalesce(subscribers.c.fields[name].as_string(), literal(""))
