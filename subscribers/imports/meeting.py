"""Lets a slice of the files' people meet the book: who is new, who gains something, who is kept out, who is to go."""

import json
from collections import Counter
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    String,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.schema import CreateTable, DropTable

from subscribers.candidates import suppressed_because
from subscribers.columns import UtcDateTime, json_type
from subscribers.imports.merging import as_json
from subscribers.imports.numbering import Numbering
from subscribers.imports.staging import Staging, people, tag_words, temporary
from subscribers.imports.wanted import SUPPRESSIONS, Wanted
from subscribers.lifecycle import Status, SuppressionReason
from subscribers.tables import subscriber_tags, subscribers, subscriptions, suppressions


class Outcome(StrEnum):
    """What becomes of a person of the files."""

    ADDED = "added"
    """They had no subscription to the newsletter."""
    CHANGED = "changed"
    """They had one, and something new is learned: consent, a name, a field, a tag."""
    UNCHANGED = "unchanged"
    KEPT_OUT = "kept out"
    """They left, are suppressed or were erased; they stay as they are."""
    ENDED = "ended"
    """The file says that they are not to be mailed, and the book did not know that."""


slice_ = temporary(
    "import_slice",
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("email_key", String, nullable=False),
    Column("email", String, nullable=False),
    Column("name", String, nullable=False),
    Column("tags", Integer, nullable=False),
    Column("fields", Text, nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("since", UtcDateTime()),
    Column("record", Text, nullable=False),
    Column("subscriber_id", Integer),
    Column("known", Integer),
    Column("status", String),
    Column("changed_at", UtcDateTime()),
    Column("fields_before", json_type()),
    Column("updated_at", UtcDateTime()),
    Column("outcome", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("gains_name", Integer, nullable=False),
    Column("fields_given", json_type(none_as_null=True)),
    Column("fields_after", json_type(none_as_null=True)),
)

# For some thousand people PostgreSQL would rather read and hash the whole book than look them up, and does so for every
# slice: the time grows with the square of the people. Until the transaction ends; no statement of a slice needs the whole
# book. To compile a statement would cost more than to run it.
_LOOK_UP = text(
    "SELECT set_config(name, 'off', true) "
    "FROM unnest(ARRAY['enable_hashjoin', 'enable_mergejoin', 'enable_seqscan', 'jit']) AS name"
)

_wanted = people.c.wanted
email = func.coalesce(people.c.email, people.c.email_key)
"""The address of somebody of the files as it is spelled."""
_UNSUBSCRIBED = Status.UNSUBSCRIBED.value


class Meeting:
    """A slice of people beside what the book knows of them. Writes nothing but a temporary table."""

    def __init__(self, connection: Connection, staging: Staging, newsletter: str, *, consent: bool) -> None:
        self._connection = connection
        self._staging = staging
        self._postgresql = connection.dialect.name == "postgresql"
        self._numbering = Numbering(connection)
        self._statement = self._meeting(newsletter, consent=consent, numbered=False)
        self._numbered = self._meeting(newsletter, consent=consent, numbered=True)
        connection.execute(DropTable(slice_, if_exists=True))
        connection.execute(CreateTable(slice_))

    def meet(self, after: int, last: int, *, numbered: bool = False) -> None:
        """Fill the slice with the people whose number is above `after`, up to `last`; most of the unchanged stay outside.

        `numbered`: whoever is new gets the number that they will have in the book, which takes a transaction that writes.
        """
        connection = self._connection
        self._range = (after, last)
        if self._postgresql:
            connection.execute(_LOOK_UP)
        # TRUNCATE: PostgreSQL would else keep the dead rows of all slices before.
        connection.execute(text("TRUNCATE import_slice") if self._postgresql else slice_.delete())
        between = {"after": after, "last": last}
        if numbered:
            connection.execute(self._numbered, between | self._numbering.taken())
        else:
            connection.execute(self._statement, between)
        if self._staging.with_fields:
            self._fields()

    def counted(self) -> Counter[tuple[Outcome, str]]:
        """How many of the slice came to what."""
        grouped = select(slice_.c.outcome, slice_.c.reason, func.count()).group_by(slice_.c.outcome, slice_.c.reason)
        counts = Counter({(Outcome(row[0]), row[1]): row[2] for row in self._connection.execute(grouped)})
        everybody = select(func.count()).where(people.c.n > self._range[0], people.c.n <= self._range[1])
        unchanged = self._connection.execute(everybody).scalar_one() - counts.total()
        return counts + Counter({(Outcome.UNCHANGED, ""): unchanged})

    def sample(self, outcome: Outcome, reason: str, size: int) -> list[str]:
        """The first addresses of the slice that came to an outcome."""
        chosen = select(slice_.c.email).where(slice_.c.outcome == outcome.value, slice_.c.reason == reason)
        return list(self._connection.execute(chosen.order_by(slice_.c.n).limit(size)).scalars())

    def _meeting(self, newsletter: str, *, consent: bool, numbered: bool) -> Any:
        outcome = _outcome(self._gains(consent=consent))
        gains_name = case((and_(people.c.name != "", subscribers.c.name == ""), 1), else_=0)
        staged = {"since": self._moment(people.c.since), "email": email}
        found: list[ColumnElement[Any]] = [
            *[staged.get(column.name, column) for column in people.columns],
            subscribers.c.id,
            subscriptions.c.status,
            subscriptions.c.changed_at,
            subscribers.c.fields,
            subscribers.c.updated_at,
            outcome,
            gains_name,
        ]
        names = [column.name for column in slice_.columns if column.name not in ("reason", "subscriber_id")][
            : len(found)
        ]
        of_newsletter = and_(
            subscriptions.c.newsletter == newsletter, subscriptions.c.subscriber_id == subscribers.c.id
        )
        everybody = (
            select(*[column.label(name) for column, name in zip(found, names, strict=True)])
            .select_from(people)
            .outerjoin(subscribers, subscribers.c.email_key == people.c.email_key)
            .outerjoin(subscriptions, of_newsletter)
            .where(people.c.n > bindparam("after"), people.c.n <= bindparam("last"))
            .offset(0)  # keeps the database from working out the outcome again wherever it is asked for below
        ).subquery("everybody")
        number = everybody.c.known
        if numbered:
            number = case((_enters(everybody), self._numbering.of(everybody.c.n - bindparam("after"))), else_=number)
        chosen = select(everybody, _reason(everybody, consent=consent), number.label("subscriber_id"))
        if not self._staging.with_fields:
            # Whoever is not to be mailed is looked at although nothing changes: see `agreeing`.
            gone = everybody.c.wanted > Wanted.UNCONFIRMED.value
            chosen = chosen.where(or_(everybody.c.outcome != Outcome.UNCHANGED.value, gone))
        return slice_.insert().from_select([*names, "reason", "subscriber_id"], chosen)

    def _moment(self, column: ColumnElement[str]) -> ColumnElement[Any]:
        """A staged date as the tables of the book hold it."""
        return cast(column.concat("+00"), UtcDateTime()) if self._postgresql else type_coerce(column, UtcDateTime())

    def _gains(self, *, consent: bool) -> ColumnElement[bool]:
        gains_name = and_(people.c.name != "", subscribers.c.name == "")
        gains_consent = and_(
            literal(consent), _wanted == Wanted.SUBSCRIBED, subscriptions.c.status == Status.UNCONFIRMED.value
        )
        has_it = (
            exists()
            .where(subscriber_tags.c.subscriber_id == subscribers.c.id, subscriber_tags.c.tag == tag_words.c.tag)
            .correlate(subscribers, tag_words)
        )
        gains_tag = exists().where(tag_words.c.tags == people.c.tags, ~has_it).correlate(people, subscribers)
        gains = or_(gains_name, gains_consent)
        return or_(gains, and_(people.c.tags != 0, gains_tag)) if self._staging.tagged else gains

    def _fields(self) -> None:
        """Find out whose custom fields gain: what is here stays, what is missing is filled."""
        statement = select(slice_.c.n, slice_.c.fields, slice_.c.fields_before).where(
            slice_.c.fields != "",
            slice_.c.known.is_not(None),
            slice_.c.outcome.in_([Outcome.ADDED.value, Outcome.CHANGED.value, Outcome.UNCHANGED.value]),
            slice_.c.wanted <= Wanted.UNCONFIRMED,
        )
        gaining: list[dict[str, Any]] = []
        for n, staged, before in self._connection.execute(statement):
            given = {name: value for name, value in json.loads(staged).items() if name not in before}
            if given:
                gaining.append({"number": n, "given": given, "after": json.loads(as_json(given | before))})
        if gaining:
            changed = case((slice_.c.outcome == Outcome.UNCHANGED.value, Outcome.CHANGED.value), else_=slice_.c.outcome)
            self._connection.execute(
                update(slice_)
                .where(slice_.c.n == bindparam("number"))
                .values(
                    fields_given=bindparam("given", type_=slice_.c.fields_given.type),
                    fields_after=bindparam("after", type_=slice_.c.fields_after.type),
                    outcome=changed,
                ),
                gaining,
            )


def suppressing(wanted: ColumnElement[int]) -> ColumnElement[str]:
    """What a file that says of somebody that they are not to be mailed makes of them: a reason, or `unsubscribed`."""
    return case({each.value: reason.value for each, reason in SUPPRESSIONS.items()}, value=wanted, else_=_UNSUBSCRIBED)


def _outcome(gains: ColumnElement[bool]) -> ColumnElement[str]:
    """Outcome of a person, as SQL. The order of the cases is the order in which standings outrank each other."""
    status = subscriptions.c.status
    suppressed = exists().where(suppressions.c.address_key == people.c.email_key).correlate(people)
    known = exists().where(
        suppressions.c.address_key == people.c.email_key, suppressions.c.reason == suppressing(people.c.wanted)
    )
    known = known.correlate(people)
    comes_in = _wanted <= Wanted.UNCONFIRMED
    outcomes: list[tuple[ColumnElement[bool], Outcome]] = [
        (_wanted == Wanted.ERASED, Outcome.KEPT_OUT),
        (and_(_wanted > Wanted.UNSUBSCRIBED, known), Outcome.UNCHANGED),
        (_wanted > Wanted.UNSUBSCRIBED, Outcome.ENDED),
        (and_(~comes_in, status == _UNSUBSCRIBED), Outcome.UNCHANGED),
        (and_(comes_in, suppressed), Outcome.KEPT_OUT),
        (~comes_in, Outcome.ENDED),
        (status == _UNSUBSCRIBED, Outcome.KEPT_OUT),
        (status.is_(None), Outcome.ADDED),
        (gains, Outcome.CHANGED),
    ]
    return case(*[(when, literal(what.value)) for when, what in outcomes], else_=literal(Outcome.UNCHANGED.value))


def _enters(everybody: Subquery) -> ColumnElement[bool]:
    """Whether somebody will have a row in the book whom it did not know. Of a suppression alone nobody gets one."""
    row = everybody.c
    ended = and_(row.outcome == Outcome.ENDED.value, or_(row.wanted == Wanted.UNSUBSCRIBED.value, row.record != ""))
    return and_(row.known.is_(None), or_(row.outcome == Outcome.ADDED.value, ended))


def _reason(everybody: Subquery, *, consent: bool) -> ColumnElement[str]:
    """Why, or what somebody becomes. By itself, for those few who need it: what suppresses them is not looked up twice."""
    row = everybody.c
    suppressed = suppressed_because(row.email_key, everybody)
    # An export of ours brings its own proofs along, for those whom nobody here knows.
    proved = or_(literal(consent), and_(row.record != "", row.known.is_(None)))
    status = case(
        (and_(row.wanted == Wanted.SUBSCRIBED.value, proved), Status.SUBSCRIBED.value), else_=Status.UNCONFIRMED.value
    )
    return case(
        (row.outcome == Outcome.ADDED.value, status),
        (row.outcome == Outcome.ENDED.value, suppressing(row.wanted)),
        (row.outcome != Outcome.KEPT_OUT.value, ""),
        (row.wanted == Wanted.ERASED.value, SuppressionReason.ERASED.value),
        else_=func.coalesce(suppressed, _UNSUBSCRIBED),
    ).label("reason")
