"""What events prove of deliveries: facts beside the state, and the end of uncertainty. In any order, any number of times.

A fact is the earliest moment that was heard of it, and the number kept for a letter the least one, so that order and
repetition of events cannot matter. An event that bears our tags is evidence that the letter went out, whatever we know:

    UNCERTAIN, and CLAIMED in no later attempt   ──▶ ACCEPTED   its answer was lost, or is still on its way to us
    PENDING                                      ──▶ ACCEPTED   somebody called it not sent, or a restored ledger forgot it:
                                                                sending now would be twice
    REFUSED, WITHHELD                            ──▶ ACCEPTED   it went out nonetheless
    CLAIMED in a later attempt                       stays: that call has an answer of its own to come. But the row is marked
                                                     PROVED, and not being sent does not make it PENDING again
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    Integer,
    Row,
    String,
    Update,
    any_,
    bindparam,
    column,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from mailer.ledger.states import PROVED, State
from mailer.ledger.tables import deliveries, mailings

FACTS = ("delivered_at", "hard_bounced_at", "soft_bounced_at", "complained_at", "rejected_at")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one event proves of one letter of a mailing."""

    subscriber_id: int
    attempt: int
    message_id: str
    fact: str
    """One of FACTS; empty: only that the letter went out."""
    at: datetime


@dataclass
class Proved:
    """What evidence changed."""

    known: set[int] = field(default_factory=set[int])
    """The subscribers who have a delivery in the mailing."""
    settled: int = 0
    doubles: set[tuple[int, int, str]] = field(default_factory=set[tuple[int, int, str]])
    """(subscriber, attempt, message id): a second letter of one attempt."""
    more: Counter[str] = field(default_factory=Counter[str])
    """How many letters more each count of `tally` has."""


@dataclass(slots=True)
class _Delivery:
    """A row in our hands: locked until the transaction ends."""

    subscriber_id: int
    state: str
    reason: str | None
    attempt: int
    message_id: str | None
    settled_at: datetime | None
    facts: dict[str, datetime | None]


_COLUMNS = [
    deliveries.c[name] for name in ("subscriber_id", "state", "reason", "attempt", "message_id", "settled_at", *FACTS)
]


def prove(connection: Connection, mailing_id: int, evidence: Sequence[Evidence], now: datetime) -> Proved:
    """Write down what events prove of a mailing's letters, set-wise. Whoever has no delivery in it is not `known`."""
    proved = Proved()
    rows = _hold(connection, mailing_id, sorted({one.subscriber_id for one in evidence}))
    proved.known.update(rows)
    before = {number: _counts(row.facts) for number, row in rows.items()}
    changed: dict[int, _Delivery] = {}
    for one in evidence:
        row = rows.get(one.subscriber_id)
        if row is not None and _apply(row, one, proved, now):
            changed[one.subscriber_id] = row
    for number, row in changed.items():
        proved.more.update(_counts(row.facts))
        proved.more.subtract(before[number])
    if changed:
        _write(connection, mailing_id, sorted(changed.values(), key=lambda row: row.subscriber_id))
    return proved


def _hold(connection: Connection, mailing_id: int, subscribers: list[int]) -> dict[int, _Delivery]:
    """The deliveries, locked in the order in which senders settle: two who want the same rows never wait in a circle."""
    found = connection.execute(_holding(connection.dialect.name), {"mailing": mailing_id, "subscribers": subscribers})
    return {row[0]: _delivery(row) for row in found}


@cache
def _holding(dialect: str) -> Any:
    if dialect == "postgresql":
        chosen = deliveries.c.subscriber_id == any_(bindparam("subscribers", type_=ARRAY(Integer)))
    else:
        chosen = deliveries.c.subscriber_id.in_(bindparam("subscribers", expanding=True))
    return (
        select(*_COLUMNS)
        .where(deliveries.c.mailing_id == bindparam("mailing", type_=Integer()), chosen)
        .order_by(deliveries.c.subscriber_id)
        .with_for_update()
    )


def _delivery(row: Row[*tuple[Any, ...]]) -> _Delivery:
    return _Delivery(*row[:6], facts=dict(zip(FACTS, row[6:], strict=True)))


