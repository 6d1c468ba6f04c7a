"""A copy of everything that is kept of one person, for themselves (GDPR art. 15 and 20)."""

from typing import Any

from sqlalchemy import Connection, Table, func, select

from mailer.ledger.notice_tables import notices
from mailer.ledger.tables import deliveries, mailings
from subscribers.forwarding import merged_into
from subscribers.tables import consent_events, subscriber_tags, subscribers, subscriptions, suppressions


def own_data(connection: Connection, subscriber_id: int) -> dict[str, Any]:
    """What is kept of a person, as values for JSON; moments are in UTC. Empty for nobody."""
    person = connection.execute(select(subscribers).where(subscribers.c.id == subscriber_id)).mappings().one_or_none()
    if person is None:
        return {}
    tags = select(subscriber_tags.c.tag).where(subscriber_tags.c.subscriber_id == subscriber_id)
    letters = (
        select(
            mailings.c.newsletter,
            mailings.c.issue,
            deliveries.c.state,
            deliveries.c.reason,
            deliveries.c.claimed_at,
            deliveries.c.settled_at,
            deliveries.c.delivered_at,
            deliveries.c.hard_bounced_at,
            deliveries.c.soft_bounced_at,
            deliveries.c.complained_at,
        )
        .join_from(deliveries, mailings, mailings.c.id == deliveries.c.mailing_id)
        .where(deliveries.c.subscriber_id == subscriber_id)
        .order_by(mailings.c.newsletter, mailings.c.issue)
    )
    return {
        **{name: person[name] for name in ("email", "name", "fields")},
        "former_addresses": sorted(str(key) for _, key in merged_into(connection, subscriber_id) if key is not None),
        "since": person["created_at"],
        "tags": sorted(connection.execute(tags).scalars()),
        "subscriptions": _rows(connection, subscriptions, subscriber_id, "newsletter", "status", "changed_at"),
        "consent": _rows(connection, consent_events, subscriber_id, "at", "action", "newsletter", "source", "evidence"),
        "suppressions": [
            dict(row)
            for row in connection.execute(
                select(suppressions.c.reason, suppressions.c.at)
                .where(suppressions.c.address_key == person["email_key"])
                .order_by(suppressions.c.at)
            ).mappings()
        ],
        "letters": [dict(row) for row in connection.execute(letters).mappings()],
        "notices": [
            dict(row)
            for row in connection.execute(
                select(notices.c.kind, notices.c.newsletter, notices.c.email, notices.c.state, notices.c.created_at)
                .where(func.lower(notices.c.email) == person["email_key"])
                .order_by(notices.c.created_at)
            ).mappings()
        ],
    }


def _rows(connection: Connection, table: Table, subscriber_id: int, *names: str) -> list[dict[str, Any]]:
    columns = [table.c[name] for name in names]
    moment = next(column for column in columns if column.name in ("at", "changed_at"))
    rows = connection.execute(select(*columns).where(table.c.subscriber_id == subscriber_id).order_by(moment))
    return [dict(row) for row in rows.mappings()]
