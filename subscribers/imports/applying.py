"""Writes a slice of the files' people into the book, and into the journal of the import, in the caller's transaction.

What the statements allow is what `book.subscribe` allows an import, person by person; a test holds them together.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.exc import IntegrityError

from subscribers.columns import UtcDateTime, json_type
from subscribers.imports.agreeing import gone, say_so_too
from subscribers.imports.ending import ENDING_ALL, end
from subscribers.imports.journal import Mark, insert_missing, nth
from subscribers.imports.meeting import Meeting, Outcome, slice_
from subscribers.imports.restoring import Restoring
from subscribers.imports.staging import Staging, tag_words
from subscribers.imports.tables import import_changes, import_tags
from subscribers.imports.wanted import SUPPRESSIONS, Wanted
from subscribers.lifecycle import ENDS_ALL, ConsentAction, Status
from subscribers.rows import insert_into
from subscribers.tables import consent_events, subscriber_tags, subscribers, subscriptions

_comes_in = slice_.c.wanted <= Wanted.UNCONFIRMED
_added = slice_.c.outcome == Outcome.ADDED.value
_changed = slice_.c.outcome == Outcome.CHANGED.value
_ended = slice_.c.outcome == Outcome.ENDED.value
_leaves = and_(_ended, slice_.c.wanted == Wanted.UNSUBSCRIBED)
_described = or_(slice_.c.gains_name == 1, slice_.c.fields_after.is_not(None))
_is_new = and_(slice_.c.known.is_(None), or_(_added, _leaves))


class Overtaken(Exception):  # named for what happened, as all our errors
    """Somebody else entered a person of the slice at this moment: roll back, and let the slice meet the book again."""


_UNIQUE = "23505"
"""PostgreSQL's word for a key that is there already."""


@contextmanager
def _clashing() -> Generator[None]:
    """Raises Overtaken for whoever cannot be entered, because their address or number is another's by now."""
    try:
        yield
    except IntegrityError as error:
        if getattr(error.orig, "sqlstate", None) != _UNIQUE:
            raise
        raise Overtaken from error


