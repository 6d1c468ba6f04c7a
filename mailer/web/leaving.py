"""Leaving one newsletter by its link, and taking that back: what a page asks of the address book. Nothing commits here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from subscribers import book
from subscribers.lifecycle import ConsentAction, Status
from subscribers.rows import hold, status_of
from subscribers.tables import consent_events, merged_subscribers, subscribers

UNDO = timedelta(hours=1)
"""How long the link that somebody left by can take it back (docs/decisions/0027)."""

LONGEST_REASON = 500
"""Characters of a reader's reason."""

ONE_CLICK = "one-click"
PAGE = "unsubscribe page"
_BY_LINK = (ONE_CLICK, PAGE)


@dataclass(frozen=True)
class Reader:
    """Whose link it is, as their page may show them."""

    masked: str
    """Their address as only they recognise it; empty: nobody is here (any more), which no page says."""
    subscribed: bool
    """Whether letters would still go to them."""
    may_undo: bool


_NOBODY = Reader(masked="", subscribed=True, may_undo=False)


def look_up(connection: Connection, newsletter: str, subscriber_id: int, now: datetime) -> Reader:
    """The reader whose number a link holds. An erased one, and one who never was, look as if nothing had happened."""
    person = _person(connection, subscriber_id)
    if person is None:
        return _NOBODY
    gone = status_of(connection, person.id, newsletter) is Status.UNSUBSCRIBED
    return Reader(
        masked=masked(person.email),
        subscribed=not gone,
        may_undo=gone and _left_just_now(connection, newsletter, person.id, now),
    )


def leave(
    connection: Connection, newsletter: str, subscriber_id: int, *, source: str, reason: str, now: datetime
) -> None:
    """The reader leaves the newsletter. Leaving twice, or after erasure, changes nothing."""
    # Kept with the event, because taking it back must not make a subscriber of somebody who never confirmed. Whoever
    # changes it at this very moment only makes it say less than `subscribed`, or does the leaving themselves.
    person = _person(connection, subscriber_id)
    if person is None:
        return
    before = status_of(connection, person.id, newsletter)
    evidence = {"before": before.value if before else ""}
    if reason:
        evidence["reason"] = reason[:LONGEST_REASON]
    book.unsubscribe(connection, person.id, newsletter, source=source, now=now, evidence=evidence)


def take_back(
    connection: Connection, newsletter: str, subscriber_id: int, *, now: datetime, evidence: Mapping[str, str]
) -> bool:
    """The reader comes back, if this link may say so: whether it did."""
    person = hold(connection, subscriber_id)
    if person is None or not _left_just_now(connection, newsletter, person.id, now):
        return False
    return book.confirm(connection, person.id, newsletter, source="undo", now=now, evidence=evidence)


def masked(email: str) -> str:
    """`ada@mail.example.org` as `a…@m….org`: enough for its owner, too little for anyone else."""
    local, _, domain = email.rpartition("@")
    return f"{local[:1]}…@{domain[:1]}….{domain.rpartition('.')[2]}"


def _person(connection: Connection, subscriber_id: int) -> Row[*tuple[Any, ...]] | None:
    """Number and address of the person whom a number names today: who was merged into another is that other one."""
    merged = select(merged_subscribers.c.kept_id).where(merged_subscribers.c.subscriber_id == subscriber_id)
    return connection.execute(
        select(subscribers.c.id, subscribers.c.email).where(
            or_(subscribers.c.id == subscriber_id, subscribers.c.id == merged.scalar_subquery())
        )
    ).first()


def _left_just_now(connection: Connection, newsletter: str, subscriber_id: int, now: datetime) -> bool:
    """Whether the last that was said of this subscription is that it was left by its link, less than UNDO ago."""
    last = connection.execute(
        select(consent_events.c.action, consent_events.c.source, consent_events.c.at, consent_events.c.evidence)
        .where(
            consent_events.c.subscriber_id == subscriber_id,
            or_(consent_events.c.newsletter == newsletter, consent_events.c.newsletter.is_(None)),
        )
        .order_by(consent_events.c.id.desc())
        .limit(1)
    ).one_or_none()
    return (
        last is not None
        and last.action == ConsentAction.LEFT.value
        and last.source in _BY_LINK
        and last.evidence.get("before") == Status.SUBSCRIBED.value
        and timedelta(0) <= now - last.at < UNDO
    )
