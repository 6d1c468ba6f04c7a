"""Merging: two entries of the book are one person, says an operator. Nobody comes back by it who left as either of them.

What is known of the other is added to the one who is kept; the other's row goes, and its number and address stand for
the one who was kept from then on. None of this commits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, literal, select, update

from subscribers import lifecycle
from subscribers.address import Address
from subscribers.errors import Unlawful
from subscribers.imports.keeping import is_by_import, keep_departures, keep_standing, keep_suppressions, keep_tags
from subscribers.imports.tables import import_changes, import_tags
from subscribers.lifecycle import Actor, ConsentAction, Status, SuppressionReason
from subscribers.rows import Held, end_all, hold_all, hold_known, insert_into, insert_new, record, set_status
from subscribers.tables import (
    consent_events,
    merged_subscribers,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)

OF_THE_PERSON = (SuppressionReason.COMPLAINED, SuppressionReason.OPERATOR, SuppressionReason.LEFT_ALL)
"""Suppressions that are about somebody, and not about a mailbox: they hold for whatever address the person has."""

_DEPARTURES = (ConsentAction.LEFT, ConsentAction.LEFT_ALL, ConsentAction.REMOVED, ConsentAction.COMPLAINED)


@dataclass(frozen=True)
class Merge:
    """What becomes of two people who are one."""

    kept: Held
    gone: Held
    statuses: Mapping[str, Status]
    """Newsletter -> what the person is to it afterwards."""
    before: Mapping[str, Status]
    """What the one who is kept was to it."""
    suppressed: tuple[SuppressionReason, ...]
    """Reasons that the kept address takes over."""


def plan(connection: Connection, keep: Address, other: Address) -> Merge:
    """What `merge` would do; both people are held. Raises UnknownSubscriber, and Unlawful for one person twice."""
    hold_all(connection, (keep, other))
    kept, gone = hold_known(connection, keep), hold_known(connection, other)
    if kept.id == gone.id:
        raise Unlawful(f"{kept.email} cannot be merged with itself", hint="name two people who are one")
    before, others = _statuses(connection, kept.id), _statuses(connection, gone.id)
    after = {
        newsletter: _status(before.get(newsletter), status, left=_left(connection, gone, newsletter))
        for newsletter, status in others.items()
    }
    mine, theirs = (_reasons(connection, person.key) for person in (kept, gone))
    taken = tuple(reason for reason in OF_THE_PERSON if reason in theirs and reason not in mine)
    if any(reason.value in {*mine, *taken} for reason in lifecycle.ENDS_ALL):
        after = dict.fromkeys({**before, **after}, Status.UNSUBSCRIBED)
    return Merge(kept, gone, {**before, **after}, before, taken)


def merge(connection: Connection, keep: Address, other: Address, *, now: datetime) -> Merge:
    """Make two people one. Tags are added up, a field or name of the one who is kept stays; see `plan` for the rest.

    The other's address is suppressed as `operator`, so that no import makes a second entry, and a second letter, of it.
    Raises what `plan` does.
    """
    done = plan(connection, keep, other)
    _take_over(connection, done, now)
    _move(connection, done)
    # Before the other's row goes, which would take those along that were merged into it.
    merged = merged_subscribers
    connection.execute(update(merged).where(merged.c.kept_id == done.gone.id).values(kept_id=done.kept.id))
    for table in (import_changes, import_tags, subscriber_tags, subscriptions):
        connection.execute(delete(table).where(table.c.subscriber_id == done.gone.id))
    connection.execute(delete(subscribers).where(subscribers.c.id == done.gone.id))
    row = {"subscriber_id": done.gone.id, "kept_id": done.kept.id, "address_key": done.gone.key, "at": now}
    insert_new(connection, merged_subscribers, row)
    record(
        connection,
        done.kept.id,
        ConsentAction.MERGED,
        newsletter=None,
        source=Actor.OPERATOR.value,
        now=now,
        evidence={"number": str(done.gone.id)},  # not the address: that could be erased by itself
    )
    note = f"merged into subscriber {done.kept.id}"
    _suppress(connection, done.gone.key, SuppressionReason.OPERATOR, note, now)
    return done


def merged_into(connection: Connection, subscriber_id: int) -> Sequence[tuple[int, str | None]]:
    """(number, address key) of everybody who was merged into a person; no key: that address was erased."""
    merged = merged_subscribers.c
    chosen = select(merged.subscriber_id, merged.address_key).where(merged.kept_id == subscriber_id)
    return [(row[0], row[1]) for row in connection.execute(chosen.order_by(merged.subscriber_id))]


def belongs_to(connection: Connection, address: Address) -> str | None:
    """Whose address it is now: of the person whom its own was merged into, or who left it for another; None: nobody's."""
    merged = merged_subscribers.c
    kept = select(subscribers.c.email).join_from(merged_subscribers, subscribers, subscribers.c.id == merged.kept_id)
    # Somebody may have had it, gone by a merge, come back and gone again.
    kept = kept.where(merged.address_key == address.key).order_by(merged.at.desc()).limit(1)
    return connection.execute(kept).scalar_one_or_none()


