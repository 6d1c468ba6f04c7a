"""Applies events within one transaction: stored once, then everything that follows from the new ones, set-wise."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from mailer.feedback import guard, soft
from mailer.feedback.attribution import Attributed, attribute
from mailer.feedback.obeying import obey
from mailer.feedback.tables import doubles, events
from mailer.feedback.values import Feedback, Kind, Policies, Raw, Taken, storable
from mailer.ledger import facts, mailings, notices, tally
from mailer.ledger.facts import Evidence, Moment
from mailer.ledger.states import PauseReason
from mailer.ledger.tables import mailings as mailing_table
from subscribers.columns import sqlite_moment
from subscribers.erasure import Hasher
from subscribers.rows import insert_into, lock_erasures

FACTS: Mapping[Kind, notices.Fact] = {
    Kind.DELIVERED: "delivered_at",
    Kind.HARD_BOUNCED: "hard_bounced_at",
    Kind.SOFT_BOUNCED: "soft_bounced_at",
    Kind.COMPLAINED: "complained_at",
    Kind.REJECTED: "rejected_at",
}
"""Kind -> the fact that it is. CONTENT_BOUNCED is none: it says something of the letter, and nothing of the reader."""


@dataclass(frozen=True)
class Terms:
    """What a batch is applied with."""

    hashes: Hasher
    """An address's key -> its keyed hashes, by which an erased person is known."""
    now: datetime
    policies: Policies


def apply(connection: Connection, given: Mapping[bytes, tuple[Feedback, Raw]], terms: Terms) -> Taken:
    """Store events by their keys and apply those that were not here yet. The caller commits."""
    if not given:
        return Taken()
    # Nobody is erased between the look whether they were and the storing of their address.
    lock_erasures(connection, to_erase=False)
    found = attribute(connection, {key: feedback for key, (feedback, _) in given.items()}, terms.hashes)
    new = _store(connection, found, terms.now)
    proved = prove_letters(connection, new, terms)
    proved.settled += _notices(connection, new, terms.now)
    suppressed = obey(connection, new, hashes=terms.hashes, now=terms.now)
    suppressed += judge_softly(connection, new, terms)
    orphans = sum(1 for one in new if one.notice is None and (one.mailing_id, one.subscriber_id) not in proved.known)
    return Taken(
        new=len(new),
        repeated=len(found) - len(new),
        orphans=orphans,
        settled=proved.settled,
        suppressed=suppressed,
        paused=tuple(proved.paused),
    )


class Proved:
    """What became of all mailings of a batch."""

    def __init__(self) -> None:
        self.settled = 0
        self.known: set[tuple[int | None, int | None]] = set()
        self.paused: list[tuple[str, int, str]] = []


def prove_letters(connection: Connection, new: Sequence[Attributed], terms: Terms) -> Proved:
    """Write down what new events prove of letters, and pause the mailings that must not go on."""
    proved = Proved()
    for mailing_id, letters in _by_mailing(new).items():
        _prove(connection, mailing_id, letters, terms, proved)
    return proved


def judge_softly(connection: Connection, new: Sequence[Attributed], terms: Terms) -> int:
    """Judge those whose soft bounces or deliveries are new, when their facts are written. How many were suppressed."""
    bounced, delivered = _people(new, Kind.SOFT_BOUNCED), _people(new, Kind.DELIVERED)
    return soft.judge(connection, bounced, delivered, now=terms.now, policies=terms.policies)


def _store(connection: Connection, found: Sequence[Attributed], now: datetime) -> list[Attributed]:
    """Store events; those that were not here yet. In order of their keys, so that two takers never wait in a circle."""
    ordered = sorted(found, key=lambda one: one.key)
    if connection.dialect.name == "sqlite":
        return _store_alone(connection, ordered, now)
    rows = [dict(zip(_COLUMNS, _row(one, one.feedback.at, now), strict=True)) for one in ordered]
    statement = insert_into(connection, events).on_conflict_do_nothing(index_elements=["key"])
    stored = connection.execute(statement.returning(events.c.key), rows).scalars()
    new = {bytes(key) for key in stored}
    return [one for one in ordered if one.key in new]


def _store_alone(connection: Connection, ordered: Sequence[Attributed], now: datetime) -> list[Attributed]:
    """The same on SQLite, where nobody else writes meanwhile: look what is here, and hand the rest to the driver."""
    keys = tuple(one.key for one in ordered)
    places = ", ".join("?" * len(keys))
    here = set(connection.exec_driver_sql(f"SELECT key FROM event WHERE key IN ({places})", keys).scalars())  # noqa: S608  # question marks
    new = [one for one in ordered if one.key not in here]
    if new:
        heard_at = sqlite_moment(now)
        connection.exec_driver_sql(_STORING, [_row(one, sqlite_moment(one.feedback.at), heard_at) for one in new])
    return new


