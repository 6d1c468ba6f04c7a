"""`--also-new`: whoever may be mailed now and has no delivery in a mailing yet, counted beforehand and then added."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, literal, select, update

from mailer.ledger.states import State
from mailer.ledger.tables import deliveries, exclusions, mailings
from subscribers.candidates import verdicts
from subscribers.tables import merged_subscribers


def count_new(connection: Connection, mailing_id: int, newsletter: str, segment: ColumnElement[bool] | None) -> int:
    """How many `add_new` would add, so that a person is asked about everybody who will be written to. Writes nothing."""
    found = _newcomers(mailing_id, newsletter, segment).subquery()
    return connection.execute(select(func.count()).select_from(found)).scalar_one()


def add_new(connection: Connection, mailing_id: int, newsletter: str, segment: ColumnElement[bool] | None) -> int:
    """Add them to the audience; how many. Their exclusions are dropped."""
    if connection.execute(select(mailings.c.id).where(mailings.c.id == mailing_id).with_for_update()).first() is None:
        return 0  # discarded meanwhile: no foreign key says so (docs/decisions/0018)
    adding = insert(deliveries).from_select(
        ["mailing_id", "subscriber_id", "state", "attempt"], _newcomers(mailing_id, newsletter, segment)
    )
    added = connection.execution_options(preserve_rowcount=True).execute(adding).rowcount
    here = select(deliveries.c.subscriber_id).where(deliveries.c.mailing_id == mailing_id)
    connection.execute(
        delete(exclusions).where(exclusions.c.mailing_id == mailing_id, exclusions.c.subscriber_id.in_(here))
    )
    connection.execute(update(mailings).where(mailings.c.id == mailing_id).values(audience=mailings.c.audience + added))
    return added


def _newcomers(mailing_id: int, newsletter: str, segment: ColumnElement[bool] | None) -> Select[*tuple[Any, ...]]:
    """Their deliveries, as `add_new` inserts them."""
    found = verdicts(newsletter, segment).subquery()
    here = select(1).where(deliveries.c.mailing_id == mailing_id, deliveries.c.subscriber_id == found.c.subscriber_id)
    # Whoever was written to under a number that was merged into theirs has the issue.
    letter = select(1).where(
        deliveries.c.mailing_id == mailing_id,
        deliveries.c.subscriber_id == merged_subscribers.c.subscriber_id,
        deliveries.c.state.in_((State.CLAIMED, State.ACCEPTED, State.UNCERTAIN)),
    )
    # One within the other, not joined: SQLite would walk the mailing for each person to find nobody merged.
    merged = select(1).where(
        merged_subscribers.c.kept_id == found.c.subscriber_id, letter.correlate(merged_subscribers).exists()
    )
    columns = (literal(mailing_id), found.c.subscriber_id, literal(State.PENDING.value), literal(0).label("attempt"))
    return select(*columns).where(found.c.exclusion.is_(None), ~here.exists(), ~merged.exists())
