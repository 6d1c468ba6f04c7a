"""Segments where the ledger is at hand: `never-mailed`, `mailed:54` and `delivered since …` become conditions on its rows."""

from functools import partial

from sqlalchemy import ColumnElement, exists, or_

from mailer.ledger.states import State
from mailer.ledger.tables import deliveries, mailings
from subscribers.segment_conditions import Scope, between, condition
from subscribers.segment_values import Fate, Letters
from subscribers.segments import parse
from subscribers.tables import merged_subscribers, subscribers

_MAY_HAVE_IT = (State.ACCEPTED.value, State.UNCERTAIN.value)
"""Not CLAIMED: a section for `never-mailed` is decided while the very letter is claimed (docs/decisions/0011)."""


def condition_of(expression: str, newsletter: str) -> ColumnElement[bool]:
    """The SQL condition of a segment expression for a newsletter's people. Raises BadSegment."""
    return condition(parse(expression), Scope(newsletter, partial(_letters, newsletter)))


def _letters(newsletter: str, asked: Letters) -> ColumnElement[bool]:
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
    # One within the other, not joined: SQLite would walk the whole ledger for each person to find nobody merged.
    others = exists().where(*letter, deliveries.c.subscriber_id == merged_subscribers.c.subscriber_id)
    merged = exists().where(merged_subscribers.c.kept_id == subscribers.c.id, others.correlate(merged_subscribers))
    return or_(theirs, merged.correlate(subscribers))
