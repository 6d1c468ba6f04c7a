"""Gives new people their numbers before they are entered, so that nobody has to be looked up again afterwards."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, select, text

from subscribers.tables import subscribers

_TAKEN = text(
    "SELECT max(coalesce((SELECT max(id) FROM subscriber), 0), "
    "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'subscriber'), 0))"
)


class Numbering:
    """The numbers that come next in the book. It is for transactions that write."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sequence = ""
        if connection.dialect.name == "postgresql":
            self._sequence = connection.execute(text("SELECT pg_get_serial_sequence('subscriber', 'id')")).scalar_one()

    def of(self, nth: ColumnElement[int]) -> ColumnElement[int]:
        """The number of the `nth` new person of a statement; there may be gaps between them."""
        if self._sequence:
            return literal_column(f"nextval('{self._sequence}')")
        return nth + bindparam("taken")

    def taken(self) -> dict[str, Any]:
        """What a statement with `of` needs. On SQLite, whose writer is alone, nobody takes a number meanwhile."""
        return {} if self._sequence else {"taken": self._connection.execute(_TAKEN).scalar_one()}

    def catch_up(self) -> None:
        """Let PostgreSQL's sequence go on behind people who were entered with numbers of their own, by a restore say.

        It would else give out those numbers again, and nobody could be entered with them.
        """
        if self._sequence:
            highest = select(func.coalesce(func.max(subscribers.c.id), 0)).scalar_subquery()
            behind = select(func.setval(text(f"'{self._sequence}'"), highest))
            last = text(f"(SELECT last_value FROM {self._sequence})")  # noqa: S608  # the database's own name for it
            behind = behind.where(highest > last)
            self._connection.execute(behind)
