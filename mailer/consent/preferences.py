"""What a reader sees and changes behind the preferences link of a letter. Nothing commits here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from mailer.consent.joining import Hasher, join_at_once
from mailer.consent.moving import SOURCE
from subscribers import book, describing
from subscribers.lifecycle import LIFTED_BY_CONFIRMING, Status, SuppressionReason
from subscribers.people import newsletters
from subscribers.rows import Held, hold, lock_erasures, suppressed


@dataclass(frozen=True)
class Reader:
    """Whose page it is."""

    id: int
    email: str
    key: str
    name: str
    fields: Mapping[str, str]
    subscribed: tuple[str, ...]
    """The newsletters that they get, sorted."""
    suppressed: SuppressionReason | None
    """Why nothing is sent to them, whatever they are subscribed to."""

    @property
    def held_back(self) -> bool:
        """Whether only an operator can change that nothing is sent to them."""
        return self.suppressed is not None and self.suppressed not in LIFTED_BY_CONFIRMING


def look_up(connection: Connection, subscriber_id: int) -> Reader | None:
    """The reader whose number a link holds; None: nothing is known of them (any more)."""
    person = hold(connection, subscriber_id)
    return None if person is None else _reader(connection, person)


def save(
    connection: Connection,
    subscriber_id: int,
    *,
    shown: Collection[str],
    wanted: Collection[str],
    offered: Collection[str],
    name: str,
    fields: Mapping[str, str],
    hashes: Hasher,
    evidence: Mapping[str, str],
    now: datetime,
) -> None:
    """Write down what the reader chose, of the newsletters `offered`.

    Only what they changed since the page was shown: an old page that is still open must not bring back somebody who
    left meanwhile. Whoever reads the letters at this address wants the newsletter: no further letter is needed to prove
    it. Raises UnknownSubscriber, and BadValue for a name or field that cannot be kept.
    """
    lock_erasures(connection, to_erase=False)
    describing.describe(connection, subscriber_id, name=name, fields=fields, now=now)
    person = hold(connection, subscriber_id)
    if person is None:
        return
    for slug in sorted(set(wanted).symmetric_difference(shown).intersection(offered)):
        if slug in wanted:
            join_at_once(connection, person, slug, source=SOURCE, hashes=hashes, evidence=evidence, now=now)
        else:
            book.unsubscribe(connection, person.id, slug, source=SOURCE, now=now, evidence=evidence)


def _reader(connection: Connection, person: Held) -> Reader:
    statuses = newsletters(connection, person.id)
    return Reader(
        id=person.id,
        email=person.email,
        key=person.key,
        name=person.name,
        fields={name: value for name, value in person.fields.items() if isinstance(value, str)},
        subscribed=tuple(slug for slug, status in statuses.items() if status is Status.SUBSCRIBED),
        suppressed=suppressed(connection, person.key),
    )
