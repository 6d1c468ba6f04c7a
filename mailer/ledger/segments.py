"""Segments where the ledger is at hand: `never-mailed`, `mailed:54` and `delivered since …` become conditions on its rows."""

from functools import partial

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from mailer.ledger.states import State
from mailer.ledger.tables import deliveries, mailings
from subscribers.segment_conditions import Scope, between, condition
from subscribers.segment_values import Fate, Letters
from subscribers.segments import parse
from subscribers.tables import merged_subscribers, subscribers

_MAY_HAVE_IT = (State.ACCEPTED.value, State.UNCERTAIN.value)
"""Not CLAIMED: a section for `never-mailed` is decided while the very letter is claimed (docs/decisions/0011)."""


def condition_of(expression: str, newsletter: str) -> ColumnElement[bool]:
    """The SQL condition of a segment expression for a newsletter's people, for any statement at any time. Raises BadSegment."""
    return condition(parse(expression), Scope(newsletter, partial(_letters, newsletter, merged=True)))


def condition_now(connection: Connection, expression: str, newsletter: str) -> ColumnElement[bool]:
    """The same for statements that follow on this connection before anybody is merged, several times as fast over everybody.

    While nobody was ever merged it asks nothing of merged numbers: with an `or` in it PostgreSQL cannot join the ledger,
    and looks each person up. Raises BadSegment.
    """
    segment = parse(expression)
    merged = connection.execute(select(merged_subscribers.c.kept_id).limit(1)).first() is not None
    return condition(segment, Scope(newsletter, partial(_letters, newsletter, merged=merged)))


def _letters(newsletter: str, asked: Letters, *, merged: bool) -> ColumnElement[bool]:
    """Whether some letter met the fate; looked up by primary key, mailing by mailing, until one did."""
    match asked.fate:
        case Fate.MAILED:
            heard, moment = deliveries.c.state.in_(_MAY_HAVE_IT), deliveries.c.settled_at
        case Fate.DELIVERED:
            heard, moment = deliveries.c.delivered_at.is_not(None), deliveries.c.delivered_at
        case Fate.SOFT_BOUNCED:
            heard, moment = deliveries.c.soft_bounced_at.is_not(None), deliveries.c.soft_bounced_at
    letter = [
        mailings.c.newsletter == newsletter,
        deliveries.c.mailing_id == mailings.c.id,
        heard,
        *between(moment, asked.since, asked.before),
    ]
    if asked.issue is not None:
        letter.append(mailings.c.issue == asked.issue)
    theirs = exists().where(*letter, deliveries.c.subscriber_id == subscribers.c.id).correlate(subscribers)
    if not merged:
        return theirs
    # One within the other, not joined: SQLite would walk the whole ledger for each person to find nobody merged.
    others = exists().where(*letter, deliveries.c.subscriber_id == merged_subscribers.c.subscriber_id)
    forwarded = exists().where(merged_subscribers.c.kept_id == subscribers.c.id, others.correlate(merged_subscribers))
    return or_(theirs, forwarded.correlate(subscribers))
