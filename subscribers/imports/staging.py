"""Takes the people of a file into the book set-wise: staged in temporary tables, then one statement for all of them.

What the statements allow is what `book.subscribe` allows an import, person by person; a test holds them together.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.schema import CreateTable, DropTable

from subscribers.candidates import suppressed_because
from subscribers.lifecycle import ConsentAction, Status
from subscribers.rows import insert_into
from subscribers.tables import consent_events, subscriber_tags, subscribers, subscriptions

SLICE = 5000
"""Rows staged by one statement."""

_METADATA = MetaData()


def _temporary(name: str, *columns: Column[Any], **options: Any) -> Table:
    return Table(name, _METADATA, *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP", **options)


# Every good row of the file. `tags` numbers a combination of tags: a file has a million rows, and a dozen of those.
_rows = _temporary(
    "import_row",
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("email_key", String, nullable=False),
    Column("email", String, nullable=False),
    Column("name", String, nullable=False),
    Column("tags", Integer, nullable=False),
)
_tags = _temporary(
    "import_tag",
    Column("tags", Integer, primary_key=True, autoincrement=False),
    Column("tag", String, primary_key=True),
)
# Everyone in it once, with what they were before. In order of the key, and so are all the statements below: a million
# people inserted in the file's order would touch the index on addresses a million times at random.
_people = _temporary(
    "import_person",
    Column("email_key", String, primary_key=True),
    Column("email", String, nullable=False),
    Column("name", String, nullable=False),
    Column("subscriber_id", Integer),
    Column("status", String),
    Column("kept_out", String),
    sqlite_with_rowid=False,
)
_person_tags = _temporary(
    "import_person_tag",
    Column("email_key", String, primary_key=True),
    Column("tag", String, primary_key=True),
    sqlite_with_rowid=False,
)
_TABLES = (_rows, _tags, _people, _person_tags)
_let_in = _people.c.kept_out.is_(None)


class StagedRow(NamedTuple):
    """A good row of the file, in the order of `import_row`'s columns."""

    line: int
    email_key: str
    email: str
    name: str
    tags: int
    """The number of a combination of tags."""


