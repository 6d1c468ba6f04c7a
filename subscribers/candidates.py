"""Who may be mailed: the one place that turns statuses and suppressions into a verdict, as SQL for any statement."""

from sqlalchemy import ColumnElement, FromClause, ScalarSelect, Select, String, case, func, literal, null, select

from subscribers.lifecycle import Status, SuppressionReason
from subscribers.tables import subscribers, subscriptions, suppressions

ERASED = SuppressionReason.ERASED.value


def precedence() -> ColumnElement[int]:
    """The rank of `suppression.reason`; the least outranks. A reason that this program does not know comes last."""
    ranks = {reason.value: rank for rank, reason in enumerate(SuppressionReason)}
    return case(ranks, value=suppressions.c.reason, else_=len(ranks))


def suppressed_because(key: ColumnElement[str], table: FromClause) -> ScalarSelect[str | None]:
    """The suppression that outranks the others of an address, or NULL; `key` is a column of `table` in the statement."""
    return (
        select(suppressions.c.reason)
        .where(suppressions.c.address_key == key)
        .order_by(precedence())
        .limit(1)
        .correlate(table)
        .scalar_subquery()
    )


def exclusion_reason() -> ColumnElement[str | None]:
    """Why this person must not be mailed this newsletter; NULL: they may be.

    For statements that have `subscriber` and `subscription` in their FROM, either of them by an outer join:
    no subscriber is `erased`, no subscription `unsubscribed`. Suppressions are looked up inside, not joined, so
    a person with two of them stays one row.
    """
    status = subscriptions.c.status
    by_status = case(
        (status == literal(Status.SUBSCRIBED.value), null()),
        (status == literal(Status.UNCONFIRMED.value), literal(Status.UNCONFIRMED.value)),
        else_=literal(Status.UNSUBSCRIBED.value),
    )
    return case(
        (subscribers.c.id.is_(None), literal(ERASED)),
        else_=func.coalesce(suppressed_because(subscribers.c.email_key, subscribers), by_status, type_=String()),
    )


def verdicts(newsletter: str, segment: ColumnElement[bool] | None = None) -> Select[int, str | None]:
    """`subscriber_id` and `exclusion` of everyone with a subscription to `newsletter` whom the segment selects.

    `exclusion` is NULL for those who may be mailed, else the reason that outranks the others. `segment` is what
    `segments.condition` makes. In no order; one row for each person.
    """
    chosen = (
        select(subscribers.c.id.label("subscriber_id"), exclusion_reason().label("exclusion"))
        .join_from(subscriptions, subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .where(subscriptions.c.newsletter == newsletter)
    )
    return chosen if segment is None else chosen.where(segment)
