"""Claim, settle, give back, resolve: each one compare-and-set statement, so that nobody is ever claimed twice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, select, update

from mailer.ledger.states import MailingState, State
from mailer.ledger.tables import deliveries, mailings
from subscribers.candidates import exclusion_reason
from subscribers.tables import subscribers, subscriptions


@dataclass(frozen=True)
class Claimed:
    """A delivery in our hands, and the person as the address book has them at this moment."""

    subscriber_id: int
    attempt: int
    email: str
    name: str
    fields: Mapping[str, Any]
    segments: frozenset[str]
    """Those of the edition's segments that select this person."""

    @property
    def tag(self) -> str:
        """Names this attempt, and no other, within the mailing."""
        return f"{self.subscriber_id}-{self.attempt}"


@dataclass(frozen=True)
class Claim:
    """The deliveries that one sender took in one statement."""

    deliveries: tuple[Claimed, ...]
    withheld: int
    """How many of those looked at had left or were suppressed: they are settled by the claim itself."""
    last: int | None
    """The highest subscriber looked at: where the next claim starts. None: there was nobody pending."""


@dataclass(frozen=True)
class Settlement:
    """What became of one claimed delivery."""

    subscriber_id: int
    attempt: int
    state: State
    """ACCEPTED, REFUSED, UNCERTAIN, or PENDING for what was certainly not sent."""
    reason: str | None = None
    message_id: str | None = None


def claim(
    connection: Connection,
    mailing_id: int,
    newsletter: str,
    *,
    after: int,
    size: int,
    sender_id: int,
    segments: Mapping[str, ColumnElement[bool]],
    now: datetime,
) -> Claim:
    """Take at most `size` pending deliveries beyond subscriber `after`; the caller commits before it calls.

    In the same statement whoever left, was suppressed or erased is withheld, and nobody is taken from a mailing that is
    not sending. `segments` are the conditions that decide about parts of the edition.
    """
    due = (
        select(deliveries.c.subscriber_id)
        .where(
            deliveries.c.mailing_id == mailing_id,
            deliveries.c.state == State.PENDING,
            deliveries.c.subscriber_id > after,
            select(1).where(mailings.c.id == mailing_id, mailings.c.state == MailingState.SENDING).exists(),
        )
        # By key, not by "the first pending ones": on PostgreSQL those would walk every dead index entry again, 5 times slower.
        .order_by(deliveries.c.subscriber_id)
        .limit(size)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    verdict = (
        select(due.c.subscriber_id, exclusion_reason().label("exclusion"))
        .select_from(
            due.outerjoin(subscribers, subscribers.c.id == due.c.subscriber_id).outerjoin(
                subscriptions,
                and_(subscriptions.c.newsletter == newsletter, subscriptions.c.subscriber_id == due.c.subscriber_id),
            )
        )
        .cte("verdict")
    )
    statement = (
        update(deliveries)
        .where(
            deliveries.c.mailing_id == mailing_id,
            deliveries.c.subscriber_id == verdict.c.subscriber_id,
            deliveries.c.state == State.PENDING,
        )
        .values(
            state=case((verdict.c.exclusion.is_(None), State.CLAIMED.value), else_=State.WITHHELD.value),
            reason=verdict.c.exclusion,
            attempt=deliveries.c.attempt + case((verdict.c.exclusion.is_(None), 1), else_=0),
            sender_id=sender_id,
            claimed_at=now,
            settled_at=case((verdict.c.exclusion.is_(None), None), else_=now),
        )
        .returning(deliveries.c.subscriber_id, deliveries.c.state, deliveries.c.attempt)
    )
    rows = connection.execute(statement).all()
    if not rows:
        return Claim((), 0, None)
    attempts = {row.subscriber_id: row.attempt for row in rows if row.state == State.CLAIMED}
    people = _people(connection, attempts, segments)
    gone = attempts.keys() - {person.subscriber_id for person in people}
    if gone:
        # Erased between the two statements (PostgreSQL only): there is no address left to write to.
        _withhold(connection, mailing_id, sorted(gone), now)
    last = max(row.subscriber_id for row in rows)
    return Claim(tuple(people), len(rows) - len(attempts) + len(gone), last)


def _people(
    connection: Connection, attempts: Mapping[int, int], segments: Mapping[str, ColumnElement[bool]]
) -> list[Claimed]:
    if not attempts:
        return []
    names = list(segments)
    truths = [case((segments[name], 1), else_=0).label(f"segment_{index}") for index, name in enumerate(names)]
    statement = (
        select(subscribers.c.id, subscribers.c.email, subscribers.c.name, subscribers.c.fields, *truths)
        .where(subscribers.c.id.in_(list(attempts)))
        .order_by(subscribers.c.id)
    )
    rows: list[Any] = [tuple(row) for row in connection.execute(statement)]
    return [
        Claimed(
            subscriber_id=row[0],
            attempt=attempts[row[0]],
            email=row[1],
            name=row[2],
            fields=row[3],
            segments=frozenset(name for name, truth in zip(names, row[4:], strict=True) if truth),
        )
        for row in rows
    ]


def _withhold(connection: Connection, mailing_id: int, gone: Sequence[int], now: datetime) -> None:
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.mailing_id == mailing_id,
            deliveries.c.subscriber_id.in_(gone),
            deliveries.c.state == State.CLAIMED,
        )
        .values(state=State.WITHHELD, reason="erased", settled_at=now)
    )