class Applying:
    """Enters slices of people, one after the other."""

    def __init__(self, connection: Connection, staging: Staging, mark: Mark) -> None:
        self._connection = connection
        self._staging = staging
        self._mark = mark
        self._postgresql = connection.dialect.name == "postgresql"
        consent = bool(mark.consent_source)
        agreed = and_(slice_.c.wanted == Wanted.SUBSCRIBED, literal(consent))
        self._status = case(
            (_leaves, Status.UNSUBSCRIBED.value),
            (and_(agreed, or_(_added, slice_.c.status == Status.UNCONFIRMED.value)), Status.SUBSCRIBED.value),
            (_added, Status.UNCONFIRMED.value),
        )
        """What the subscription becomes; NULL: it stays as it is."""
        self._since = func.coalesce(slice_.c.since, literal(mark.at, UtcDateTime()), type_=UtcDateTime())

    def apply(self, meeting: Meeting, after: int, last: int) -> dict[tuple[Outcome, str], int]:
        """Enter the people above `after`, up to `last`; how many came to what. Raises Overtaken."""
        meeting.meet(after, last, numbered=True)
        counts = meeting.counted()
        concerned = or_(_added, _changed, _ended, gone)
        known = exists().where(slice_.c.known.is_not(None), concerned)
        self._known = self._connection.execute(select(known)).scalar_one()
        if self._postgresql and self._known:
            # Whoever leaves at this moment holds their own row: wait for them, and look again.
            self._connection.execute(
                select(subscribers.c.id)
                .join_from(slice_, subscribers, subscribers.c.id == slice_.c.known)
                .where(concerned)
                .order_by(subscribers.c.id)
                .with_for_update(of=subscribers)
            ).all()
            meeting.meet(after, last, numbered=True)
            counts = meeting.counted()
        outcomes = {outcome for outcome, _ in counts}
        if self._connection.execute(select(exists().where(gone))).scalar_one():
            say_so_too(self._connection, self._mark.import_id, self._mark.newsletter)
        if outcomes <= {Outcome.UNCHANGED, Outcome.KEPT_OUT}:
            return counts
        mark = self._mark
        with _clashing():
            if self._staging.with_records:
                Restoring(self._connection, self._staging, mark.import_id, mark.newsletter, mark.at).restore()
            self._subscribers()
        self._journal()
        if Outcome.ENDED in outcomes:
            end(self._connection, mark, self._since)
        if Outcome.CHANGED in outcomes or Outcome.ADDED in outcomes:
            self._described()
        self._events()
        self._subscriptions()
        if self._staging.tagged:
            self._tags()
        return counts

    def _subscribers(self) -> None:
        at = literal(self._mark.at, UtcDateTime())
        new: dict[str, ColumnElement[Any]] = {
            "id": slice_.c.subscriber_id,
            "email": slice_.c.email,
            "email_key": slice_.c.email_key,
            "name": case((_comes_in, slice_.c.name), else_=""),
            "fields": self._json(case((and_(_comes_in, slice_.c.fields != ""), slice_.c.fields), else_="{}")),
            "created_at": at,
            "updated_at": at,
        }
        chosen = select(*new.values()).where(_is_new)
        # Not ON CONFLICT DO NOTHING: whoever is there already, by address or by number, must not be passed over.
        self._connection.execute(subscribers.insert().from_select(list(new), chosen))

    def _journal(self) -> None:
        """Before anything changes: it keeps what was there."""
        mark = self._mark
        described = and_(_described, slice_.c.known.is_not(None), _comes_in)
        named = and_(slice_.c.gains_name == 1, slice_.c.known.is_not(None), _comes_in)
        changes: dict[str, ColumnElement[Any]] = {
            "subscriber_id": slice_.c.subscriber_id,
            "import_id": literal(mark.import_id),
            "newsletter": literal(mark.newsletter),
            "nth": nth(mark.import_id),
            "created": case((slice_.c.known.is_(None), literal(value=True)), else_=literal(value=False)),
            "status": self._status,
            "status_before": slice_.c.status,
            "changed_at": case((self._status.is_not(None), self._since), else_=null()),
            "changed_at_before": slice_.c.changed_at,
            "name_given": case((named, slice_.c.name), else_=null()),
            "fields_given": slice_.c.fields_given,
            "updated_at_before": case((described, slice_.c.updated_at), else_=null()),
        }
        chosen = (
            select(*changes.values())
            .where(slice_.c.subscriber_id.is_not(None), or_(_added, _changed, _ended))
            .where(~slice_.c.wanted.in_(ENDING_ALL))
        )
        self._enter(import_changes, list(changes), chosen)

    def _described(self) -> None:
        """Fill in names and fields that were missing."""
        filled = and_(_changed | _added, _comes_in, slice_.c.known == subscribers.c.id)
        self._connection.execute(
            update(subscribers)
            .where(filled, _described)
            .values(
                name=case((slice_.c.gains_name == 1, slice_.c.name), else_=subscribers.c.name),
                fields=case((slice_.c.fields_after.is_not(None), slice_.c.fields_after), else_=subscribers.c.fields),
                updated_at=self._mark.at,
            )
        )

    def _events(self) -> None:
        """Proof of consent, and of its end."""
        mark = self._mark
        all_ended = and_(_ended, slice_.c.wanted.in_(ENDING_ALL), slice_.c.subscriber_id.is_not(None))
        attested = and_(_comes_in, self._status == Status.SUBSCRIBED.value)
        actions = {
            wanted.value: ENDS_ALL[reason].value for wanted, reason in SUPPRESSIONS.items() if reason in ENDS_ALL
        }
        action = case(
            (attested, ConsentAction.ATTESTED.value),
            (_leaves, ConsentAction.LEFT.value),
            else_=case(actions, value=slice_.c.wanted),
        )
        events: dict[str, ColumnElement[Any]] = {
            "subscriber_id": slice_.c.subscriber_id,
            "newsletter": case((all_ended, null()), else_=literal(mark.newsletter)),
            "action": action,
            "source": case((attested, mark.consent_source), else_=mark.source),
            "at": self._since,
            "evidence": literal(mark.evidence, consent_events.c.evidence.type),
        }
        chosen = select(*events.values()).where(or_(attested, _leaves, all_ended))
        self._connection.execute(consent_events.insert().from_select(list(events), chosen))

    def _subscriptions(self) -> None:
        columns = ["newsletter", "subscriber_id", "status", "changed_at"]
        chosen: Any = select(literal(self._mark.newsletter), slice_.c.subscriber_id, self._status, self._since).where(
            self._status.is_not(None), or_(_added, _changed, _leaves)
        )
        new_people = subscriptions.insert().from_select(columns, chosen.where(slice_.c.known.is_(None)))
        self._connection.execute(new_people)
        if not self._known:
            return
        known = chosen.where(slice_.c.known.is_not(None)).order_by(slice_.c.subscriber_id)
        statement = insert_into(self._connection, subscriptions).from_select(columns, known)
        new = statement.excluded
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["newsletter", "subscriber_id"],
                set_={"status": new.status, "changed_at": new.changed_at},
                # Whoever left stays gone, and whoever is subscribed is not asked again; leaving is always heard.
                where=or_(subscriptions.c.status == Status.UNCONFIRMED.value, new.status == Status.UNSUBSCRIBED.value),
            )
        )

    def _tags(self) -> None:
        tagged = (
            select(slice_.c.subscriber_id, tag_words.c.tag)
            .join_from(slice_, tag_words, tag_words.c.tags == slice_.c.tags)
            .where(_comes_in, or_(_added, _changed))
        )
        has_it = exists().where(
            subscriber_tags.c.subscriber_id == slice_.c.subscriber_id, subscriber_tags.c.tag == tag_words.c.tag
        )
        lacks_it = or_(slice_.c.known.is_(None), ~has_it.correlate(slice_, tag_words))
        journal = tagged.add_columns(literal(self._mark.import_id)).where(lacks_it)
        self._enter(import_tags, ["subscriber_id", "tag", "import_id"], journal)
        self._enter(subscriber_tags, ["subscriber_id", "tag"], tagged)

    def _enter(self, table: Table, columns: Sequence[str], rows: "Select[*tuple[Any, ...]]") -> None:
        """New people have nothing that a row could clash with, and are spared the look; known ones may have it."""
        self._connection.execute(table.insert().from_select(list(columns), rows.where(slice_.c.known.is_(None))))
        if self._known:
            insert_missing(
                self._connection,
                table,
                columns,
                rows.where(slice_.c.known.is_not(None)).order_by(slice_.c.subscriber_id),
            )

    def _json(self, column: ColumnElement[str]) -> ColumnElement[Any]:
        return cast(column, json_type()) if self._postgresql else type_coerce(column, json_type())
