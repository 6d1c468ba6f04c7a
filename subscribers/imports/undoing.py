"""Takes an import back: exactly what it did, and nothing that anybody did since. In any order, whatever later imports did.

A subscription is put back where it still says what the import made it say. Where a later import has changed it, that one
stands, and what was there before this import is now what was there before that one. A name and fields go where they are
what the import gave, tags with the import that put them on, suppressions where no other import says them too. Somebody
who came by the import leaves the book again, unless there is something else about them by now: another import, another
newsletter, a proof of consent, a letter that they got.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, and_, cast, delete, exists, func, or_, select, update

from subscribers.imports import descriptions, records
from subscribers.imports.applying import Mark
from subscribers.imports.records import ImportRow
from subscribers.imports.tables import import_changes, import_suppressions, import_tags, imports
from subscribers.rows import lock_erasures
from subscribers.tables import (
    consent_events,
    merged_subscribers,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)

_later = import_changes.alias("later")
_updated: Any = _later  # SQLAlchemy's types know no UPDATE of an alias
_between = import_changes.alias("between_them")


@dataclass(frozen=True)
class Undone:
    """How far the taking back has come."""

    after: int
    """The last subscriber who was dealt with."""
    people: int
    """How many were dealt with in this slice."""
    ended: bool = False


class Undoing:
    """An import on its way back out of the book, slice by slice; nothing here commits."""

    def __init__(self, row: ImportRow, in_use: ColumnElement[bool]) -> None:
        """`in_use` is true of a row of `subscriber` that something outside the address book still names."""
        self._id = row.id
        self._at = row.at
        self._first_event = row.first_event
        self._in_use = in_use
        self._evidence = Mark(row.id, row.newsletter, row.consent_source, row.at).evidence

    def undo(self, connection: Connection, after: int, size: int, now: datetime) -> Undone:
        """Take back what was done to the next people, `size` at most; in a transaction that writes."""
        numbers = (
            select(import_changes.c.subscriber_id)
            .where(import_changes.c.subscriber_id > after, import_changes.c.import_id == self._id)
            .order_by(import_changes.c.subscriber_id)
            .limit(size)
        ).subquery()
        last, count = connection.execute(select(func.max(numbers.c.subscriber_id), func.count())).one()
        if last is None:
            if self._suppressions(connection, size):
                return Undone(after, 0)
            records.undone(connection, self._id, now)
            return Undone(after, 0, ended=True)
        if connection.dialect.name == "postgresql":
            # Whoever leaves at this moment holds their own row: wait for them.
            here = subscribers.c.id.in_(select(import_changes.c.subscriber_id).where(*self._mine(after, last)))
            connection.execute(select(subscribers.c.id).where(here).order_by(subscribers.c.id).with_for_update()).all()
        self._events(connection, after, last)
        self._subscriptions(connection, after, last)
        self._hand_on(connection, after, last)
        descriptions.take_back(connection, self._id, self._at, after, last)
        self._tags(connection, after, last)
        self._people(connection, after, last)
        connection.execute(delete(import_changes).where(*self._mine(after, last)))
        return Undone(last, count)

    def _mine(self, after: int, last: int) -> list[ColumnElement[bool]]:
        mine = import_changes.c
        return [mine.subscriber_id > after, mine.subscriber_id <= last, mine.import_id == self._id]

    def _untouched(self, after: int, last: int) -> ColumnElement[bool]:
        """Whether a subscription still is as the import left it; for statements that have the change and the subscription."""
        later = _later.c
        changed = exists().where(
            *self._between(_later, after, last),
            later.subscriber_id == import_changes.c.subscriber_id,
            later.newsletter == import_changes.c.newsletter,
            later.nth > import_changes.c.nth,
            later.status.is_not(None),
        )
        return and_(
            *self._between(subscriptions, after, last),
            import_changes.c.subscriber_id == subscriptions.c.subscriber_id,
            import_changes.c.newsletter == subscriptions.c.newsletter,
            import_changes.c.status == subscriptions.c.status,
            import_changes.c.changed_at == subscriptions.c.changed_at,
            # Two of them may have the same moment, that of the file, and people may have done something in between.
            ~changed.correlate(import_changes),
        )

    def _followed(self, after: int, last: int) -> ColumnElement[bool]:
        """Whether `_later` is the next change after that of the import, by another import, and nobody else was in between."""
        between = _between.c
        nearer = exists().where(
            *self._between(_between, after, last),
            between.subscriber_id == import_changes.c.subscriber_id,
            between.newsletter == import_changes.c.newsletter,
            between.nth > import_changes.c.nth,
            between.nth < _later.c.nth,
            between.status.is_not(None),
        )
        return and_(
            *self._between(_later, after, last),
            _later.c.subscriber_id == import_changes.c.subscriber_id,
            _later.c.newsletter == import_changes.c.newsletter,
            _later.c.nth > import_changes.c.nth,
            _later.c.status_before == import_changes.c.status,
            _later.c.changed_at_before == import_changes.c.changed_at,
            ~nearer.correlate(import_changes, _later),
        )

    def _events(self, connection: Connection, after: int, last: int) -> None:
        """The proofs that the import wrote go with what they prove; before the subscriptions, by which they are known."""
        events = consent_events.c
        mine = self._mine(after, last)
        of_event = [
            import_changes.c.subscriber_id == events.subscriber_id,
            import_changes.c.newsletter == events.newsletter,
        ]
        put_back = exists().where(self._untouched(after, last), *mine, *of_event)
        handed_on = exists().where(self._followed(after, last), *mine, *of_event)
        came = [*mine, import_changes.c.subscriber_id == events.subscriber_id, import_changes.c.created]
        # An export of ours brings proofs along; nobody but other imports wrote about these people since.
        brought = or_(
            exists().where(self._untouched(after, last), *came).correlate(consent_events),
            exists().where(self._followed(after, last), *came).correlate(consent_events),
        )
        connection.execute(
            delete(consent_events)
            # Events with a lower number came with an export, and bear the number of an import of another book.
            .where(events.subscriber_id > after, events.subscriber_id <= last, events.id > self._first_event)
            .where(events.subscriber_id.in_(select(import_changes.c.subscriber_id).where(*mine)))
            .where(
                or_(
                    and_(
                        events.evidence == self._evidence,
                        or_(
                            events.newsletter.is_(None),
                            put_back.correlate(consent_events),
                            handed_on.correlate(consent_events),
                        ),
                    ),
                    and_(events.at <= self._at, brought, ~self._of_later(after, last)),
                )
            )
        )

    def _of_later(self, after: int, last: int) -> ColumnElement[bool]:
        """Whether a consent event is that of a later import."""
        return (
            exists()
            .where(
                *self._between(_later, after, last),
                _later.c.subscriber_id == consent_events.c.subscriber_id,
                _later.c.import_id != self._id,
                imports.c.id == _later.c.import_id,
                consent_events.c.id > imports.c.first_event,
                consent_events.c.evidence["import"].as_string() == cast(imports.c.id, String),
            )
            .correlate(consent_events)
        )

    def _subscriptions(self, connection: Connection, after: int, last: int) -> None:
        untouched = exists().where(self._untouched(after, last), *self._mine(after, last)).correlate(subscriptions)
        new = exists().where(
            self._untouched(after, last), *self._mine(after, last), import_changes.c.status_before.is_(None)
        )
        connection.execute(
            delete(subscriptions).where(*self._between(subscriptions, after, last), new.correlate(subscriptions))
        )
        before = select(import_changes.c.status_before).where(self._untouched(after, last), *self._mine(after, last))
        moment = select(import_changes.c.changed_at_before).where(
            self._untouched(after, last), *self._mine(after, last)
        )
        connection.execute(
            update(subscriptions)
            .where(*self._between(subscriptions, after, last), untouched)
            .values(
                status=before.correlate(subscriptions).scalar_subquery(),
                changed_at=moment.correlate(subscriptions).scalar_subquery(),
            )
        )

    def _hand_on(self, connection: Connection, after: int, last: int) -> None:
        """What was there before the import is what was there before the next one, where that has changed it since."""
        followed = (*self._mine(after, last), self._followed(after, last))

        def before(name: str) -> Any:
            return select(import_changes.c[name]).where(*followed).correlate(_later).scalar_subquery()

        connection.execute(
            update(_updated)
            .where(_later.c.subscriber_id > after, _later.c.subscriber_id <= last, _later.c.import_id != self._id)
            .where(exists().where(*followed).correlate(_later))
            .values(status_before=before("status_before"), changed_at_before=before("changed_at_before"))
        )
        came = exists().where(
            *self._mine(after, last), import_changes.c.subscriber_id == _later.c.subscriber_id, import_changes.c.created
        )
        connection.execute(
            update(_updated)
            .where(_later.c.subscriber_id > after, _later.c.subscriber_id <= last, _later.c.import_id != self._id)
            .where(came.correlate(_later))
            .values(created=True)
        )

    def _tags(self, connection: Connection, after: int, last: int) -> None:
        mine = (*self._between(import_tags, after, last), import_tags.c.import_id == self._id)
        given = exists().where(
            *mine,
            import_tags.c.subscriber_id == subscriber_tags.c.subscriber_id,
            import_tags.c.tag == subscriber_tags.c.tag,
        )
        connection.execute(
            delete(subscriber_tags).where(
                *self._between(subscriber_tags, after, last), given.correlate(subscriber_tags)
            )
        )
        connection.execute(delete(import_tags).where(*mine))

    def _people(self, connection: Connection, after: int, last: int) -> None:
        """Those who came by the import, and about whom there is nothing else."""
        created = exists().where(
            *self._mine(after, last), import_changes.c.subscriber_id == subscribers.c.id, import_changes.c.created
        )
        something = [
            exists().where(*self._between(table, after, last), table.c.subscriber_id == subscribers.c.id)
            for table in (subscriptions, consent_events, subscriber_tags)
        ]
        something.append(exists().where(merged_subscribers.c.kept_id == subscribers.c.id))
        something.append(
            exists().where(
                *self._between(_later, after, last),
                _later.c.subscriber_id == subscribers.c.id,
                _later.c.import_id != self._id,
            )
        )
        connection.execute(
            delete(subscribers)
            .where(subscribers.c.id > after, subscribers.c.id <= last)
            # Nobody but imports wrote their row.
            .where(subscribers.c.updated_at.in_(select(imports.c.at)))
            .where(created.correlate(subscribers), *[~each.correlate(subscribers) for each in something])
            .where(~self._in_use)
        )

    def _suppressions(self, connection: Connection, size: int) -> bool:
        """Lift the next suppressions that the import made and nobody made since; whether there were any."""
        # An import that is applied at this moment may say the same ones too, and another one that says them be taken back.
        lock_erasures(connection, to_erase=True)
        mine = import_suppressions.c.import_id == self._id
        keys = select(import_suppressions.c.address_key).where(mine).order_by(import_suppressions.c.address_key)
        next_ones = keys.limit(size).subquery().c.address_key
        first, last = connection.execute(select(func.min(next_ones), func.max(next_ones))).one()
        if last is None:
            return False
        # Both ends, of both tables: without them each slice would go through all suppressions that there are.
        mine = and_(mine, import_suppressions.c.address_key.between(first, last))
        if connection.dialect.name == "postgresql":
            # Whoever makes one of them theirs at this moment takes it out of the journal first: wait for them.
            held = select(import_suppressions.c.address_key).where(mine).order_by(import_suppressions.c.address_key)
            connection.execute(held.with_for_update()).all()
        other = import_suppressions.alias()
        of_suppression = [
            import_suppressions.c.address_key == suppressions.c.address_key,
            import_suppressions.c.reason == suppressions.c.reason,
        ]
        made = exists().where(mine, *of_suppression)
        too = exists().where(
            other.c.address_key == suppressions.c.address_key,
            other.c.reason == suppressions.c.reason,
            other.c.import_id != self._id,
        )
        here = suppressions.c.address_key.between(first, last)
        connection.execute(delete(suppressions).where(here, made.correlate(suppressions), ~too))
        connection.execute(delete(import_suppressions).where(mine))
        return True

    @staticmethod
    def _between(table: Any, after: int, last: int) -> list[ColumnElement[bool]]:
        """The people of the slice. Said of each table in each question: PostgreSQL would else read the whole of one a slice."""
        return [table.c.subscriber_id > after, table.c.subscriber_id <= last]