def leave_behind(connection: Connection, person: Held, new: Address, *, now: datetime) -> None:
    """Treat the address that a person left for a new one as if its entry had been merged into them.

    An old file would else enter it again: they would get two letters, or one although they left or were erased since.
    """
    merged = merged_subscribers
    back = merged.c.address_key == new.key
    connection.execute(update(merged).where(back).values(address_key=None))
    # A number that was somebody's for this moment alone: it will never be anybody else's.
    entry: dict[str, Any] = {"email": person.email, "email_key": person.key, "name": "", "fields": {}}
    moment = {"created_at": now, "updated_at": now}
    inserting = subscribers.insert().values({**entry, **moment}).returning(subscribers.c.id)
    number = connection.execute(inserting).scalar_one()
    connection.execute(delete(subscribers).where(subscribers.c.id == number))
    row = {"subscriber_id": number, "kept_id": person.id, "address_key": person.key, "at": now}
    insert_new(connection, merged_subscribers, row)
    note = f"the letters of subscriber {person.id} go to another address"
    _suppress(connection, person.key, SuppressionReason.LEFT_ALL, note, now)


def addresses_merged_into(connection: Connection, address: Address) -> Sequence[Address]:
    """The addresses that went when they were merged into the person of this one, or were left for it, as they are compared.

    But for those that somebody has again.
    """
    merged, again = merged_subscribers.c, subscribers.alias()
    chosen = (
        select(merged.address_key)
        .join_from(merged_subscribers, subscribers, subscribers.c.id == merged.kept_id)
        .where(subscribers.c.email_key == address.key, merged.address_key.is_not(None))
        .where(~exists().where(again.c.email_key == merged.address_key))
        .order_by(merged.subscriber_id)
    )
    return [Address(email=key, key=key) for key in connection.execute(chosen).scalars() if key is not None]


def _status(kept: Status | None, gone: Status, *, left: bool) -> Status:
    """A departure of either counts; else what the kept address has, whose mailbox has its own proof, or none.

    A subscription of the other that ended only because its mailbox is no more is no departure; it begins none either.
    """
    if kept is Status.UNSUBSCRIBED or (gone is Status.UNSUBSCRIBED and left):
        return Status.UNSUBSCRIBED
    return gone if kept is None else kept


def _left(connection: Connection, person: Held, newsletter: str) -> bool:
    """Whether an ended subscription was ended by a will; where nothing is on record, it was."""
    events = consent_events.c
    ending = [action.value for action in (*_DEPARTURES, ConsentAction.BOUNCED)]
    chosen = select(events.action).where(
        events.subscriber_id == person.id,
        events.action.in_(ending),
        (events.newsletter == newsletter) | events.newsletter.is_(None),
    )
    return set(connection.execute(chosen).scalars()) != {ConsentAction.BOUNCED.value}


def _statuses(connection: Connection, subscriber_id: int) -> dict[str, Status]:
    chosen = select(subscriptions.c.newsletter, subscriptions.c.status)
    rows = connection.execute(chosen.where(subscriptions.c.subscriber_id == subscriber_id))
    return {newsletter: Status(status) for newsletter, status in rows}


def _reasons(connection: Connection, key: str) -> set[str]:
    return set(connection.execute(select(suppressions.c.reason).where(suppressions.c.address_key == key)).scalars())


