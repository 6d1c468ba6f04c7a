"""Each letter's story for one person, and each notice's for an address: what became of it, from its claim to the last event."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from mailer.feedback.tables import doubles, events
from mailer.feedback.values import Kind, one_line
from mailer.ledger.facts import FACTS
from mailer.ledger.notice_tables import notices
from mailer.ledger.standing import standing
from mailer.ledger.states import State
from mailer.ledger.tables import deliveries, exclusions, mailings


@dataclass(frozen=True)
class Moment:
    """One thing that happened to a letter; `what` is one clean line."""

    at: datetime | None
    """None: nobody knows when, or it is still to come."""
    what: str


@dataclass(frozen=True)
class Story:
    """One letter to one person."""

    newsletter: str
    issue: int
    standing: str
    """As `mailer.ledger.standing` has it; `excluded` for whoever was left out beforehand."""
    moments: tuple[Moment, ...]
    """In order of time."""


@dataclass(frozen=True)
class NoticeStory:
    """One letter to one address outside any mailing."""

    kind: str
    """One of `mailer.ledger.notices.Kind`."""
    newsletter: str
    email: str
    standing: str
    """As of a letter of a mailing."""
    moments: tuple[Moment, ...]
    """In order of time; the first is when it was asked for."""


_LEDGER = ("state", "reason", "attempt", "claimed_at", "settled_at", "message_id", *FACTS)
_WORDS: Mapping[Kind, str] = {
    Kind.ACCEPTED: "the carrier took it",
    Kind.DELAYED: "delayed",
    Kind.DELIVERED: "delivered",
    Kind.SOFT_BOUNCED: "soft bounce",
    Kind.CONTENT_BOUNCED: "returned because of the letter itself",
    Kind.HARD_BOUNCED: "hard bounce",
    Kind.REJECTED: "rejected: it never went out",
    Kind.COMPLAINED: "complaint: the reader called it spam",
    Kind.NOT_SPAM: "the reader said that it is no spam",
    Kind.OPENED: "opened",
    Kind.CLICKED: "a link was followed",
    Kind.PREFERENCE: "preferences changed at the carrier",
    Kind.OTHER: "told of",
}
_BY_FACT: Mapping[str, Kind] = {
    "delivered_at": Kind.DELIVERED,
    "hard_bounced_at": Kind.HARD_BOUNCED,
    "soft_bounced_at": Kind.SOFT_BOUNCED,
    "complained_at": Kind.COMPLAINED,
    "rejected_at": Kind.REJECTED,
}
_OUT_OF_OFFICE = "an automatic answer, such as out of office"
_FAR = datetime.max.replace(tzinfo=UTC)


def stories(connection: Connection, subscriber_id: int) -> Sequence[Story]:
    """The story of every letter to a person, the latest mailing first. Diagnoses are stripped of control characters."""
    columns = [deliveries.c[name] for name in _LEDGER]
    rows = connection.execute(
        select(mailings.c.id, mailings.c.newsletter, mailings.c.issue, *columns)
        .join_from(mailings, deliveries, deliveries.c.mailing_id == mailings.c.id)
        .where(deliveries.c.subscriber_id == subscriber_id)
    ).all()
    told = _events(connection, subscriber_id)
    twice = _doubles(connection, subscriber_id)
    found = [(row.id, _story(row, told.get(row.id, ()), twice.get(row.id, ()))) for row in rows]
    found += _left_out(connection, subscriber_id)
    return [story for _, story in sorted(found, key=lambda pair: pair[0], reverse=True)]


def notice_stories(connection: Connection, address_keys: Collection[str]) -> Sequence[NoticeStory]:
    """The story of every notice to these addresses that is not forgotten yet, the earliest first."""
    named = [notices.c[name] for name in ("kind", "newsletter", "email", "created_at")]
    chosen = (
        select(*named, *(notices.c[name] for name in _LEDGER))
        .where(func.lower(notices.c.email).in_(address_keys))
        .order_by(notices.c.created_at, notices.c.id)
    )
    return [_notice_story(row) for row in connection.execute(chosen)]


def _notice_story(row: Row[*tuple[Any, ...]]) -> NoticeStory:
    moments = (Moment(row.created_at, "asked for"), *_moments(row, (), ()))
    return NoticeStory(row.kind, row.newsletter, row.email, standing(row.state, _facts(row)), moments)


def _events(connection: Connection, subscriber_id: int) -> Mapping[int, Sequence[Row[*tuple[Any, ...]]]]:
    chosen = (
        select(events.c.mailing_id, events.c.kind, events.c.detail, events.c.at, events.c.diagnosis)
        .where(events.c.subscriber_id == subscriber_id, events.c.mailing_id.is_not(None))
        .order_by(events.c.at, events.c.id)
    )
    told: defaultdict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in connection.execute(chosen):
        told[row.mailing_id].append(row)
    return told


def _doubles(connection: Connection, subscriber_id: int) -> Mapping[int, Sequence[Row[*tuple[Any, ...]]]]:
    chosen = select(doubles.c.mailing_id, doubles.c.message_id, doubles.c.heard_at).where(
        doubles.c.mailing_id.in_(select(mailings.c.id)), doubles.c.subscriber_id == subscriber_id
    )
    twice: defaultdict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in connection.execute(chosen):
        twice[row.mailing_id].append(row)
    return twice


def _left_out(connection: Connection, subscriber_id: int) -> list[tuple[int, Story]]:
    rows = connection.execute(
        select(mailings.c.id, mailings.c.newsletter, mailings.c.issue, mailings.c.opened_at, exclusions.c.reason)
        .join_from(mailings, exclusions, exclusions.c.mailing_id == mailings.c.id)
        .where(exclusions.c.subscriber_id == subscriber_id)
    )
    return [
        (row.id, Story(row.newsletter, row.issue, "excluded", (Moment(row.opened_at, f"left out: {row.reason}"),)))
        for row in rows
    ]


def _story(
    row: Row[*tuple[Any, ...]], told: Sequence[Row[*tuple[Any, ...]]], twice: Sequence[Row[*tuple[Any, ...]]]
) -> Story:
    return Story(row.newsletter, row.issue, standing(row.state, _facts(row)), _moments(row, told, twice))


def _facts(row: Row[*tuple[Any, ...]]) -> Mapping[str, datetime | None]:
    return {fact: getattr(row, fact) for fact in FACTS}


def _moments(
    row: Row[*tuple[Any, ...]], told: Sequence[Row[*tuple[Any, ...]]], twice: Sequence[Row[*tuple[Any, ...]]]
) -> tuple[Moment, ...]:
    moments = [*_own(row), *_heard(_facts(row), told)]
    moments += [
        Moment(one.heard_at, f"a second letter of the same attempt was heard of: {one.message_id}") for one in twice
    ]
    moments.sort(key=lambda moment: moment.at or _FAR)  # stable: what happened at once stays in the order of its making
    return tuple(moments)


def _own(row: Row[*tuple[Any, ...]]) -> Iterator[Moment]:
    """What the ledger itself knows."""
    reason = f": {one_line(row.reason)}" if row.reason else ""
    if row.claimed_at is not None:
        again = f", attempt {row.attempt}" if row.attempt > 1 else ""
        yield Moment(row.claimed_at, f"claimed by a sender{again}")
    match row.state:
        case State.PENDING:
            yield Moment(None, "waits to be sent")
        case State.CLAIMED:
            yield Moment(None, "in a call: its answer is not here yet")
        case State.UNCERTAIN:
            yield Moment(row.settled_at, f"uncertain: the answer was lost{reason}")
        case State.ACCEPTED:
            number = f": {one_line(row.message_id)}" if row.message_id else reason
            yield Moment(row.settled_at, f"accepted{number}")
        case _:
            yield Moment(row.settled_at, f"{row.state}{reason}")


def _heard(facts: Mapping[str, datetime | None], told: Sequence[Row[*tuple[Any, ...]]]) -> Iterator[Moment]:
    """What events told; of those that were not kept, the facts remain."""
    delivered = facts["delivered_at"]
    for one in told:
        kind = Kind(one.kind)
        words = _OUT_OF_OFFICE if kind is Kind.SOFT_BOUNCED and delivered is not None else _WORDS[kind]
        detail = f" ({one_line(one.detail)})" if one.detail else ""
        diagnosis = f": {one_line(one.diagnosis)}" if one.diagnosis else ""
        yield Moment(one.at, f"{words}{detail}{diagnosis}")
    kinds = {one.kind for one in told}
    for fact, kind in _BY_FACT.items():
        at = facts[fact]
        if at is not None and kind.value not in kinds:
            soft = kind is Kind.SOFT_BOUNCED and delivered is not None
            yield Moment(at, _OUT_OF_OFFICE if soft else _WORDS[kind])
