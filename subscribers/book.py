"""The verbs of the address book: subscribe, confirm, unsubscribe, leave, remove, tag.

Each takes a connection first and the moment `now`; none commits. What becomes of an address as a whole is in
`subscribers.suppressing`; who is in the book is read with `subscribers.people`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, update

from subscribers import lifecycle
from subscribers.address import Address
from subscribers.errors import UnknownSubscriber, Unlawful
from subscribers.imports.keeping import keep_departures, keep_standing, keep_suppressions, keep_tags
from subscribers.lifecycle import LIFTED_BY_CONFIRMING, Actor, ConsentAction, Status, SuppressionReason
from subscribers.rows import (
    Held,
    hold,
    hold_known,
    insert_into,
    insert_new,
    is_erased,
    lock_erasures,
    record,
    set_status,
    status_of,
    suppressed,
)
from subscribers.tables import subscriber_tags, subscribers, suppressions
from subscribers.values import clean_fields, clean_name, clean_tags

NO_EVIDENCE: Mapping[str, str] = {}


@dataclass(frozen=True)
class Subscribed:
    """What became of a call to subscribe."""

    subscriber_id: int
    before: Status | None
    """None: there was no subscription to this newsletter."""
    status: Status


def subscribe(
    connection: Connection,
    address: Address,
    newsletter: str,
    *,
    actor: Actor,
    source: str,
    hashes: Sequence[str],
    now: datetime,
    name: str = "",
    tags: Iterable[str] = (),
    fields: Mapping[str, str] = NO_EVIDENCE,
    evidence: Mapping[str, str] = NO_EVIDENCE,
) -> Subscribed:
    """Enter an address, or learn more about one that is here.

    A person's own request (`source` names the form) makes nobody subscribed: `confirm` does. It changes nothing
    about somebody who is here already, because anybody can type anybody's address into a form. An operator's or
    an import's makes them subscribed when `source` says where they gave consent, else unconfirmed.

    `hashes` are the address's keyed hashes. Raises Unlawful when the address was erased; and, for anyone but the
    person, when it is suppressed or the subscription was ended. Raises BadValue for a name, tag or field.
    """
    name, tags, fields = clean_name(name), clean_tags(tags), clean_fields(fields)
    lock_erasures(connection, to_erase=False)
    if is_erased(connection, hashes):
        raise kept_out(address.email, SuppressionReason.ERASED)
    if actor is not Actor.PERSON:
        reason = suppressed(connection, address.key)
        if reason is not None:
            raise kept_out(address.email, reason)

    person, is_new = _entered(connection, address, now)
    before = status_of(connection, person.id, newsletter)
    attested = actor is not Actor.PERSON and bool(source.strip())
    wanted = Status.SUBSCRIBED if attested else Status.UNCONFIRMED
    if before is Status.SUBSCRIBED or (actor is Actor.PERSON and before is Status.UNSUBSCRIBED):
        status = before
    else:
        lifecycle.change(before, wanted, actor)
        status = wanted
    if status is not before:
        set_status(connection, person.id, newsletter, status, now)
    # What an import said already an operator says by themselves now: taking the import back must leave it there.
    again = actor is Actor.OPERATOR and status is before is wanted
    theirs = again and keep_standing(connection, person.id, newsletter, status)
    if is_new or actor is not Actor.PERSON:
        # An import fills in a missing name; an operator may mean to mend one.
        _describe(
            connection, person, name=name if actor is Actor.OPERATOR else person.name or name, fields=fields, now=now
        )
        tag(connection, person.id, tags)
    if actor is Actor.PERSON and status is not Status.SUBSCRIBED:
        action = ConsentAction.REQUESTED
    elif status is Status.SUBSCRIBED and (status is not before or theirs):
        action = ConsentAction.ATTESTED
    else:
        return Subscribed(person.id, before, status)
    record(connection, person.id, action, newsletter=newsletter, source=source, now=now, evidence=evidence)
    return Subscribed(person.id, before, status)


def confirm(
    connection: Connection,
    subscriber_id: int,
    newsletter: str,
    *,
    source: str,
    now: datetime,
    evidence: Mapping[str, str] = NO_EVIDENCE,
) -> bool:
    """The person followed the link in their own mailbox: subscribe them. Whether anything changed.

    Lifts what that disproves (undeliverable, left-all) and nothing else: after a hard bounce or a complaint an
    operator must lift too. Raises UnknownSubscriber, and Unlawful when nobody ever asked for this subscription.
    """
    person = hold_known(connection, subscriber_id)
    before = status_of(connection, person.id, newsletter)
    lifecycle.change(before, Status.SUBSCRIBED, Actor.PERSON)
    disproved = [reason.value for reason in LIFTED_BY_CONFIRMING]
    keep_suppressions(connection, [(person.key, reason) for reason in disproved])
    lifted = connection.execute(
        delete(suppressions).where(suppressions.c.address_key == person.key, suppressions.c.reason.in_(disproved))
    )
    # Also of whom an import subscribed: from now on it is their own word, and stays when the import is taken back.
    theirs = keep_standing(connection, person.id, newsletter, Status.SUBSCRIBED)
    if before is Status.SUBSCRIBED and not (lifted.rowcount or theirs):
        return False
    set_status(connection, person.id, newsletter, Status.SUBSCRIBED, now)
    record(
        connection,
        person.id,
        ConsentAction.CONFIRMED,
        newsletter=newsletter,
        source=source,
        now=now,
        evidence=evidence,
    )
    return True


def unsubscribe(
    connection: Connection,
    who: int | Address,
    newsletter: str,
    *,
    source: str,
    now: datetime,
    evidence: Mapping[str, str] = NO_EVIDENCE,
) -> bool:
    """The person leaves one newsletter. Whether anything changed: leaving twice, or after erasure, is no error.

    Somebody who never had this subscription gets an ended one, so that a later import cannot begin it.
    """
    person = hold(connection, who)
    if person is None:
        return False
    if status_of(connection, person.id, newsletter) is not Status.UNSUBSCRIBED:
        set_status(connection, person.id, newsletter, Status.UNSUBSCRIBED, now)
    elif not keep_departures(connection, [person.id], newsletter):
        return False
    record(connection, person.id, ConsentAction.LEFT, newsletter=newsletter, source=source, now=now, evidence=evidence)
    return True


def remove(connection: Connection, who: int | Address, newsletter: str, *, now: datetime, note: str = "") -> bool:
    """An operator ends a person's subscription to one newsletter. Whether anything changed.

    The person stays in the book: links in letters that they have keep working, and no import brings them back.
    Raises UnknownSubscriber when they are not in the book or never had this subscription.
    """
    person = hold_known(connection, who)
    before = status_of(connection, person.id, newsletter)
    if before is None:
        raise UnknownSubscriber(f"{person.email} has no subscription to {newsletter}")
    if before is not Status.UNSUBSCRIBED:
        set_status(connection, person.id, newsletter, Status.UNSUBSCRIBED, now)
    elif not keep_departures(connection, [person.id], newsletter):
        return False
    evidence = {"note": note} if note else NO_EVIDENCE
    record(
        connection,
        person.id,
        ConsentAction.REMOVED,
        newsletter=newsletter,
        source=Actor.OPERATOR.value,
        now=now,
        evidence=evidence,
    )
    return True


def tag(connection: Connection, subscriber_id: int, tags: Iterable[str]) -> None:
    """Put tags on a person; having one already, or being gone by now, is no error. Raises BadValue."""
    words = clean_tags(tags)
    # Held: whoever is erased at this moment would else leave the tag behind, as no foreign key asks for them.
    person = hold(connection, subscriber_id) if words else None
    if person is not None:
        rows = [{"subscriber_id": person.id, "tag": word} for word in words]
        connection.execute(insert_into(connection, subscriber_tags).on_conflict_do_nothing(), rows)
        keep_tags(connection, [person.id], words)


def untag(connection: Connection, subscriber_id: int, tags: Iterable[str]) -> None:
    """Take tags off a person; not having one, or being gone by now, is no error. Raises BadValue."""
    words = clean_tags(tags)
    person = hold(connection, subscriber_id) if words else None
    if person is not None:
        mine = subscriber_tags.c
        connection.execute(delete(subscriber_tags).where(mine.subscriber_id == person.id, mine.tag.in_(words)))
        keep_tags(connection, [person.id], words)


def kept_out(email: str, reason: SuppressionReason) -> Unlawful:
    """The error for an address that nobody but its owner, or an operator who lifts, may bring back."""
    match reason:
        case SuppressionReason.ERASED:
            return Unlawful(
                f"{email} was erased at the person's wish, and is not entered again",
                hint="if they ask to come back, an operator must first lift `erased`",
            )
        case SuppressionReason.LEFT_ALL:
            return Unlawful(
                f"{email} left all newsletters, and only they can come back",
                hint="they can subscribe again themselves and confirm it; nobody else can do it for them",
            )
        case _:
            return Unlawful(
                f"{email} is suppressed ({reason.value}), and is not mailed until that is lifted",
                hint="see `suppressions list`; lift it only when you know why it is there",
            )


def _entered(connection: Connection, address: Address, now: datetime) -> tuple[Held, bool]:
    """The person of an address, held; and whether they are new in the book."""
    row: dict[str, Any] = {
        "email": address.email,
        "email_key": address.key,
        "name": "",
        "fields": {},
        "created_at": now,
        "updated_at": now,
    }
    is_new = insert_new(connection, subscribers, row, key=["email_key"])
    person = hold(connection, address)
    while person is None:  # they were there, and went at this very moment with an import that was taken back
        is_new = insert_new(connection, subscribers, row, key=["email_key"])
        person = hold(connection, address)
    return person, is_new


def _describe(connection: Connection, person: Held, *, name: str, fields: Mapping[str, str], now: datetime) -> None:
    """Keep what was newly said of a person; what was not said stays as it is."""
    values = {"name": name or person.name, "fields": {**person.fields, **fields}}
    if values != {"name": person.name, "fields": person.fields}:
        connection.execute(update(subscribers).where(subscribers.c.id == person.id).values(**values, updated_at=now))
