"""Claim, settle, give back, resolve: each one compare-and-set statement, so that nobody is ever claimed twice."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, select, update

from mailer.ledger.statements import addressing, claiming, holding, settling
from mailer.ledger.states import MailingState, State
from mailer.ledger.tables import deliveries, mailings


class Claimed(NamedTuple):
    """A delivery in our hands, and the person as the address book has them at this moment."""

    # No dataclass: a frozen one takes three times as long to make, 5 % of all that a claim takes on SQLite.

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


_NO_SEGMENTS: frozenset[str] = frozenset()


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


class Settled(NamedTuple):
    """What settlements changed. A row that an event or somebody else had settled before does not take ours."""

    rows: int
    """How many took it."""
    pending: int
    """How many of those are pending again: whoever is proved to have the issue is not."""


class Desk:
    """Where claims of one mailing are taken; its statements are built once."""

    def __init__(self, mailing_id: int, newsletter: str, segments: Mapping[str, ColumnElement[bool]]) -> None:
        """`segments`: the conditions that decide about parts of the edition, by their expression."""
        self._mailing_id = mailing_id
        self._newsletter = newsletter
        self._segments = tuple(segments)
        conditions = tuple(segments.values())
        self._addressing = {dialect: addressing(conditions, dialect) for dialect in ("sqlite", "postgresql")}

    def claim(self, connection: Connection, *, after: int, size: int, sender_id: int, now: datetime) -> Claim:
        """Take at most `size` pending deliveries beyond subscriber `after`; the caller commits before it calls.

        In the same statement whoever left, was suppressed or erased is withheld, and nobody is taken from a mailing
        that is not sending.
        """
        values = {"mailing": self._mailing_id, "sender": sender_id, "newsletter": self._newsletter}
        rows = connection.execute(claiming(size), {**values, "after": after, "now": now}).all()
        if not rows:
            return Claim((), 0, None)
        last = max(row[0] for row in rows)
        attempts = {row[0]: row[2] for row in rows if row[1] == State.CLAIMED}
        if not attempts:
            return Claim((), len(rows), last)
        dialect = connection.dialect.name
        found = connection.execute(self._addressing[dialect], {"subscribers": _numbers(attempts, dialect)}).all()
        people = tuple(self._claimed(row, attempts[row[0]]) for row in found)
        if len(people) < len(attempts):
            # Erased between the two statements (PostgreSQL only): there is no address left to write to.
            _withhold(connection, self._mailing_id, attempts.keys() - {one.subscriber_id for one in people}, now)
        return Claim(people, len(rows) - len(people), last)

    def _claimed(self, row: Row[*tuple[Any, ...]], attempt: int) -> Claimed:
        if not self._segments:
            return Claimed(row[0], attempt, row[1], row[2], row[3], _NO_SEGMENTS)
        truths = frozenset(name for name, truth in zip(self._segments, row[4:], strict=True) if truth)
        return Claimed(row[0], attempt, row[1], row[2], row[3], truths)


def _numbers(subscribers: Iterable[int], dialect: str) -> list[int] | str:
    """Subscribers as `statements.addressing` takes them: an array on PostgreSQL, JSON on SQLite, which has no arrays."""
    return list(subscribers) if dialect == "postgresql" else json.dumps(list(subscribers))


def _withhold(connection: Connection, mailing_id: int, gone: Collection[int], now: datetime) -> None:
    connection.execute(
        update(deliveries)
        .where(
            deliveries.c.mailing_id == mailing_id,
            deliveries.c.subscriber_id.in_(sorted(gone)),
            deliveries.c.state == State.CLAIMED,
        )
        .values(state=State.WITHHELD, reason="erased", settled_at=now)
    )


def settle(
    connection: Connection, mailing_id: int, sender_id: int, settlements: Sequence[Settlement], now: datetime
) -> Settled:
    """Write down what became of our claims.

    Only from CLAIMED, by the same sender and attempt; ACCEPTED also from UNCERTAIN, because somebody may have counted us
    dead while we waited for the answer.
    """
    won = pending = 0
    dialect = connection.dialect.name
    if dialect == "postgresql" and len({one.state for one in settlements}) > 1:
        # Each statement below locks its rows in the order in which feedback does, but not all of them together are in order.
        everybody = sorted(one.subscriber_id for one in settlements)
        connection.execute(holding(), {"mailing": mailing_id, "subscribers": everybody})
    for state in (State.ACCEPTED, State.REFUSED, State.UNCERTAIN, State.PENDING):
        rows = sorted((one for one in settlements if one.state == state), key=lambda one: one.subscriber_id)
        if rows:
            values = {"mailing": mailing_id, "sender": sender_id, "now": now, **_columns(rows, dialect)}
            if state == State.PENDING:
                reached = connection.execute(settling(state, dialect), values).scalars().all()
                won += len(reached)
                pending = reached.count(State.PENDING)
            else:
                won += connection.execute(settling(state, dialect), values).rowcount
    if any(settlement.state == State.PENDING for settlement in settlements):
        _withhold_if_cancelled(connection, mailing_id, now)
    return Settled(won, pending)


def _withhold_if_cancelled(connection: Connection, mailing_id: int, now: datetime) -> None:
    """What comes back to PENDING in a cancelled mailing would wait there for ever.

    The mailing's row is locked: on PostgreSQL whoever cancels or finishes it at this moment does not see yet what came back.
    """
    state = select(mailings.c.state).where(mailings.c.id == mailing_id).with_for_update()
    if connection.execute(state).scalar() != MailingState.CANCELLED:
        return
    connection.execute(
        update(deliveries)
        .where(deliveries.c.mailing_id == mailing_id, deliveries.c.state == State.PENDING)
        .values(state=State.WITHHELD, reason="cancelled", settled_at=now)
    )


def _columns(rows: Sequence[Settlement], dialect: str) -> dict[str, Any]:
    if dialect == "postgresql":
        return {
            "subscribers": [one.subscriber_id for one in rows],
            "attempts": [one.attempt for one in rows],
            "reasons": [one.reason for one in rows],
            "message_ids": [one.message_id for one in rows],
        }
    return {"rows": json.dumps([(one.subscriber_id, one.attempt, one.reason, one.message_id) for one in rows])}


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
