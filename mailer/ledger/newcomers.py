"""Counts whom `--also-new` would add to an audience, so that a person is asked about everybody who will be written to."""

from sqlalchemy import ColumnElement, Connection, func, select

from mailer.ledger.tables import deliveries
from subscribers.candidates import verdicts


def count_new(connection: Connection, mailing_id: int, newsletter: str, segment: ColumnElement[bool] | None) -> int:
    """How many may be mailed now and have no delivery in this mailing: whom `audience.add_new` would add. Writes nothing."""
    found = verdicts(newsletter, segment).subquery()
    here = select(1).where(deliveries.c.mailing_id == mailing_id, deliveries.c.subscriber_id == found.c.subscriber_id)
    statement = select(func.count()).select_from(found).where(found.c.exclusion.is_(None), ~here.exists())
    return connection.execute(statement).scalar_one()