_COLUMNS = (
    *("key", "kind", "detail", "message_id", "mailing_id", "subscriber_id"),
    *("attempt", "at", "heard_at", "diagnosis", "raw"),
)
_STORING = f"INSERT INTO event ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608  # our own names


def _row(one: Attributed, at: Moment, heard_at: Moment) -> tuple[Any, ...]:
    """In the order of _COLUMNS."""
    said = one.feedback
    return (
        one.key,
        said.kind.value,
        storable(said.detail),
        said.message_id,
        one.mailing_id,
        one.subscriber_id,
        one.attempt,
        at,
        heard_at,
        "" if one.erased else said.diagnosis,
        "" if one.erased else said.raw,
    )


def _by_mailing(new: Sequence[Attributed]) -> dict[int, list[Attributed]]:
    """The events of letters, by mailing; in order, because their rows are locked one mailing after the other."""
    letters: defaultdict[int, list[Attributed]] = defaultdict(list)
    for one in new:
        if one.mailing_id is not None:
            letters[one.mailing_id].append(one)
    return dict(sorted(letters.items()))


def _prove(
    connection: Connection, mailing_id: int, letters: Sequence[Attributed], terms: Terms, all_proved: Proved
) -> None:
    evidence = [
        Evidence(
            one.subscriber_id, one.attempt, one.feedback.message_id, FACTS.get(one.feedback.kind, ""), one.feedback.at
        )
        for one in letters
        if one.subscriber_id is not None and one.attempt is not None
    ]
    proved = facts.prove(connection, mailing_id, evidence, terms.now)
    all_proved.settled += proved.settled
    all_proved.known.update((mailing_id, number) for number in proved.known)
    proved.more["returned"] = sum(one.feedback.kind is Kind.CONTENT_BOUNCED for one in letters)
    counts = tally.add(connection, mailing_id, proved.more, terms.now)
    reason = guard.verdict(counts, terms.policies)
    found = proved.doubles | _older_doubles(connection, mailing_id, proved.older)
    if _stored_doubles(connection, mailing_id, found, terms.now):
        reason = PauseReason.DUPLICATE
    if reason and mailings.pause(connection, mailing_id, reason):
        newsletter, issue = _named(connection, mailing_id)
        all_proved.paused.append((newsletter, issue, reason))


def _older_doubles(
    connection: Connection, mailing_id: int, attempts: set[tuple[int, int]]
) -> set[tuple[int, int, str]]:
    """Second letters of these (subscriber, attempt), by the events that are kept: all numbers but the least, as in the ledger."""
    if not attempts:
        return set()
    told = (
        select(events.c.subscriber_id, events.c.attempt, events.c.message_id)
        .where(
            events.c.mailing_id == mailing_id,
            events.c.subscriber_id.in_(sorted({subscriber for subscriber, _ in attempts})),
            events.c.message_id != "",
        )
        .distinct()
        .order_by(events.c.message_id)
    )
    found: set[tuple[int, int, str]] = set()
    seen: set[tuple[int, int]] = set()
    for subscriber, attempt, message_id in connection.execute(told):
        letter = (subscriber, attempt)
        if letter in attempts and letter in seen:
            found.add((*letter, message_id))
        seen.add(letter)
    return found


def _stored_doubles(connection: Connection, mailing_id: int, found: set[tuple[int, int, str]], now: datetime) -> bool:
    """Write down second letters of one attempt; whether one of them was not known yet: only that one is an alarm."""
    if not found:
        return False
    rows = [
        {
            "mailing_id": mailing_id,
            "subscriber_id": subscriber,
            "attempt": attempt,
            "message_id": message_id,
            "heard_at": now,
        }
        for subscriber, attempt, message_id in sorted(found)
    ]
    statement = insert_into(connection, doubles).on_conflict_do_nothing()
    return connection.execute(statement.returning(doubles.c.subscriber_id), rows).first() is not None


def _named(connection: Connection, mailing_id: int) -> Row[str, int]:
    names = select(mailing_table.c.newsletter, mailing_table.c.issue).where(mailing_table.c.id == mailing_id)
    return connection.execute(names).one()


def _notices(connection: Connection, new: Sequence[Attributed], now: datetime) -> int:
    """Notices are few: one after the other. How many were settled."""
    settled = 0
    for one in new:
        if one.notice is None:
            continue
        settled += notices.prove(connection, one.notice, one.feedback.message_id, now)
        fact = FACTS.get(one.feedback.kind)
        if fact is not None:
            notices.hear(connection, one.notice, fact, one.feedback.at)
    return settled


def _people(new: Sequence[Attributed], kind: Kind) -> set[int]:
    """Whose letters the new events of a kind are about."""
    return {one.subscriber_id for one in new if one.subscriber_id is not None and one.feedback.kind is kind}
