"""Takes an import back: exactly what it did, and nothing that anybody did since.

A subscription is put back where it still says what the import made it say; a name and fields where the person's row was
not written since; tags and suppressions that the import made. Somebody who came by the import leaves the book again,
unless there is something else about them by now: another newsletter, a proof of consent, a letter that they got.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select, update

from subscribers.imports import records
from subscribers.imports.applying import Mark
from subscribers.imports.records import ImportRow
from subscribers.imports.tables import import_changes, import_suppressions, import_tags
from subscribers.tables import (
    consent_events,
    merged_subscribers,
    subscriber_tags,
    subscribers,
    subscriptions,
    suppressions,
)


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
        self._descriptions(connection, after, last)
        self._tags(connection, after, last)
        self._people(connection, after, last)
        connection.execute(delete(import_changes).where(*self._mine(after, last)))
        return Undone(last, count)

    def _mine(self, after: int, last: int) -> list[ColumnElement[bool]]:
        mine = import_changes.c
        return [mine.subscriber_id > after, mine.subscriber_id <= last, mine.import_id == self._id]

    def _untouched(self) -> ColumnElement[bool]:
        """Whether a subscription still is as the import left it; for statements that have the change and the subscription."""
        return and_(
            import_changes.c.subscriber_id == subscriptions.c.subscriber_id,
            import_changes.c.newsletter == subscriptions.c.newsletter,
            import_changes.c.status == subscriptions.c.status,
            import_changes.c.changed_at == subscriptions.c.changed_at,
        )

    def _events(self, connection: Connection, after: int, last: int) -> None:
        """The proofs that the import wrote go with what they prove; before the subscriptions, by which they are known."""
        put_back = (
            exists()
            .where(self._untouched(), *self._mine(after, last))
            .where(
                subscriptions.c.subscriber_id == consent_events.c.subscriber_id,
                subscriptions.c.newsletter == consent_events.c.newsletter,
            )
            .correlate(consent_events)
        )
        connection.execute(
            delete(consent_events)
            .where(
                consent_events.c.subscriber_id.in_(
                    select(import_changes.c.subscriber_id).where(*self._mine(after, last))
                )
            )
            .where(
                or_(
                    and_(
                        consent_events.c.evidence == self._evidence,
                        or_(consent_events.c.newsletter.is_(None), put_back),
                    ),
                    # An export of ours brings proofs along; nobody else wrote about these people before the import.
                    and_(consent_events.c.at <= self._at, self._came_untouched(after, last)),
                )
            )
        )

    def _came_untouched(self, after: int, last: int) -> ColumnElement[bool]:
        """Whether a consent event's person came by the import, and their subscription still is as it left it."""
        came = exists().where(self._untouched(), *self._mine(after, last), import_changes.c.created)
        return came.where(subscriptions.c.subscriber_id == consent_events.c.subscriber_id).correlate(consent_events)

    def _subscriptions(self, connection: Connection, after: int, last: int) -> None:
        untouched = exists().where(self._untouched(), *self._mine(after, last)).correlate(subscriptions)
        new = exists().where(self._untouched(), *self._mine(after, last), import_changes.c.status_before.is_(None))
        connection.execute(
            delete(subscriptions).where(*self._between(subscriptions, after, last), new.correlate(subscriptions))
        )
        before = select(import_changes.c.status_before).where(self._untouched(), *self._mine(after, last))
        moment = select(import_changes.c.changed_at_before).where(self._untouched(), *self._mine(after, last))
        connection.execute(
            update(subscriptions)
            .where(*self._between(subscriptions, after, last), untouched)
            .values(
                status=before.correlate(subscriptions).scalar_subquery(),
                changed_at=moment.correlate(subscriptions).scalar_subquery(),
            )
        )

    def _descriptions(self, connection: Connection, after: int, last: int) -> None:
        described = (*self._mine(after, last), import_changes.c.subscriber_id == subscribers.c.id)
        described = (*described, import_changes.c.updated_at_before.is_not(None))

        def before(name: str) -> Any:
            return select(import_changes.c[name]).where(*described).correlate(subscribers).scalar_subquery()

        connection.execute(
            update(subscribers)
            .where(subscribers.c.id > after, subscribers.c.id <= last, subscribers.c.updated_at == self._at)
            .where(exists().where(*described).correlate(subscribers))
            .values(name=before("name_before"), fields=before("fields_before"), updated_at=before("updated_at_before"))
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
        other = import_changes.alias()
        created = exists().where(
            *self._mine(after, last), import_changes.c.subscriber_id == subscribers.c.id, import_changes.c.created
        )
        something = [
            exists().where(table.c.subscriber_id == subscribers.c.id)
            for table in (subscriptions, consent_events, subscriber_tags)
        ]
        something.append(exists().where(merged_subscribers.c.kept_id == subscribers.c.id))
        something.append(exists().where(other.c.subscriber_id == subscribers.c.id, other.c.import_id != self._id))
        connection.execute(
            delete(subscribers)
            .where(subscribers.c.id > after, subscribers.c.id <= last, subscribers.c.updated_at == self._at)
            .where(created.correlate(subscribers), *[~each.correlate(subscribers) for each in something])
            .where(~self._in_use)
        )

    def _suppressions(self, connection: Connection, size: int) -> bool:
        """Lift the next suppressions that the import made and nobody made since; whether there were any."""
        mine = import_suppressions.c.import_id == self._id
        keys = select(import_suppressions.c.address_key).where(mine).order_by(import_suppressions.c.address_key)
        last = connection.execute(select(func.max(keys.limit(size).subquery().c.address_key))).scalar_one()
        if last is None:
            return False
        mine = and_(mine, import_suppressions.c.address_key <= last)
        made = exists().where(
            mine,
            import_suppressions.c.address_key == suppressions.c.address_key,
            import_suppressions.c.reason == suppressions.c.reason,
        )
        connection.execute(delete(suppressions).where(made.correlate(suppressions), suppressions.c.at <= self._at))
        connection.execute(delete(import_suppressions).where(mine))
        return True

    @staticmethod
    def _between(table: Any, after: int, last: int) -> list[ColumnElement[bool]]:
        return [table.c.subscriber_id > after, table.c.subscriber_id <= last]
