"""The verbs about an address as a whole: suppress, lift, leave all, erase. None commits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from subscribers import lifecycle
from subscribers.address import Address
from subscribers.erasure import marks
from subscribers.errors import Unlawful
from subscribers.imports.keeping import keep_departures, keep_suppressions
from subscribers.imports.tables import import_changes, import_suppressions, import_tags
from subscribers.lifecycle import ENDS_ALL, Actor, ConsentAction, SuppressionReason
from subscribers.rows import (
    end_all,
    end_all_of,
    hold,
    insert_into,
    insert_new,
    lock_erasures,
    record,
    record_many,
)
from subscribers.tables import (
    consent_events,
    merged_subscribers,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)

NO_EVIDENCE: Mapping[str, str] = {}


def suppress(
    connection: Connection,
    address_key: str,
    reason: SuppressionReason,
    *,
    note: str,
    now: datetime,
    evidence: Mapping[str, str] = NO_EVIDENCE,
) -> bool:
    """Never mail this address again until the suppression is lifted. Whether anything changed.

    A reason that is there already keeps its moment and its note. A complaint, a hard bounce and leaving all also
    end every subscription, so that no later lift brings one back. Raises Unlawful for `erased`, which only `erase` makes.
    """
    if reason is SuppressionReason.ERASED:
        raise Unlawful("an address is suppressed as erased by erasing it, and in no other way")
    person = hold(connection, Address(email=address_key, key=address_key))
    row = {"address_key": address_key, "reason": reason.value, "at": now, "note": note}
    theirs = bool(keep_suppressions(connection, [(address_key, reason.value)]))
    is_new = insert_new(connection, suppressions, row)
    if person is None or reason not in ENDS_ALL:
        return is_new
    theirs |= bool(keep_departures(connection, [person.id]))
    ended = end_all(connection, person.id, now)
    if is_new or ended or theirs:
        action = ENDS_ALL[reason]
        record(connection, person.id, action, newsletter=None, source=note, now=now, evidence=evidence)
    return is_new or ended


def leave_all(
    connection: Connection,
    who: int | Address,
    *,
    source: str,
    now: datetime,
    evidence: Mapping[str, str] = NO_EVIDENCE,
) -> bool:
    """The person leaves every newsletter, and any to come. Whether anything changed; nobody is no error."""
    person = hold(connection, who)
    if person is None:
        return False
    left_all = SuppressionReason.LEFT_ALL
    return suppress(connection, person.key, left_all, note=source, now=now, evidence=evidence)


def lift(
    connection: Connection,
    address_key: str,
    reason: SuppressionReason,
    *,
    note: str,
    now: datetime,
    hashes: Sequence[str] = (),
) -> bool:
    """An operator lifts one suppression; `note` says why. Whether it was there.

    For `erased`, `hashes` are the address's keyed hashes; lifting it only allows the address to be entered again.
    Raises Unlawful for `left-all`, and where a reason is needed and `note` is empty.
    """
    lifecycle.lift(reason, Actor.OPERATOR, note)
    keys = marks(hashes) if reason is SuppressionReason.ERASED else [address_key]
    keep_suppressions(connection, [(key, reason.value) for key in keys])
    lifting = delete(suppressions).where(suppressions.c.address_key.in_(keys), suppressions.c.reason == reason.value)
    lifted = connection.execute(lifting.returning(suppressions.c.at, suppressions.c.note)).all()
    if not lifted:
        return False
    person = hold(connection, Address(email=address_key, key=address_key))
    if person is not None:
        record(
            connection,
            person.id,
            ConsentAction.LIFTED,
            newsletter=None,
            source=Actor.OPERATOR.value,
            now=now,
            evidence={"reason": reason.value, "note": note, **_once(lifted[0].at, lifted[0].note)},
        )
    return True


def _once(at: datetime, note: str) -> Mapping[str, str]:
    """What was on record of a suppression that goes: its row is all that told of it."""
    since = {"since": at.isoformat()}
    return {**since, "was": note} if note else since


def erase(connection: Connection, address: Address, *, hashes: Sequence[str], now: datetime) -> bool:
    """Delete a person and everything personal about them (GDPR art. 17). Whether anything was held of them.

    What stays is one suppression under the first of `hashes`, by which the address is known when somebody tries to
    enter it again; it cannot be read back. Suppressions that hold the address in clear go: that one covers them.
    """
    lock_erasures(connection, to_erase=True)
    person = hold(connection, address)
    if person is not None:
        # Said out loud, not left to ON DELETE CASCADE, which SQLite obeys only where a pragma was set.
        for table in (import_changes, import_tags, consent_events, subscriber_tags, subscriptions):
            connection.execute(delete(table).where(table.c.subscriber_id == person.id))
        connection.execute(delete(merged_subscribers).where(merged_subscribers.c.kept_id == person.id))
        connection.execute(delete(subscribers).where(subscribers.c.id == person.id))
    was_merged = merged_subscribers.c.address_key == address.key
    connection.execute(update(merged_subscribers).where(was_merged).values(address_key=None))
    connection.execute(delete(import_suppressions).where(import_suppressions.c.address_key == address.key))
    in_clear = connection.execute(delete(suppressions).where(suppressions.c.address_key == address.key))
    row = {"address_key": marks(hashes)[0], "reason": SuppressionReason.ERASED.value, "at": now, "note": ""}
    insert_new(connection, suppressions, row)
    return person is not None or in_clear.rowcount > 0


@dataclass(frozen=True, slots=True)
class Suppressing:
    """One of many addresses to be suppressed, and why."""

    address_key: str
    reason: SuppressionReason
    note: str
    evidence: Mapping[str, str]


def suppress_many(connection: Connection, wanted: Sequence[Suppressing], *, now: datetime) -> int:
    """As `suppress`, for many addresses at once, each named once for a reason. How many suppressions are new.

    Raises Unlawful for `erased`.
    """
    if not wanted:
        return 0
    if any(one.reason is SuppressionReason.ERASED for one in wanted):
        raise Unlawful("an address is suppressed as erased by erasing it, and in no other way")
    ordered = sorted(wanted, key=lambda one: (one.address_key, one.reason.value))
    # As `hold` does, and in one order: the verbs about one person happen one after the other.
    people = (
        select(subscribers.c.email_key, subscribers.c.id)
        .where(subscribers.c.email_key.in_({one.address_key for one in ordered}))
        .order_by(subscribers.c.id)
        .with_for_update()
    )
    numbers: dict[str, int] = {row[0]: row[1] for row in connection.execute(people)}
    # Somebody who has such an address again by now is who is meant.
    numbers = _merged(connection, ordered) | numbers
    rows = [{"address_key": o.address_key, "reason": o.reason.value, "at": now, "note": o.note} for o in ordered]
    theirs = keep_suppressions(connection, [(one.address_key, one.reason.value) for one in ordered])
    inserting = insert_into(connection, suppressions).on_conflict_do_nothing()
    returned = connection.execute(inserting.returning(suppressions.c.address_key, suppressions.c.reason), rows)
    new = {(row[0], row[1]) for row in returned}
    ending = [one for one in ordered if one.reason in ENDS_ALL and one.address_key in numbers]
    ended = keep_departures(connection, {numbers[one.address_key] for one in ending})
    ended |= end_all_of(connection, {numbers[one.address_key] for one in ending}, now)
    record_many(
        connection,
        [
            (numbers[one.address_key], ENDS_ALL[one.reason], one.note, one.evidence)
            for one in ending
            if (one.address_key, one.reason.value) in new | theirs or numbers[one.address_key] in ended
        ],
        now,
    )
    return len(new)


def _merged(connection: Connection, wanted: Sequence[Suppressing]) -> dict[str, int]:
    """Whom those addresses belong to that went in a merge. That one of their mailboxes is gone says nothing of the other."""
    merged = merged_subscribers.c
    keys = {one.address_key for one in wanted if one.reason is not SuppressionReason.BOUNCED}
    kept = (
        select(merged.address_key, merged.kept_id)
        .join_from(merged_subscribers, subscribers, subscribers.c.id == merged.kept_id)
        .where(merged.address_key.in_(keys))
        .with_for_update(of=subscribers, read=True, key_share=True)  # they must not be erased before this ends
    )
    return {row[0]: row[1] for row in connection.execute(kept)}


def acquit(connection: Connection, people: Sequence[int], *, now: datetime) -> None:
    """Their mailboxes took a letter after all: lift `undeliverable` from these people, who are suppressed for it."""
    if not people:
        return
    held = select(subscribers.c.id, subscribers.c.email_key).where(subscribers.c.id.in_(people))
    found = connection.execute(held.order_by(subscribers.c.id).with_for_update()).all()
    keys = [row[1] for row in found]
    undeliverable = SuppressionReason.UNDELIVERABLE.value
    keep_suppressions(connection, [(key, undeliverable) for key in keys])
    connection.execute(
        delete(suppressions).where(suppressions.c.address_key.in_(keys), suppressions.c.reason == undeliverable)
    )
    evidence = {"reason": undeliverable, "note": "a letter was delivered after all"}
    record_many(connection, [(row[0], ConsentAction.LIFTED, "feedback", evidence) for row in found], now)
