"""Soft bounces, judged by query and never counted: letters in a row that bounced softly, and none delivered since."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from mailer.feedback.values import Policies
from mailer.ledger.tables import deliveries, mailings
from subscribers.lifecycle import ConsentAction, SuppressionReason
from subscribers.suppressing import Suppressing, acquit, suppress_many
from subscribers.tables import consent_events, subscribers, suppressions


def judge(
    connection: Connection,
    bounced: Collection[int],
    delivered: Collection[int],
    *,
    now: datetime,
    policies: Policies,
) -> int:
    """Suppress as undeliverable whom the soft bounces condemn, and lift that from whom a delivery has acquitted.

    Both, because a delivery may be heard after the bounces that it disproves: an answer out of office looks like a bounce
    until then. Given are those whose soft bounces and whose deliveries are new. How many were suppressed.
    """
    doubtful = _undeliverable(connection, delivered, policies.soft_bounces)
    numbers = sorted({*bounced, *doubtful})
    if not numbers:
        return 0
    condemned: list[Suppressing] = []
    judged: set[int] = set()
    for number, key, count, first, last in connection.execute(_streaks(numbers)):
        if count >= policies.soft_bounces and last - first >= timedelta(days=policies.soft_bounces_days):
            judged.add(number)
            note = f"{count} letters in a row came back since {first:%Y-%m-%d}"
            condemned.append(Suppressing(key, SuppressionReason.UNDELIVERABLE, note, {}))
    suppressed = suppress_many(connection, condemned, now=now)
    acquit(connection, sorted(set(doubtful) - judged), now=now)
    return suppressed


def _streaks(numbers: Collection[int]) -> Select[*tuple[Any, ...]]:
    """Subscriber, address key, and how many letters came back softly, when first and when last, since the mailbox worked.

    That is proved by a delivery, by the person's own confirmation, or by an operator who lifted the suppression.
    """
    chosen = deliveries.c.subscriber_id.in_(numbers)
    of_mailings = deliveries.c.mailing_id.in_(
        select(mailings.c.id)
    )  # the key's first half: else the whole ledger is read
    delivered = (
        select(deliveries.c.subscriber_id, func.max(deliveries.c.delivered_at).label("at"))
        .where(of_mailings, chosen, deliveries.c.delivered_at.is_not(None))
        .group_by(deliveries.c.subscriber_id)
        .subquery("delivered")
    )
    renewed = (
        select(consent_events.c.subscriber_id, func.max(consent_events.c.at).label("at"))
        .where(
            consent_events.c.subscriber_id.in_(numbers),
            consent_events.c.action.in_([ConsentAction.CONFIRMED.value, ConsentAction.LIFTED.value]),
        )
        .group_by(consent_events.c.subscriber_id)
        .subquery("renewed")
    )
    soft = deliveries.c.soft_bounced_at
    return (
        select(subscribers.c.id, subscribers.c.email_key, func.count(), func.min(soft), func.max(soft))
        .select_from(
            deliveries.join(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .outerjoin(delivered, delivered.c.subscriber_id == deliveries.c.subscriber_id)
            .outerjoin(renewed, renewed.c.subscriber_id == deliveries.c.subscriber_id)
        )
        .where(
            of_mailings,
            chosen,
            soft.is_not(None),
            deliveries.c.delivered_at.is_(None),
            and_(
                or_(delivered.c.at.is_(None), soft > delivered.c.at), or_(renewed.c.at.is_(None), soft > renewed.c.at)
            ),
        )
        .group_by(subscribers.c.id, subscribers.c.email_key)
    )


def _undeliverable(connection: Connection, numbers: Collection[int], least: int) -> list[int]:
    """Those of these people who are suppressed as undeliverable, and that often came back softly that we may have done it."""
    if not numbers:
        return []
    chosen = sorted(numbers)
    came_back = (
        select(func.count())
        .where(
            deliveries.c.mailing_id.in_(select(mailings.c.id)),
            deliveries.c.subscriber_id == subscribers.c.id,
            deliveries.c.soft_bounced_at.is_not(None),
        )
        .correlate(subscribers)
        .scalar_subquery()
    )
    statement = (
        select(subscribers.c.id)
        .join_from(subscribers, suppressions, suppressions.c.address_key == subscribers.c.email_key)
        .where(
            subscribers.c.id.in_(chosen),
            suppressions.c.reason == SuppressionReason.UNDELIVERABLE.value,
            came_back >= least,
        )
    )
    return list(connection.execute(statement).scalars())