def settle(
    connection: Connection, mailing_id: int, sender_id: int, settlements: Sequence[Settlement], now: datetime
) -> int:
    """Write down what became of our claims; how many rows took it.

    Only from CLAIMED, by the same sender and attempt; ACCEPTED also from UNCERTAIN, because somebody may have counted us
    dead while we waited for the answer.
    """
    won = 0
    for state in (State.ACCEPTED, State.REFUSED, State.UNCERTAIN, State.PENDING):
        rows = [
            {
                "the_subscriber": settlement.subscriber_id,
                "the_attempt": settlement.attempt,
                "the_reason": settlement.reason,
                "the_message_id": settlement.message_id,
            }
            for settlement in settlements
            if settlement.state == state
        ]
        if rows:
            won += connection.execute(_settling(mailing_id, sender_id, state, now), rows).rowcount
    if any(settlement.state == State.PENDING for settlement in settlements):
        _withhold_if_cancelled(connection, mailing_id, now)
    return won


def _withhold_if_cancelled(connection: Connection, mailing_id: int, now: datetime) -> None:
    """What comes back to PENDING in a cancelled mailing would wait there for ever."""
    cancelled = select(1).where(mailings.c.id == mailing_id, mailings.c.state == MailingState.CANCELLED).exists()
    connection.execute(
        update(deliveries)
        .where(deliveries.c.mailing_id == mailing_id, deliveries.c.state == State.PENDING, cancelled)
        .values(state=State.WITHHELD, reason="cancelled", settled_at=now)
    )


def _settling(mailing_id: int, sender_id: int, state: State, now: datetime) -> Any:
    origin = deliveries.c.state == State.CLAIMED
    if state == State.ACCEPTED:
        origin |= deliveries.c.state == State.UNCERTAIN
    return (
        update(deliveries)
        .where(
            deliveries.c.mailing_id == mailing_id,
            deliveries.c.subscriber_id == bindparam("the_subscriber"),
            deliveries.c.attempt == bindparam("the_attempt"),
            deliveries.c.sender_id == sender_id,
            origin,
        )
        .values(
            state=state,
            reason=bindparam("the_reason"),
            message_id=bindparam("the_message_id"),
            settled_at=None if state == State.PENDING else now,
        )
    )


def abandon(connection: Connection, sender_id: int, now: datetime) -> int:
    """A sender is dead: what it had claimed is now UNCERTAIN, in one statement. How many."""
    statement = (
        update(deliveries)
        .where(deliveries.c.sender_id == sender_id, deliveries.c.state == State.CLAIMED)
        .values(state=State.UNCERTAIN, reason="its sender died in the call", settled_at=now)
    )
    return connection.execute(statement).rowcount


def uncertain(connection: Connection, mailing_id: int, *, after: int = 0, size: int = 500) -> list[tuple[int, int]]:
    """(subscriber, attempt) of uncertain deliveries, by key, `size` at a time."""
    statement = (
        select(deliveries.c.subscriber_id, deliveries.c.attempt)
        .where(
            deliveries.c.mailing_id == mailing_id,
            deliveries.c.state == State.UNCERTAIN,
            deliveries.c.subscriber_id > after,
        )
        .order_by(deliveries.c.subscriber_id)
        .limit(size)
    )
    return [(row[0], row[1]) for row in connection.execute(statement)]


def resolve(connection: Connection, mailing_id: int, settlements: Sequence[Settlement], now: datetime) -> int:
    """UNCERTAIN -> ACCEPTED or PENDING for these attempts, on evidence: a look-up, or a person's word. How many."""
    won = 0
    for settlement in settlements:
        statement = (
            update(deliveries)
            .where(
                deliveries.c.mailing_id == mailing_id,
                deliveries.c.subscriber_id == settlement.subscriber_id,
                deliveries.c.attempt == settlement.attempt,
                deliveries.c.state == State.UNCERTAIN,
            )
            .values(
                state=settlement.state,
                reason=settlement.reason,
                message_id=settlement.message_id,
                settled_at=None if settlement.state == State.PENDING else now,
            )
        )
        won += connection.execute(statement).rowcount
    _withhold_if_cancelled(connection, mailing_id, now)
    return won
