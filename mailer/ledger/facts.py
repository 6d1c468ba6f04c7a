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

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
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
    type_coerce,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from mailer.ledger.states import PROVED, State
from mailer.ledger.tables import deliveries, mailings
from subscribers.columns import sqlite_moment

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


Moment = datetime | str
"""A moment as the database keeps it: text on SQLite, where five hundred letters are 3,000 moments to be read and written
while nobody else can write."""


@dataclass
class Proved:
    """What evidence changed."""

    known: set[int] = field(default_factory=set[int])
    """The subscribers who have a delivery in the mailing."""
    settled: int = 0
    doubles: set[tuple[int, int, str]] = field(default_factory=set[tuple[int, int, str]])
    """(subscriber, attempt, message id): a second letter of the latest attempt."""
    older: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    """(subscriber, attempt) of letters of earlier attempts: the ledger keeps no numbers of those."""
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
    settled_at: Moment | None
    facts: list[Moment | None]
    """In the order of FACTS."""


_PLAIN = ("subscriber_id", "state", "reason", "attempt", "message_id")
_MOMENTS = ("settled_at", *FACTS)
_WRITTEN = (*_PLAIN[1:], *_MOMENTS)


def prove(connection: Connection, mailing_id: int, evidence: Sequence[Evidence], now: datetime) -> Proved:
    """Write down what events prove of a mailing's letters, set-wise. Whoever has no delivery in it is not `known`."""
    kept = sqlite_moment if connection.dialect.name == "sqlite" else _as_it_is
    proved = Proved()
    rows = _hold(connection, mailing_id, sorted({one.subscriber_id for one in evidence}))
    proved.known.update(rows)
    before: dict[int, tuple[int, ...]] = {}
    changed: dict[int, _Delivery] = {}
    settled_at = kept(now)
    for one in evidence:
        row = rows.get(one.subscriber_id)
        if row is None:
            continue
        counts = _counts(row.facts)
        if _apply(row, one, proved, kept, settled_at):
            before.setdefault(one.subscriber_id, counts)
            changed[one.subscriber_id] = row
    for number, row in changed.items():
        for name, now_so, then in zip(_COUNTED, _counts(row.facts), before[number], strict=True):
            if now_so != then:
                proved.more[name] += now_so - then
    if changed:
        _write(connection, mailing_id, sorted(changed.values(), key=lambda row: row.subscriber_id))
    return proved


def _as_it_is(moment: datetime) -> Moment:
    return moment


def _hold(connection: Connection, mailing_id: int, subscribers: list[int]) -> dict[int, _Delivery]:
    """The deliveries, locked in the order in which senders settle: two who want the same rows never wait in a circle."""
    dialect = connection.dialect.name
    wanted = subscribers if dialect == "postgresql" else json.dumps(subscribers)
    found = connection.execute(_holding(dialect), {"mailing": mailing_id, "subscribers": wanted})
    return {row[0]: _delivery(row) for row in found}


def _delivery(row: Row[*tuple[Any, ...]]) -> _Delivery:
    return _Delivery(*row[:6], facts=list(row[6:]))


@cache
def _holding(dialect: str) -> Any:
    moments: list[Any] = [deliveries.c[name] for name in _MOMENTS]
    if dialect == "postgresql":
        chosen = deliveries.c.subscriber_id == any_(bindparam("subscribers", type_=ARRAY(Integer)))
    else:
        moments = [type_coerce(each, String) for each in moments]
        numbers = func.json_each(bindparam("subscribers", type_=String())).table_valued("value")
        chosen = deliveries.c.subscriber_id.in_(select(numbers.c.value))
    return (
        select(*[deliveries.c[name] for name in _PLAIN], *moments)
        .where(deliveries.c.mailing_id == bindparam("mailing", type_=Integer()), chosen)
        .order_by(deliveries.c.subscriber_id)
        .with_for_update()
    )


def _apply(
    row: _Delivery, one: Evidence, proved: Proved, kept: Callable[[datetime], Moment], settled_at: Moment
) -> bool:
    changed = False
    if _goes_out(row, one):
        row.state, row.reason, row.settled_at = State.ACCEPTED, None, settled_at
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
    elif one.attempt < row.attempt and one.message_id:
        proved.older.add((row.subscriber_id, one.attempt))
    if one.fact:
        place = FACTS.index(one.fact)
        heard: Any = row.facts[place]
        at: Any = kept(one.at)
        if heard is None or at < heard:
            row.facts[place] = at
            changed = True
    return changed


def _goes_out(row: _Delivery, one: Evidence) -> bool:
    if row.state == State.CLAIMED:
        # Of a later attempt than ours: the ledger was restored, and the answer to our call will find no row to settle.
        return one.attempt >= row.attempt
    return row.state != State.ACCEPTED


_COUNTED = ("final", "delivered", "hard_bounced", "complained", "soft_bounced")


def _counts(facts: Sequence[Moment | None]) -> tuple[int, ...]:
    """What one letter adds to a tally, in the order of _COUNTED.

    A complaint counts only of a delivered letter: SES also tells of people to whom it did not write, because they had
    complained before.
    """
    is_delivered, hard, soft, complained, rejected = [at is not None for at in facts]
    return (
        int(is_delivered or hard or soft or complained or rejected),
        int(is_delivered),
        int(hard),
        int(is_delivered and complained),
        int(soft and not is_delivered),
    )


def _write(connection: Connection, mailing_id: int, rows: Sequence[_Delivery]) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(_writing_arrays(), {"mailing": mailing_id, **_arrays(rows)})
    else:
        connection.exec_driver_sql(_WRITING, [(*_values(row)[1:], mailing_id, row.subscriber_id) for row in rows])


def _values(row: _Delivery) -> tuple[Any, ...]:
    """In the order of _NEW."""
    plain = (row.subscriber_id, str(row.state), row.reason, row.attempt, row.message_id, row.settled_at)
    return (*plain, *row.facts)


def _arrays(rows: Iterable[_Delivery]) -> dict[str, list[Any]]:
    return dict(zip(_NEW, map(list, zip(*map(_values, rows), strict=True)), strict=True))


_NEW = {
    "subscriber": Integer(),
    "new_state": String(),
    "new_reason": String(),
    "new_attempt": Integer(),
    "new_message_id": String(),
    **{f"new_{name}": DateTime(timezone=True) for name in _MOMENTS},
}

_WRITING = (
    f"UPDATE delivery SET {', '.join(f'{name} = ?' for name in _WRITTEN)} "  # noqa: S608  # nothing but our own names
    "WHERE mailing_id = ? AND subscriber_id = ?"
)
"""For SQLite, once for each row, past SQLAlchemy: its driver binds and runs five hundred of them in two milliseconds."""


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
