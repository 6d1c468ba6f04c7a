"""Everything that the book knows of one address, in order: what was asked, agreed, ended, imported, suppressed and merged."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from subscribers.address import Address
from subscribers.erasure import marks
from subscribers.forwarding import belongs_to, merged_into
from subscribers.imports.tables import import_changes, imports
from subscribers.lifecycle import ConsentAction, SuppressionReason
from subscribers.tables import consent_events, subscribers, subscriptions, suppressions

# Sources, notes and evidence come from strangers, and a line that is shown must stay one line.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Entry:
    """One thing that happened."""

    at: datetime
    kind: str
    """`entered`, `consent`, `subscription`, `suppression`, `import` or `erased`; mailer adds `letter` and `notice`."""
    what: str
    """In one line, without control characters."""
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What is on record of it, as it is on record: hostile text."""


@dataclass(frozen=True)
class History:
    """What is known of an address."""

    email: str
    numbers: tuple[int, ...]
    """The person's number, and those of everybody who was merged into them; none: nobody is in the book."""
    former: Mapping[int, str]
    """Of those who were merged into them: number -> the address that they had, unless it was erased."""
    belongs_to: str | None
    """Whose address it is now, where it was merged into somebody or left for another one."""
    entries: tuple[Entry, ...]
    """In order of time."""


def history(connection: Connection, address: Address, *, hashes: Sequence[str]) -> History | None:
    """Everything about one address, and about those that were merged into it; None: nothing is known.

    `hashes` are its keyed hashes, by which an erased address is known.
    """
    chosen = select(subscribers.c.id, subscribers.c.email, subscribers.c.created_at)
    person = connection.execute(chosen.where(subscribers.c.email_key == address.key)).one_or_none()
    entries = list(_suppressions(connection, address.key, hashes))
    numbers: list[int] = []
    former: dict[int, str] = {}
    if person is not None:
        others = merged_into(connection, person.id)
        numbers = [person.id, *(number for number, _ in others)]
        former = {number: key for number, key in others if key is not None}
        entries.append(Entry(person.created_at, "entered", "entered the address book", {"number": person.id}))
        entries += _consent(connection, person.id, dict(others))
        entries += _subscriptions(connection, person.id, entries)
        entries += _imports(connection, numbers)
        for _, key in others:
            entries += _suppressions(connection, key or "", ())
    now = None if person else belongs_to(connection, address)
    if not entries and now is None:
        return None
    return History(person.email if person else address.email, tuple(numbers), former, now, in_order(entries))


def in_order(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """In order of time; what happened in one moment stays in the order in which it is given."""
    return tuple(sorted(entries, key=lambda entry: entry.at))


def one_line(text: str) -> str:
    """Text of a stranger as part of a line that is shown."""
    return " ".join(_CONTROL.sub(" ", text).split())


def _suppressions(connection: Connection, key: str, hashes: Sequence[str]) -> Iterator[Entry]:
    rows = connection.execute(
        select(suppressions)
        .where(suppressions.c.address_key.in_([key, *(marks(hashes) if hashes else [])]))
        .order_by(suppressions.c.at, suppressions.c.reason)
    )
    for row in rows:
        if row.reason == SuppressionReason.ERASED.value:
            yield Entry(row.at, "erased", "erased at the person's wish; only a keyed hash of the address is left")
            continue
        note = f": {one_line(row.note)}" if one_line(row.note) else ""
        details = {"address": key, "reason": row.reason, "note": row.note}
        yield Entry(row.at, "suppression", f"{key} suppressed as {row.reason}{note}", details)


def _consent(connection: Connection, subscriber_id: int, merged: Mapping[int, str | None]) -> Iterator[Entry]:
    events = consent_events.c
    for row in connection.execute(
        select(consent_events).where(events.subscriber_id == subscriber_id).order_by(events.at, events.id)
    ):
        details = {
            "action": row.action,
            "newsletter": row.newsletter,
            "source": row.source,
            "evidence": dict(sorted(row.evidence.items())),
        }
        if row.action == ConsentAction.MERGED.value:
            number = str(row.evidence.get("number", ""))
            key = merged.get(int(number)) if number.isdigit() else None
            what = f"merged with {key or 'somebody'}, who was number {number}"
        else:
            what = _said(row.action, row.newsletter, row.source, row.evidence)
        yield Entry(row.at, "consent", what, details)


def _said(action: str, newsletter: str | None, source: str, evidence: Mapping[str, Any]) -> str:
    """A consent event in one line, with all that proves it."""
    what = "suppression lifted" if action == ConsentAction.LIFTED.value else _ACTIONS.get(action, action)
    about = "" if action == ConsentAction.LIFTED.value else f" {newsletter or 'all newsletters'}"
    by = f", by {one_line(source)}" if one_line(source) else ""
    pairs = [f"{one_line(str(name))}={one_line(str(value))}" for name, value in sorted(evidence.items())]
    return f"{what}{about}{by} ({', '.join(pairs)})" if pairs else f"{what}{about}{by}"


_ACTIONS = {
    ConsentAction.REQUESTED.value: "asked for",
    ConsentAction.CONFIRMED.value: "confirmed",
    ConsentAction.ATTESTED.value: "somebody vouches for consent to",
    ConsentAction.LEFT.value: "left",
    ConsentAction.LEFT_ALL.value: "left",
    ConsentAction.REMOVED.value: "was removed from",
    ConsentAction.COMPLAINED.value: "complained, which ends",
    ConsentAction.BOUNCED.value: "the mailbox is gone, which ends",
}


def _subscriptions(connection: Connection, subscriber_id: int, entries: Sequence[Entry]) -> Iterator[Entry]:
    """What they are to each newsletter, where no consent event of the same moment says it already."""
    said = {(entry.at, entry.details.get("newsletter")) for entry in entries if entry.kind == "consent"}
    rows = connection.execute(
        select(subscriptions)
        .where(subscriptions.c.subscriber_id == subscriber_id)
        .order_by(subscriptions.c.changed_at, subscriptions.c.newsletter)
    )
    for row in rows:
        if said.isdisjoint({(row.changed_at, row.newsletter), (row.changed_at, None)}):
            details = {"newsletter": row.newsletter, "status": row.status}
            yield Entry(row.changed_at, "subscription", f"{row.status}: {row.newsletter}", details)


def _imports(connection: Connection, numbers: Sequence[int]) -> Iterator[Entry]:
    changes = import_changes.c
    chosen = (
        select(imports.c.id, imports.c.at, imports.c.files, changes.newsletter, changes.created, changes.status)
        .join_from(import_changes, imports, imports.c.id == changes.import_id)
        .where(changes.subscriber_id.in_(numbers))
        .order_by(imports.c.at, imports.c.id)
    )
    for row in connection.execute(chosen):
        files = one_line(", ".join(row.files))
        done = "came in by" if row.created else "was in"
        became = f"; {row.status}: {row.newsletter}" if row.status else ""
        details = {"import": row.id, "files": row.files, "newsletter": row.newsletter, "status": row.status}
        yield Entry(row.at, "import", f"{done} import {row.id} of {files}{became}", details)
