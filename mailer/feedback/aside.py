"""What was kept aside because it could not be read: listed, and tried again when the program knows more."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from mailer.database.engine import Database
from mailer.feedback.tables import event_errors
from mailer.feedback.values import Raw, Taken

PAGE = 200
"""Rows read at once: each may be as large as a message can be."""


@dataclass(frozen=True)
class Aside:
    """One thing that came in and could not be read, or not be stored. Hostile text."""

    id: int
    origin: str
    problem: str
    heard_at: datetime
    raw: str


def list_aside(connection: Connection, after: int = 0) -> Iterator[Aside]:
    """Everything that is kept aside, in the order in which it came; read page by page."""
    columns = (event_errors.c.id, event_errors.c.origin, event_errors.c.problem, event_errors.c.heard_at)
    chosen = select(*columns, event_errors.c.raw).order_by(event_errors.c.id).limit(PAGE)
    while True:
        page = [Aside(*row) for row in connection.execute(chosen.where(event_errors.c.id > after))]
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].id


def count_aside(connection: Connection) -> int:
    """How many things are kept aside."""
    return connection.execute(select(func.count()).select_from(event_errors)).scalar_one()


def try_again(database: Database, take_in: Callable[[Sequence[Raw]], Taken], *, stopped: Callable[[], bool]) -> Taken:
    """Take in everything that is kept aside once more; what can be read now is kept aside no longer.

    Taken in first, and only then forgotten: a crash between the two repeats an event, which changes nothing.
    """
    total, after = Taken(), 0
    while not stopped():
        with database.reading() as connection:
            page = [one for one, _ in zip(list_aside(connection, after), range(PAGE), strict=False)]
        if not page:
            break
        after = page[-1].id
        for one in page:  # each alone, so that it is known which of them could not be read again
            taken = take_in([Raw(one.raw, one.origin)])
            total += taken
            if not taken.unreadable:
                with database.transaction() as connection:
                    connection.execute(delete(event_errors).where(event_errors.c.id == one.id))
    return total
