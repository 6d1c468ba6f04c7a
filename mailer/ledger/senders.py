"""Who sends, and who is dead: proved by a lock that the operating system or the server holds, never guessed by a clock.

On SQLite the lock is `flock` on a file beside the database; on PostgreSQL it is a session advisory lock on a connection
of its own. Both are gone within milliseconds of the process, also after kill -9, and both survive SIGSTOP.
"""

import fcntl
import os
import socket
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from mailer.database.engine import Database
from mailer.database.faults import translated
from mailer.errors import DatabaseError
from mailer.ledger import notices
from mailer.ledger.claims import abandon
from mailer.ledger.states import State
from mailer.ledger.tables import deliveries, senders

_LOCK_CLASS = 6_201_055  # the first key of our advisory locks; the second is the sender's number


class Lock(Protocol):
    """Held for the life of a sender."""

    def held(self) -> bool:
        """Whether it is still ours; looked at before each call."""
        ...

    def release(self) -> None:
        """Give it up: the sender ended in peace."""
        ...


@dataclass(frozen=True)
class LiveSender:
    """This process as a sender."""

    id: int
    lock: Lock


@contextmanager
def sender(database: Database, now: datetime) -> Generator[LiveSender]:
    """Be a sender for the length of the block. Its row is visible to others only when its lock is held."""
    lock: Lock | None = None
    try:
        with database.transaction() as connection:
            values = {"host": socket.gethostname(), "pid": os.getpid(), "started_at": now}
            sender_id: int = connection.execute(insert(senders).values(values).returning(senders.c.id)).scalar_one()
            lock = _take(database, sender_id)
            if lock is None:
                raise DatabaseError(f"the lock of sender {sender_id} is taken", hint="run the same command again")
        yield LiveSender(sender_id, lock)
    finally:
        # Also when the row could not be committed: the next sender gets the same number.
        if lock is not None:
            lock.release()


def end(connection: Connection, sender_id: int, now: datetime) -> None:
    """The sender ended in peace, with nothing claimed."""
    connection.execute(update(senders).where(senders.c.id == sender_id).values(ended_at=now))


def bury(database: Database, now: datetime) -> int:
    """Turn the claims of every dead sender to UNCERTAIN; how many deliveries and notices that were.

    Whoever can take a sender's lock has proved that it is dead.
    """
    with database.reading() as connection:
        unended = connection.execute(select(senders.c.id).where(senders.c.ended_at.is_(None))).scalars().all()
    found = 0
    for sender_id in unended:
        lock = _take(database, sender_id)
        if lock is None:
            continue
        try:
            with database.transaction() as connection:
                found += abandon(connection, sender_id, now) + notices.abandon(connection, sender_id, now)
                end(connection, sender_id, now)
        finally:
            lock.release()
    return found


def living(database: Database) -> list[int]:
    """The process numbers of senders that live."""
    return [pid for _, pid, lives in _unended(database) if lives]


def left_behind(database: Database, mailing_id: int) -> int:
    """How many deliveries of a mailing are claimed by senders that are dead. Says so, and buries nobody."""
    dead = [sender_id for sender_id, _, lives in _unended(database) if not lives]
    if not dead:
        return 0
    claimed = select(func.count()).where(
        deliveries.c.mailing_id == mailing_id, deliveries.c.state == State.CLAIMED, deliveries.c.sender_id.in_(dead)
    )
    with database.reading() as connection:
        return connection.execute(claimed).scalar_one()


def _unended(database: Database) -> list[tuple[int, int, bool]]:
    """(sender, process number, whether it lives) of all who did not end in peace."""
    with database.reading() as connection:
        rows = connection.execute(select(senders.c.id, senders.c.pid).where(senders.c.ended_at.is_(None))).all()
    found: list[tuple[int, int, bool]] = []
    for sender_id, pid in rows:
        lock = _take(database, sender_id)
        found.append((sender_id, pid, lock is None))
        if lock is not None:
            lock.release()
    return found


def _take(database: Database, sender_id: int) -> Lock | None:
    """The sender's lock, or None while somebody holds it."""
    if database.path is not None:
        return _FileLock.take(database.path.with_name(f"{database.path.name}.senders") / f"{sender_id}.lock")
    return _ServerLock.take(database, sender_id)


class _FileLock:
    """`flock` on `<database>.senders/<id>.lock`: a file of its own, since SQLite's locks drop when any descriptor closes."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> "_FileLock | None":
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DatabaseError(
                f"{path}: cannot be written: {error.strerror}",
                hint="senders keep their locks there: give this user access",
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        lock = cls(path, descriptor)
        if not lock.held():
            # Its last holder removed the file between our open and our lock: that sender has ended.
            os.close(descriptor)
            return cls.take(path)
        return lock

    def held(self) -> bool:
        """Whether the file under the lock is still the one with our name: somebody may have deleted it by hand."""
        try:
            return os.fstat(self._descriptor).st_ino == self._path.stat().st_ino
        except FileNotFoundError:
            return False

    def release(self) -> None:
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


class _ServerLock:
    """A session advisory lock on its own connection. Not through a transaction pooler: the session must be ours."""

    def __init__(self, connection: Connection, sender_id: int) -> None:
        self._connection = connection
        self._sender_id = sender_id
        self._lost = False

    @classmethod
    def take(cls, database: Database, sender_id: int) -> "_ServerLock | None":
        with ExitStack() as unless_taken:
            try:
                connection = database.engine.connect()
                unless_taken.callback(connection.close)
                connection = connection.execution_options(isolation_level="AUTOCOMMIT")
                taken = connection.execute(
                    text("SELECT pg_try_advisory_lock(:kind, :sender)"), {"kind": _LOCK_CLASS, "sender": sender_id}
                ).scalar()
            except DBAPIError as error:
                raise translated(error, database.engine.url) from error
            if not taken:
                return None
            unless_taken.pop_all()
            return cls(connection, sender_id)

    def held(self) -> bool:
        # Once lost it stays lost: SQLAlchemy would connect anew by itself, and the new session never had the lock.
        if not self._lost:
            try:
                self._connection.execute(text("SELECT 1"))
            except SQLAlchemyError:
                self._lost = True
        return not self._lost

    def release(self) -> None:
        # Ends the session, and with it the lock; a connection given back to the pool would keep it.
        self._connection.invalidate()
        self._connection.close()
