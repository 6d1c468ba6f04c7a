"""Takes a batch of raw events: read, stored once, applied; all of it in one transaction, or nothing."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError, StatementError

from mailer.errors import DatabaseError
from mailer.feedback.applying import Terms, apply
from mailer.feedback.reading import Batch, Reader, Unreadable, read_batch, text_key
from mailer.feedback.tables import event_errors
from mailer.feedback.values import Policies, Raw, Taken, storable
from subscribers.erasure import Hasher
from subscribers.rows import insert_into


class Writable(Protocol):
    """A database, as far as it is needed here: the web has one that waits less long for others."""

    def transaction(self) -> AbstractContextManager[Connection]:
        """A transaction that writes, committed durably at the end of the block. Raises DatabaseError."""
        ...


CROWD = 100
"""Raws in a batch from which on it keeps others waiting for a while."""
BREATH_SECONDS = 0.005
"""What whoever takes such batches one after the other leaves between them on SQLite. Writers do not queue there: who finds the
database taken looks again every millisecond."""


def take(
    database: Writable, raws: Sequence[Raw], *, read: Reader, hashes: Hasher, now: datetime, policies: Policies
) -> Taken:
    """Store and apply a batch of at most some hundred raws in one durable transaction; it is committed on return.

    What cannot be read is kept aside and blocks nobody; what was here already changes nothing. `hashes` gives an
    address's keyed hashes, by which an erased person is known. Raises DatabaseError when nothing could be stored: ask again.
    """
    return _take(database, read_batch(raws, read), Terms(hashes, now, policies))


def _take(database: Writable, batch: Batch, terms: Terms) -> Taken:
    try:
        with database.transaction() as connection:
            taken = apply(connection, batch.events, terms)
            _keep_aside(connection, batch.unreadable, terms.now)
    except (DatabaseError, ValueError, OverflowError, TypeError, StatementError) as error:
        if not _is_poison(error) or not batch.events:
            raise
        return _without_poison(database, batch, terms, error)
    seen = Taken(repeated=batch.repeated, unreadable=len(batch.unreadable), ignored=batch.ignored)
    return seen + taken


def _is_poison(error: Exception) -> bool:
    """Whether it is one of the events that cannot be stored, and not the database that cannot store anything."""
    return not isinstance(error, DatabaseError) or isinstance(error.__cause__, (DataError, IntegrityError))


def _without_poison(database: Writable, batch: Batch, terms: Terms, error: Exception) -> Taken:
    """Halve the batch until the event that cannot be stored stands alone, and keep that one aside."""
    items = list(batch.events.items())
    if len(items) == 1:
        ((_, raw),) = batch.events.values()
        problem = f"read, but not stored: {type(error).__name__}: {error.__cause__ or error}"
        alone = Batch({}, (*batch.unreadable, Unreadable(raw, problem)), batch.ignored, batch.repeated)
        return _take(database, alone, terms)
    middle = len(items) // 2
    first = Batch(dict(items[:middle]), batch.unreadable, batch.ignored, batch.repeated)
    second = Batch(dict(items[middle:]), (), 0, 0)
    return _take(database, first, terms) + _take(database, second, terms)


def _keep_aside(connection: Connection, unreadable: Sequence[Unreadable], now: datetime) -> None:
    rows = {
        text_key(one.raw.text): {
            "origin": storable(one.raw.origin),
            "problem": storable(one.problem),
            "heard_at": now,
            "raw": storable(one.raw.text),
        }
        for one in unreadable
    }
    if rows:
        statement = insert_into(connection, event_errors).on_conflict_do_nothing(index_elements=["key"])
        connection.execute(statement, [{"key": key, **row} for key, row in sorted(rows.items())])