def _apply(row: _Delivery, one: Evidence, proved: Proved, now: datetime) -> bool:
    changed = False
    if _goes_out(row, one):
        row.state, row.reason, row.settled_at = State.ACCEPTED, None, now
        proved.settled += 1
        changed = True
    if row.state == State.CLAIMED and one.attempt < row.attempt and row.reason != PROVED:
        row.reason = PROVED
        changed = True
    if one.attempt > row.attempt:
        # Only a restored ledger can be behind its own letters.
        row.attempt, row.message_id = one.attempt, None
        changed = True
    if one.attempt == row.attempt and one.message_id and one.message_id != row.message_id:
        if row.message_id is not None:
            least, other = sorted((row.message_id, one.message_id))
            proved.doubles.add((row.subscriber_id, row.attempt, other))
            changed |= row.message_id != least
            row.message_id = least
        else:
            row.message_id = one.message_id
            changed = True
    if one.fact:
        heard = row.facts[one.fact]
        if heard is None or one.at < heard:
            row.facts[one.fact] = one.at
            changed = True
    return changed


def _goes_out(row: _Delivery, one: Evidence) -> bool:
    if row.state == State.CLAIMED:
        # Of a later attempt than ours: the ledger was restored, and the answer to our call will find no row to settle.
        return one.attempt >= row.attempt
    return row.state != State.ACCEPTED


def _counts(facts: Mapping[str, datetime | None]) -> Counter[str]:
    """What one letter adds to a tally.

    A complaint counts only of a delivered letter: SES also tells of people to whom it did not write, because they had
    complained before.
    """
    delivered = facts["delivered_at"] is not None
    return Counter(
        final=any(at is not None for at in facts.values()),
        delivered=delivered,
        hard_bounced=facts["hard_bounced_at"] is not None,
        complained=delivered and facts["complained_at"] is not None,
        soft_bounced=not delivered and facts["soft_bounced_at"] is not None,
    )


def _write(connection: Connection, mailing_id: int, rows: Sequence[_Delivery]) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_writing_arrays(), {"mailing": mailing_id, **_arrays(rows)})
    else:
        connection.execute(_writing_rows(), [{"mailing": mailing_id, **_values(row)} for row in rows])


def _values(row: _Delivery) -> dict[str, Any]:
    return {
        "subscriber": row.subscriber_id,
        "new_state": str(row.state),
        "new_reason": row.reason,
        "new_attempt": row.attempt,
        "new_message_id": row.message_id,
        "new_settled_at": row.settled_at,
        **{f"new_{fact}": row.facts[fact] for fact in FACTS},
    }


def _arrays(rows: Iterable[_Delivery]) -> dict[str, list[Any]]:
    values = [_values(row) for row in rows]
    return {name: [each[name] for each in values] for name in _NEW}


_NEW = {
    "subscriber": Integer(),
    "new_state": String(),
    "new_reason": String(),
    "new_attempt": Integer(),
    "new_message_id": String(),
    **{f"new_{name}": DateTime(timezone=True) for name in ("settled_at", *FACTS)},
}


@cache
def _writing_rows() -> Update:
    """For SQLite, once for each row: its driver binds and runs five hundred of them in a few milliseconds."""
    changes: dict[str, Any] = {name.removeprefix("new_"): bindparam(name) for name in _NEW if name.startswith("new_")}
    return (
        update(deliveries)
        .where(
            deliveries.c.mailing_id == bindparam("mailing", type_=Integer()),
            deliveries.c.subscriber_id == bindparam("subscriber", type_=Integer()),
        )
        .values(changes)
    )


@cache
def _writing_arrays() -> Update:
    """For PostgreSQL: one statement, from arrays."""
    rows = (
        func.unnest(*[bindparam(name, type_=ARRAY(kind)) for name, kind in _NEW.items()])
        .table_valued(*[column(name, kind) for name, kind in _NEW.items()])
        .render_derived(name="heard")
    )
    return (
        update(deliveries)
        .where(
            deliveries.c.mailing_id == bindparam("mailing", type_=Integer()),
            deliveries.c.subscriber_id == rows.c.subscriber,
        )
        .values({name.removeprefix("new_"): rows.c[name] for name in _NEW if name.startswith("new_")})
    )


def by_message_ids(
    connection: Connection, message_ids: Iterable[str], earliest: datetime, latest: datetime
) -> dict[str, tuple[int, int, int]]:
    """Message id -> (mailing, subscriber, attempt), for letters of SES that were sent between these moments.

    For events without our tags. No index helps here, because it would cost every settlement; so only the mailings that
    sent then are looked through.
    """
    meanwhile = select(mailings.c.id).where(
        mailings.c.transport == "ses",
        mailings.c.opened_at <= latest,
        or_(mailings.c.finished_at.is_(None), mailings.c.finished_at >= earliest),
    )
    found = connection.execute(
        select(
            deliveries.c.message_id, deliveries.c.mailing_id, deliveries.c.subscriber_id, deliveries.c.attempt
        ).where(deliveries.c.mailing_id.in_(meanwhile), deliveries.c.message_id.in_(sorted(set(message_ids))))
    )
    return {row[0]: (row[1], row[2], row[3]) for row in found}
