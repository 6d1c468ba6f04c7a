"""Whose letters do not arrive: the never-delivered and the soft-bouncing among those who would be mailed again."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, case, distinct, func, select

from mailer.ledger.states import State
from mailer.ledger.tables import deliveries, mailings
from subscribers.candidates import verdicts

MOST_SOFT = 3
"""From so many letters on, soft bounces are counted together."""


@dataclass(frozen=True)
class Health:
    """How letters arrive with the people who may be mailed."""

    mailed: int
    """Who was mailed at least once."""
    delivered: int
    """Of whom a delivery was heard. Without feedback it is 0, and says nothing."""
    soft_bouncing: Mapping[int, int]
    """Letters that bounced softly and were not delivered -> how many people; the last number means "or more"."""

    @property
    def never_delivered(self) -> int | None:
        """Who was mailed, and no delivery was ever heard of; None: nothing was ever heard of anybody."""
        return self.mailed - self.delivered if self.delivered else None


def health(connection: Connection, newsletter: str) -> Health:
    """Count them, over every mailing of the newsletter, in one walk through the ledger."""
    soft = deliveries.c.soft_bounced_at.is_not(None) & deliveries.c.delivered_at.is_(None)
    letters = (
        select(
            deliveries.c.subscriber_id,
            _any(deliveries.c.delivered_at.is_not(None)).label("delivered"),
            func.sum(case((soft, 1), else_=0)).label("soft"),
        )
        .join_from(deliveries, mailings, mailings.c.id == deliveries.c.mailing_id)
        .where(mailings.c.newsletter == newsletter)
        .where(deliveries.c.state.in_((State.ACCEPTED.value, State.UNCERTAIN.value)))
        .group_by(deliveries.c.subscriber_id)
        .subquery("letters")
    )
    found = verdicts(newsletter).subquery("found")
    many = case((letters.c.soft >= MOST_SOFT, MOST_SOFT), else_=letters.c.soft)
    rows = connection.execute(
        select(letters.c.delivered, many, func.count(distinct(letters.c.subscriber_id)))
        .join_from(letters, found, found.c.subscriber_id == letters.c.subscriber_id)
        .where(found.c.exclusion.is_(None))
        .group_by(letters.c.delivered, many)
    ).all()
    bouncing: dict[int, int] = {}
    for _, times, count in rows:
        if times:
            bouncing[int(times)] = bouncing.get(int(times), 0) + count
    return Health(
        mailed=sum(row[2] for row in rows),
        delivered=sum(row[2] for row in rows if row[0]),
        soft_bouncing=dict(sorted(bouncing.items())),
    )


def _any(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(case((condition, 1), else_=0))
