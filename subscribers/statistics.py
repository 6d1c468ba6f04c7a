"""How a newsletter's list is: by state, by domain, and how it grew from week to week; counted anew each time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, or_, select

from subscribers.candidates import verdicts
from subscribers.lifecycle import ConsentAction
from subscribers.reading import of_newsletter
from subscribers.tables import consent_events, subscribers, subscriptions

MAILABLE = "mailable"

_GAINS = (ConsentAction.CONFIRMED, ConsentAction.ATTESTED)
_LOSSES = (
    ConsentAction.LEFT,
    ConsentAction.LEFT_ALL,
    ConsentAction.REMOVED,
    ConsentAction.COMPLAINED,
    ConsentAction.BOUNCED,
)


@dataclass(frozen=True)
class Week:
    """Who came and who went in seven days, by their consent events."""

    begins: date
    """A Monday, in UTC."""
    came: int
    left: int


def by_state(connection: Connection, newsletter: str) -> Mapping[str, int]:
    """Everyone with a subscription once: `mailable`, or why they are not mailed, the most frequent first."""
    found = verdicts(newsletter).subquery()
    state = func.coalesce(found.c.exclusion, literal(MAILABLE))
    rows = connection.execute(select(state, func.count()).group_by(state)).all()
    counts: dict[str, int] = {MAILABLE: 0, **{row[0]: row[1] for row in rows}}
    return dict(sorted(counts.items(), key=lambda pair: (pair[0] != MAILABLE, -pair[1], pair[0])))


def by_domain(connection: Connection, newsletter: str, most: int) -> Mapping[str, int]:
    """The domains of those who may be mailed, the most frequent first, `most` of them."""
    # Searched from the left: no local part that this book lets in has an @-sign in it.
    at = (func.strpos if connection.dialect.name == "postgresql" else func.instr)(subscribers.c.email_key, "@")
    domain = func.substr(subscribers.c.email_key, at + 1)
    found = verdicts(newsletter).subquery()
    chosen = (
        select(domain, func.count())
        .join_from(found, subscribers, subscribers.c.id == found.c.subscriber_id)
        .where(found.c.exclusion.is_(None))
        .group_by(domain)
        .order_by(func.count().desc(), domain)
        .limit(most)
    )
    return {row[0]: row[1] for row in connection.execute(chosen)}


def by_week(connection: Connection, newsletter: str, *, last: date, weeks: int) -> Sequence[Week]:
    """How many came and left in each of the last weeks, the earliest first; the last one is that of the day `last`."""
    ends = last - timedelta(days=last.weekday())
    begins = [ends - timedelta(weeks=back) for back in reversed(range(weeks))]
    came, left = Counter[date](), Counter[date]()
    for row in connection.execute(_daily(newsletter)):
        each = date.fromisoformat(str(row[0]))  # a date on PostgreSQL, a text on SQLite
        (came if row[1] else left)[each - timedelta(days=each.weekday())] += row[2]
    return [Week(monday, came[monday], left[monday]) for monday in begins]


def _daily(newsletter: str) -> Select[*tuple[Any, ...]]:
    """(day, whether they came, how many). What ends all subscriptions counts for whoever has one of this newsletter."""
    events = consent_events.c
    day = func.date(events.at)
    gain: ColumnElement[int] = case((events.action.in_([action.value for action in _GAINS]), 1), else_=0)
    here = of_newsletter(select(subscribers.c.id), newsletter)
    return (
        select(day, gain, func.count())
        .where(events.action.in_([action.value for action in (*_GAINS, *_LOSSES)]))
        .where(
            or_(
                events.newsletter == newsletter,
                and_(
                    events.newsletter.is_(None),
                    here.where(subscriptions.c.subscriber_id == events.subscriber_id)
                    .correlate(consent_events)
                    .exists(),
                ),
            )
        )
        .group_by(day, gain)
    )
