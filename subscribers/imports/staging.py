"""Holds the people of the files in temporary tables, each once and in order of their keys, without a lock on the book.

The tables live as long as the connection, and only it sees them: kill the process and they are gone, addresses and all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    func,
    select,
    text,
    update,
)
from sqlalchemy.schema import CreateTable, DropTable

from subscribers.imports.merging import merged
from subscribers.imports.staged import Page, StagedRow

PAGE = 5000
"""Rows of people who are there twice that are looked at together."""

_GONE = -1
"""In place of a combination of tags: the row went into another one of the same person."""

_METADATA = MetaData()


def temporary(name: str, *columns: Column[Any], **options: Any) -> Table:
    """A table that only its connection sees, and that is gone with it."""
    return Table(name, _METADATA, *columns, prefixes=["TEMPORARY"], **options)


def _row_columns() -> list[Column[Any]]:
    return [
        Column("email_key", String, nullable=False),
        Column("email", String),
        Column("name", String, nullable=False),
        Column("tags", Integer, nullable=False),
        Column("fields", Text, nullable=False, server_default=""),
        Column("wanted", Integer, nullable=False, server_default=text("0")),
        Column("since", String),
        Column("record", Text, nullable=False, server_default=""),
    ]


_rows = temporary("import_row", *_row_columns())
# Everyone once; whoever's address is as its key has it there alone. Numbered in order of their keys: a million people entered in the files' order would touch the index on
# addresses a million times at random; and whoever comes again after a crash gets the same number.
people = temporary("import_person", Column("n", Integer, primary_key=True), *_row_columns())
tag_words = temporary(
    "import_word",
    Column("tags", Integer, primary_key=True, autoincrement=False),
    Column("tag", String, primary_key=True),
)
# Until the transaction ends: what a sort of a million rows needs, and no statement is worth compiling.
_SORTING = text("SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true)")
# A second core helps to sort: a third less time for it.
_SORTING_SQLITE = text("PRAGMA threads = 2")
# What is dropped from a file that nobody else can open, and that is gone with us, need not be overwritten first.
_UNLINKED_SQLITE = text("PRAGMA temp.secure_delete = OFF")
_TABLES = (_rows, people, tag_words)

_PLAIN = "import_row (email_key, name, tags)"
_TOGETHER = 1500
"""Values of one statement on SQLite, where each statement costs as much as the row in it."""
_INSERT = "INSERT INTO import_row VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


class Staging:
    """The people of the files, before any of them touches the book. Its methods need an open transaction that may only read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._combinations: dict[tuple[str, ...], int] = {(): 0}
        self._words: list[tuple[str, ...]] = [()]
        self.with_fields = False
        """Whether anybody has a custom field."""
        self.with_records = False
        """Whether somebody comes from an export of ours."""
        self._postgresql = connection.dialect.name == "postgresql"
        if not self._postgresql:
            connection.execute(_UNLINKED_SQLITE)
        for table in _TABLES:
            connection.execute(DropTable(table, if_exists=True))
            connection.execute(CreateTable(table))

    def tags_of(self, number: int) -> tuple[str, ...]:
        """The tags of a combination."""
        return self._words[number]

    @property
    def tagged(self) -> bool:
        """Whether anybody has a tag."""
        return len(self._words) > 1

    def combination(self, tags: tuple[str, ...]) -> int:
        """The number of a combination of tags."""
        number = self._combinations.get(tags)
        if number is None:
            number = self._combinations[tags] = len(self._words)
            self._words.append(tags)
            self._connection.execute(tag_words.insert(), [{"tags": number, "tag": tag} for tag in tags])
        return number

    def add(self, page: Page) -> None:
        """Stage people, a few thousand at a time."""
        # The driver's own way: SQLAlchemy's handling of parameters would cost as much as all of the reading.
        if self._postgresql:
            self._copy(_PLAIN, page.plain_rows())
            self._copy("import_row", page.others)
            return
        for start in range(0, len(page.plain), _TOGETHER):
            values = tuple(page.plain[start : start + _TOGETHER])
            self._connection.exec_driver_sql(_insert_plain(len(values)), values)
        if page.others:
            self._connection.exec_driver_sql(_INSERT, [*page.others])

    def _copy(self, into: str, rows: Iterable[tuple[Any, ...]]) -> None:
        driver: Any = self._connection.connection.dbapi_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def arrange(self) -> int:
        """Put everyone in order, and make one of the rows of each person; how many people there are."""
        self._connection.execute(_SORTING if self._postgresql else _SORTING_SQLITE)
        columns = [column.name for column in _rows.columns]
        ordered = select(*_rows.columns).order_by(_bytewise(_rows.c.email_key, postgresql=self._postgresql))
        self._connection.execute(people.insert().from_select(columns, ordered))
        self._connection.execute(DropTable(_rows))
        if self._postgresql:
            self._connection.execute(text("ANALYZE import_person"))
        self._merge()
        return self._connection.execute(select(func.count()).select_from(people)).scalar_one()

    def _merge(self) -> None:
        """Make one row of those of a person. The same whatever their order: the files' order must not matter."""
        kept: tuple[int, StagedRow] | None = None
        changed: dict[int, StagedRow] = {}
        gone: list[int] = []
        for n, row in self._twice():
            if kept is not None and kept[1].email_key == row.email_key:
                kept = kept[0], self._one_of(kept[1], row)
                changed[kept[0]] = kept[1]
                gone.append(n)
            else:
                kept = n, row
            if len(gone) >= PAGE:
                self._write(changed, gone)
                changed, gone = {}, []
        self._write(changed, gone)
        # Marked first and deleted in the end: `_twice` still has to see them beside their neighbours.
        self._connection.execute(delete(people).where(people.c.tags == _GONE))

    def _write(self, changed: Mapping[int, StagedRow], gone: Sequence[int]) -> None:
        if not gone:
            return
        where = people.c.n == bindparam("number")
        values: dict[str, Any] = {name: bindparam(name) for name in StagedRow._fields}
        self._connection.execute(
            update(people).where(where).values(values), [{"number": n, **row._asdict()} for n, row in changed.items()]
        )
        self._connection.execute(update(people).where(where).values(tags=_GONE), [{"number": n} for n in gone])

    def _twice(self) -> Iterator[tuple[int, StagedRow]]:
        """The rows of those who are there more than once."""
        before = people.alias()
        same = and_(before.c.n == people.c.n - 1, before.c.email_key == people.c.email_key)
        statement = select(before, people).join_from(people, before, same).order_by(people.c.n).limit(PAGE)
        width, last = len(people.columns), 0
        while True:
            page = self._connection.execute(statement.where(people.c.n > last)).all()
            for pair in page:
                if pair[0] != last:
                    yield pair[0], StagedRow(*pair[1:width])
                last: int = pair[width]
                yield last, StagedRow(*pair[width + 1 :])
            if len(page) < PAGE:
                return

    def _one_of(self, one: StagedRow, other: StagedRow) -> StagedRow:
        tags = one.tags
        if one.tags != other.tags:
            tags = self.combination(tuple(sorted({*self._words[one.tags], *self._words[other.tags]})))
        return merged(one, other)._replace(tags=tags)


@cache
def _insert_plain(values: int) -> str:
    return f"INSERT INTO {_PLAIN} VALUES " + ",".join(["(?, ?, ?)"] * (values // 3))  # noqa: S608  # our own words


def _bytewise(column: ColumnElement[str], *, postgresql: bool) -> ColumnElement[str]:
    """Sorted by bytes, as SQLite does anyway: the number of a person must not hang on the server's language."""
    return column.collate("C") if postgresql else column