def _take_over(connection: Connection, done: Merge, now: datetime) -> None:
    """Statuses and suppressions of the one who is kept."""
    moments = select(subscriptions.c.newsletter, subscriptions.c.changed_at, subscriptions.c.status)
    rows = connection.execute(moments.where(subscriptions.c.subscriber_id == done.gone.id)).all()
    since: dict[str, datetime] = {row[0]: row[1] for row in rows}
    # What an import said of the one, the other may have done themselves: taking the import back must not undo that.
    for newsletter, _, status in rows:
        if status == Status.UNSUBSCRIBED.value:
            keep_departures(connection, [done.kept.id], newsletter)
        elif status == Status.SUBSCRIBED.value and not is_by_import(connection, done.gone.id, newsletter):
            keep_standing(connection, done.kept.id, newsletter, Status.SUBSCRIBED)
    _hand_over(connection, done)
    theirs = _reasons(connection, done.gone.key)
    keep_suppressions(connection, [(done.kept.key, reason.value) for reason in OF_THE_PERSON if reason in theirs])
    if any(reason in theirs for reason in OF_THE_PERSON if reason in lifecycle.ENDS_ALL):
        keep_departures(connection, [done.kept.id])
    for newsletter, status in done.statuses.items():
        before = done.before.get(newsletter)
        if status is not before:
            lifecycle.change(before, status, Actor.OPERATOR)
            # A subscription that moves keeps its age; one that ends, ends now.
            at = since.get(newsletter, now) if before is None else now
            set_status(connection, done.kept.id, newsletter, status, at)
    for reason in done.suppressed:
        one = select(suppressions).where(
            suppressions.c.address_key == done.gone.key, suppressions.c.reason == reason.value
        )
        row = connection.execute(one).one()
        _suppress(connection, done.kept.key, reason, row.note, row.at)
        if reason in lifecycle.ENDS_ALL:
            end_all(connection, done.kept.id, now)


def _hand_over(connection: Connection, done: Merge) -> None:
    """A subscription that the other had by an import, and the kept one takes over, goes with that import as before."""
    taken = [newsletter for newsletter in done.statuses if newsletter not in done.before]
    mine, changes = import_changes.alias(), import_changes.c
    same = exists().where(
        mine.c.subscriber_id == done.kept.id,
        mine.c.import_id == changes.import_id,
        mine.c.newsletter == changes.newsletter,
    )
    # A name and fields stay with the one who is kept, and nobody came into the book as them by that import.
    stays = dict.fromkeys(("name_given", "fields_given", "updated_at_before"))
    connection.execute(
        update(import_changes)
        .where(changes.subscriber_id == done.gone.id, changes.newsletter.in_(taken), ~same.correlate(import_changes))
        .values(subscriber_id=done.kept.id, created=False, **stays)
    )


def _move(connection: Connection, done: Merge) -> None:
    """What was known of the other."""
    kept, gone = done.kept, done.gone
    tags = select(literal(kept.id), subscriber_tags.c.tag).where(subscriber_tags.c.subscriber_id == gone.id)
    insert = insert_into(connection, subscriber_tags).from_select(["subscriber_id", "tag"], tags.order_by("tag"))
    connection.execute(insert.on_conflict_do_nothing())
    imported = exists().where(import_tags.c.subscriber_id == gone.id, import_tags.c.tag == subscriber_tags.c.tag)
    by_hand = select(subscriber_tags.c.tag).where(subscriber_tags.c.subscriber_id == gone.id, ~imported)
    # Of the same tag on the one who is kept, an import may believe that it is its own, and take it back.
    keep_tags(connection, [kept.id], connection.execute(by_hand).scalars().all())
    events = consent_events
    connection.execute(update(events).where(events.c.subscriber_id == gone.id).values(subscriber_id=kept.id))
    values = {"name": kept.name or gone.name, "fields": {**gone.fields, **kept.fields}}
    if values != {"name": kept.name, "fields": kept.fields}:
        connection.execute(update(subscribers).where(subscribers.c.id == kept.id).values(values))


def _suppress(connection: Connection, key: str, reason: SuppressionReason, note: str, at: datetime) -> None:
    row = {"address_key": key, "reason": reason.value, "at": at, "note": note}
    keep_suppressions(connection, [(key, reason.value)])
    insert_new(connection, suppressions, row)
