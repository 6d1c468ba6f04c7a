"""Whose letter an event is about: by our tags, then by the letter's number, never by the bounced address alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, select

from mailer.feedback.values import Feedback
from mailer.ledger import facts, notices
from mailer.ledger.notices import NoticeRow
from mailer.ledger.tables import mailings
from subscribers.address import parse
from subscribers.erasure import Hasher, marks
from subscribers.errors import BadAddress
from subscribers.tables import merged_subscribers, subscribers, suppressions

SLACK = timedelta(minutes=10)
"""How far the carrier's clock and ours may be apart."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """An event, and the letter that it is about; None: it is an orphan."""

    key: bytes
    feedback: Feedback
    mailing_id: int | None = None
    subscriber_id: int | None = None
    attempt: int | None = None
    notice: NoticeRow | None = None
    address_key: str | None = None
    """That of the person as they are in the book now, also when they were merged; None: they are not in it."""
    erased: bool = False
    """It names an address that was erased: nothing of it is stored in clear."""


def attribute(connection: Connection, given: Mapping[bytes, Feedback], hashes: Hasher) -> list[Attributed]:
    """Find the letter of each event."""
    ids = _mailings(connection, {said.mailing for said in given.values() if said.mailing})
    by_number = _by_message_id(connection, given.values())
    letters: dict[bytes, tuple[int, int, int]] = {}
    for key, said in given.items():
        tagged = said.letter if said.mailing in ids else None
        if tagged is not None:
            letters[key] = (ids[said.mailing], *tagged)
        elif not said.mailing and said.message_id in by_number:
            letters[key] = by_number[said.message_id]
    numbers = {subscriber for _, subscriber, _ in letters.values()}
    own = _in_book(connection, numbers)
    keys = {**_merged(connection, numbers - own.keys()), **own}
    found: list[Attributed] = []
    for key, said in given.items():
        mailing, subscriber, attempt = letters.get(key, (None, None, None))
        found.append(
            Attributed(
                key,
                said,
                mailing,
                subscriber,
                attempt,
                notices.by_tag(connection, said.delivery) if said.mailing == notices.TAG else None,
                keys.get(subscriber) if subscriber is not None else None,
            )
        )
    return _without_erased(connection, found, own.keys(), hashes)


def address_keys(addresses: Iterable[str]) -> list[str]:
    """The keys of those that are addresses. SES writes some as `Name <address>`."""
    keys: list[str] = []
    for address in addresses:
        plain = address.rpartition("<")[2].rstrip(">") if address.endswith(">") else address
        try:
            keys.append(parse(plain).key)
        except BadAddress:
            continue
    return keys


def erased_among(connection: Connection, keys: Iterable[str], hashes: Hasher) -> set[str]:
    """Those of some address keys whose owners were erased."""
    marked = {mark: key for key in set(keys) for mark in marks(hashes(key))}
    if not marked:
        return set()
    found = connection.execute(select(suppressions.c.address_key).where(suppressions.c.address_key.in_(sorted(marked))))
    return {marked[mark] for mark in found.scalars()}


def _mailings(connection: Connection, tokens: set[str]) -> dict[str, int]:
    if not tokens:
        return {}
    rows = connection.execute(select(mailings.c.token, mailings.c.id).where(mailings.c.token.in_(sorted(tokens))))
    return {row[0]: row[1] for row in rows}


def _by_message_id(connection: Connection, given: Iterable[Feedback]) -> dict[str, tuple[int, int, int]]:
    untagged = {said.message_id: said.accepted_at or said.at for said in given if not said.mailing and said.message_id}
    if not untagged:
        return {}
    return facts.by_message_ids(connection, untagged, min(untagged.values()) - SLACK, max(untagged.values()) + SLACK)


def _in_book(connection: Connection, numbers: set[int]) -> dict[int, str]:
    if not numbers:
        return {}
    chosen = select(subscribers.c.id, subscribers.c.email_key).where(subscribers.c.id.in_(sorted(numbers)))
    return {row[0]: row[1] for row in connection.execute(chosen)}


def _merged(connection: Connection, numbers: set[int]) -> dict[int, str]:
    """Numbers of old letters -> the address key of whoever their person was merged into."""
    if not numbers:
        return {}
    merged = merged_subscribers.c
    chosen = (
        select(merged.subscriber_id, subscribers.c.email_key)
        .join_from(merged_subscribers, subscribers, subscribers.c.id == merged.kept_id)
        .where(merged.subscriber_id.in_(sorted(numbers)))
    )
    return {row[0]: row[1] for row in connection.execute(chosen)}


def _without_erased(
    connection: Connection, found: Sequence[Attributed], in_book: Collection[int], hashes: Hasher
) -> list[Attributed]:
    """Mark the events that name an address which was erased."""
    named = {one.key: keys for one in found if (keys := _strangers(one, written_to=one.subscriber_id in in_book))}
    gone = erased_among(connection, (key for keys in named.values() for key in keys), hashes)
    return [_marked(one) if gone.intersection(named.get(one.key, ())) else one for one in found]


def _strangers(one: Attributed, *, written_to: bool) -> list[str]:
    """The keys of the addresses that an event names, but for that of whoever is in the book and was written to.

    They were not erased; but a letter that they forwarded may bounce at somebody's who was.
    """
    destination = one.feedback.destination
    if written_to:
        return address_keys(each.address for each in one.feedback.concerned if each.address not in destination)
    return address_keys([*destination, *(each.address for each in one.feedback.concerned)])


def _marked(one: Attributed) -> Attributed:
    return Attributed(
        one.key, one.feedback, one.mailing_id, one.subscriber_id, one.attempt, one.notice, one.address_key, erased=True
    )