class Staging:
    """The file's people on their way into the book, within the caller's transaction."""

    def __init__(self, connection: Connection, newsletter: str) -> None:
        self._connection = connection
        self._newsletter = newsletter
        self._combinations: dict[tuple[str, ...], int] = {(): 0}
        for table in _TABLES:
            connection.execute(DropTable(table, if_exists=True))
            connection.execute(CreateTable(table))

    def combination(self, tags: tuple[str, ...]) -> int:
        """The number of a combination of tags."""
        number = self._combinations.get(tags)
        if number is None:
            number = self._combinations[tags] = len(self._combinations)
            self._connection.execute(_tags.insert(), [{"tags": number, "tag": tag} for tag in tags])
        return number

    def add(self, rows: Sequence[StagedRow]) -> None:
        """Stage rows, a slice at a time."""
        if not rows:
            return
        # The driver's own statement: SQLAlchemy's handling of parameters would cost as much as all of the reading.
        insert = _rows.insert().compile(dialect=self._connection.dialect)
        if insert.positional:
            self._connection.exec_driver_sql(insert.string, list(rows))
        else:
            self._connection.exec_driver_sql(insert.string, [row._asdict() for row in rows])

    def meet(self) -> int:
        """Find out who everybody is, and who is kept out; how many people there are.

        Of a person's rows the first that has a name counts, or the first.
        """
        order = func.row_number().over(partition_by=_rows.c.email_key, order_by=(_rows.c.name == "", _rows.c.line))
        ranked = select(_rows.c.email_key, _rows.c.email, _rows.c.name, order.label("rank")).subquery()
        left = case((subscriptions.c.status == Status.UNSUBSCRIBED.value, literal(Status.UNSUBSCRIBED.value)))
        everybody = (
            select(
                ranked.c.email_key,
                ranked.c.email,
                ranked.c.name,
                subscribers.c.id,
                subscriptions.c.status,
                func.coalesce(suppressed_because(ranked.c.email_key, ranked), left),
            )
            .select_from(ranked)
            .outerjoin(subscribers, subscribers.c.email_key == ranked.c.email_key)
            .outerjoin(
                subscriptions,
                and_(subscriptions.c.newsletter == self._newsletter, subscriptions.c.subscriber_id == subscribers.c.id),
            )
            .where(ranked.c.rank == 1)
        )
        columns = ["email_key", "email", "name", "subscriber_id", "status", "kept_out"]
        self._connection.execute(_people.insert().from_select(columns, everybody))
        if self._tagged:
            tags = select(_rows.c.email_key, _tags.c.tag).join_from(_rows, _tags, _tags.c.tags == _rows.c.tags)
            tags = tags.where(_rows.c.tags != 0).distinct().order_by(_rows.c.email_key, _tags.c.tag)
            self._connection.execute(_person_tags.insert().from_select(["email_key", "tag"], tags))
        return self._count()

    def kept_out(self) -> dict[str, int]:
        """How many people are kept out, by reason."""
        counted = select(_people.c.kept_out, func.count()).where(~_let_in).group_by(_people.c.kept_out)
        return dict(self._connection.execute(counted).all())

    def newcomers(self) -> int:
        """How many come in who had no subscription to the newsletter."""
        return self._count(_let_in, _people.c.status.is_(None))

    def changing(self, *, consent: bool) -> int:
        """How many had one, and gain consent, a name or a tag; to be asked before `enter`."""
        gains_name = and_(_people.c.name != "", subscribers.c.name == "")
        gains_consent = and_(literal(consent), _people.c.status == Status.UNCONFIRMED.value)
        gains_tag = (
            exists()
            .where(_person_tags.c.email_key == _people.c.email_key)
            .where(
                ~exists()
                .where(subscriber_tags.c.subscriber_id == _people.c.subscriber_id)
                .where(subscriber_tags.c.tag == _person_tags.c.tag)
                .correlate(_people, _person_tags)
            )
            .correlate(_people)
        )
        changed = (
            select(func.count())
            .select_from(_people.join(subscribers, subscribers.c.id == _people.c.subscriber_id))
            .where(_let_in, _people.c.status.is_not(None))
            .where(or_(gains_name, gains_consent, gains_tag))
        )
        return self._connection.execute(changed).scalar_one()

    def enter(self, *, consent_source: str, now: datetime) -> None:
        """Write everybody who is not kept out into the book: subscribed with a consent source, else unconfirmed."""
        self._subscribers(now)
        if consent_source:
            self._consent(consent_source, now)
        self._subscriptions(Status.SUBSCRIBED if consent_source else Status.UNCONFIRMED, now)
        if self._tagged:
            self._subscriber_tags()
        for table in _TABLES:
            self._connection.execute(DropTable(table))

    def _subscribers(self, now: datetime) -> None:
        new = select(
            _people.c.email, _people.c.email_key, _people.c.name, literal({}, subscribers.c.fields.type), *_at(now, 2)
        ).where(_let_in, _people.c.subscriber_id.is_(None))
        self._insert(
            subscribers,
            ["email", "email_key", "name", "fields", "created_at", "updated_at"],
            new.order_by(_people.c.email_key),
        )
        self._connection.execute(
            update(subscribers)
            .where(subscribers.c.id == _people.c.subscriber_id, _let_in)
            .where(subscribers.c.name == "", _people.c.name != "")
            .values(name=_people.c.name, updated_at=now)
        )

    def _consent(self, source: str, now: datetime) -> None:
        events = select(
            subscribers.c.id,
            literal(self._newsletter),
            literal(ConsentAction.ATTESTED.value),
            literal(source),
            *_at(now),
            literal({}, consent_events.c.evidence.type),
        )
        columns = ["subscriber_id", "newsletter", "action", "source", "at", "evidence"]
        self._connection.execute(
            consent_events.insert().from_select(columns, self._becoming(events, Status.SUBSCRIBED))
        )

    def _subscriptions(self, status: Status, now: datetime) -> None:
        rows = select(literal(self._newsletter), subscribers.c.id, literal(status.value), *_at(now))
        self._insert(
            subscriptions,
            ["newsletter", "subscriber_id", "status", "changed_at"],
            self._becoming(rows, status),
            confirm=status is Status.SUBSCRIBED,
        )

    def _subscriber_tags(self) -> None:
        tagged = (
            select(subscribers.c.id, _person_tags.c.tag)
            .join_from(_people, _person_tags, _person_tags.c.email_key == _people.c.email_key)
            .join(subscribers, subscribers.c.email_key == _people.c.email_key)
            .where(_let_in)
            .order_by(_people.c.email_key)
        )
        self._insert(subscriber_tags, ["subscriber_id", "tag"], tagged)

    def _becoming(self, chosen: Any, status: Status) -> Any:
        """Those whose status becomes this one, as `lifecycle.change` allows an import."""
        old: list[ColumnElement[bool]] = [_people.c.status.is_(None)]
        if status is Status.SUBSCRIBED:
            old.append(_people.c.status == Status.UNCONFIRMED.value)
        return (
            chosen.join_from(_people, subscribers, subscribers.c.email_key == _people.c.email_key)
            .where(_let_in, or_(*old))
            .order_by(_people.c.email_key)
        )

    def _insert(self, table: Table, columns: list[str], rows: Any, *, confirm: bool = False) -> None:
        statement = insert_into(self._connection, table).from_select(columns, rows)
        if confirm:
            new = statement.excluded
            statement = statement.on_conflict_do_update(
                index_elements=["newsletter", "subscriber_id"],
                set_={"status": new.status, "changed_at": new.changed_at},
                # Whoever left while this import ran stays gone.
                where=table.c.status == Status.UNCONFIRMED.value,
            )
        else:
            statement = statement.on_conflict_do_nothing()
        self._connection.execute(statement)

    @property
    def _tagged(self) -> bool:
        return len(self._combinations) > 1

    def _count(self, *conditions: ColumnElement[bool]) -> int:
        return self._connection.execute(select(func.count()).select_from(_people).where(*conditions)).scalar_one()


def _at(now: datetime, times: int = 1) -> list[ColumnElement[datetime]]:
    return [literal(now, subscribers.c.created_at.type)] * times
