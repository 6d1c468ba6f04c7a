"""Merging: two entries of the book are one person, says an operator. Nobody comes back by it who left as either of them.

What is known of the other is added to the one who is kept; the other's row goes, and its number and address stand for
the one who was kept from then on. None of this commits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, exists, literal, select, update

from subscribers import lifecycle
from subscribers.address import Address
from subscribers.errors import Unlawful
from subscribers.forwarding import forward, set_apart
from subscribers.imports.keeping import is_by_import, keep_departures, keep_standing, keep_suppressions, keep_tags
from subscribers.imports.tables import import_changes, import_tags
from subscribers.lifecycle import Actor, ConsentAction, Status, SuppressionReason
from subscribers.rows import Held, end_all, hold_all, hold_known, insert_into, record, set_status
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
    forward(connection, done.gone.id, done.gone.key, done.kept.id, now)
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
    set_apart(connection, done.gone.key, SuppressionReason.OPERATOR, note, now)
    return done


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
        set_apart(connection, done.kept.key, reason, row.note, row.at)
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
