"""Opens the database as the promises need it; the only `create_engine`."""

import errno
import json
import os
import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from mailer.database.faults import translated
from mailer.database.folder import refuse_shared_disk
from mailer.database.room import no_temporary_room, temporary_folder
from mailer.errors import DatabaseError, SettingsError

BUSY_SECONDS = 15
"""How long a writer waits for another one before it says that the database is locked."""

_WRITES = {"mailer_writes": True}

_COMMON: dict[str, Any] = {"hide_parameters": True}  # an error of the database must not name people


@dataclass(frozen=True)
class Database:
    """An open database. `transaction` writes, `reading` does not; neither is ever open during a call to a transport."""

    engine: Engine
    path: Path | None
    """The SQLite file; None on PostgreSQL."""

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """A transaction that writes: committed durably at the end of the block, rolled back by an exception.

        On SQLite it begins IMMEDIATE: a read that later turns into a write would fail with "locked" at once, not wait.
        Raises DatabaseError for what the database itself refuses.
        """
        with self._connected() as connection, connection.execution_options(**_WRITES).begin():
            yield connection

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """One consistent view that writes nothing. Raises DatabaseError."""
        with self._connected() as connection, connection.begin():
            yield connection

    @contextmanager
    def connected(self) -> Generator[Connection]:
        """One connection for several transactions, opened by `writing` and `viewing`: temporary tables live as long as it.

        It is closed in the end, not lent to anybody else. Raises DatabaseError.
        """
        with self._connected() as connection:
            connection.detach()
            yield connection

    @contextmanager
    def _connected(self) -> Generator[Connection]:
        try:
            with self.engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise translated(error, self.engine.url) from error

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def writing(connection: Connection) -> Generator[None]:
    """As `Database.transaction`, on a connection of `Database.connected`."""
    with connection.execution_options(**_WRITES).begin():
        yield


@contextmanager
def viewing(connection: Connection) -> Generator[None]:
    """As `Database.reading`, on a connection of `Database.connected`; it may write temporary tables."""
    with connection.execution_options(mailer_writes=False).begin():
        yield


def others_wrote(connection: Connection) -> Callable[[], bool]:
    """Asks whether another connection changed the database since it was asked before; on PostgreSQL, where nobody waits, no."""
    raw: Any = connection.connection.dbapi_connection
    seen = None

    def asked() -> bool:
        nonlocal seen
        if connection.dialect.name != "sqlite":
            return False
        before, seen = seen, raw.execute("PRAGMA data_version").fetchone()[0]
        return before is not None and seen != before

    return asked


@dataclass(frozen=True)
class Patience:
    """How long one waits for others, and how many may ask at once."""

    busy_seconds: float = BUSY_SECONDS
    """SQLite: for the writer's place. PostgreSQL waits for rows as long as it takes, unless `lock_seconds` says less."""
    lock_seconds: float | None = None
    connections: int | None = None
    """None: as SQLAlchemy has it, 15."""


PATIENT = Patience()
"""What a command has: it waits its turn."""


def connect(url: str, *, create: bool = True, patience: Patience = PATIENT) -> Database:
    """Open the database of a MAILER_DATABASE_URL, creating an empty SQLite file with mode 0600 if there is none.

    Raises SettingsError when the URL is none, DatabaseError when it cannot be opened, or is not there and not to be made.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        return Database(_postgresql(parsed, patience), None)
    # Without symbolic links: senders keep their locks beside the file, and two names of it must lead to one place.
    path = Path(parsed.database or "").resolve()
    if not create and not path.exists():
        raise DatabaseError(
            f"there is no database {path}", hint="change to your workspace's folder, or mend MAILER_DATABASE_URL"
        )
    refuse_shared_disk(path)
    _create_private(path, parsed)
    return Database(_sqlite(parsed.set(database=str(path)), patience), path)


def _parse(url: str) -> URL:
    hint = "write sqlite:///mailer.db, or postgresql+psycopg://user:password@host/name"
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except ArgumentError as error:
        raise SettingsError("MAILER_DATABASE_URL is not a database URL", hint=hint) from error
    if backend not in ("sqlite", "postgresql"):
        raise SettingsError(f"MAILER_DATABASE_URL: {backend} is not supported", hint=hint)
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise SettingsError(
            "MAILER_DATABASE_URL names no file: a ledger in memory would forget who got the issue", hint=hint
        )
    return parsed


def _create_private(path: Path, url: URL) -> None:
    """The file holds addresses: nobody else on the machine may read it. SQLite gives its -wal and -shm the same mode.

    A file that is there is not opened: to close it again would drop the locks by which the connections that this process
    has already are known (fcntl), and the next process to leave would delete the log that we go on writing to.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        if path.is_dir():
            raise translated(IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)), url) from None
        if not os.access(path, os.R_OK | os.W_OK):
            raise translated(PermissionError(errno.EACCES, os.strerror(errno.EACCES)), url) from None
    except OSError as error:
        raise translated(error, url) from error


def _json(text: str) -> Any:
    """Most people have no fields: an empty object is not worth a parser, 2.5 µs for each person of a claim."""
    return {} if text == "{}" else json.loads(text)


def _pool(patience: Patience) -> dict[str, Any]:
    return {} if patience.connections is None else {"pool_size": patience.connections, "max_overflow": 0}


def _sqlite(url: URL, patience: Patience) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": patience.busy_seconds},
        json_deserializer=_json,
        **_pool(patience),
        **_COMMON,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:  # pyright: ignore[reportUnusedFunction]  # called by the event
        # The driver must not begin transactions of its own: we say BEGIN, and which.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        # NORMAL may roll back a committed claim after a power cut (sqlite.org/pragma.html#pragma_synchronous), and the
        # same person would be written to again.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        # A million deliveries are 100 MB: with SQLite's own 2 MB each claim would read its pages from the system again,
        # and with a checkpoint every 4 MB each would wait for one.
        cursor.execute("PRAGMA cache_size = -32768")
        cursor.execute("PRAGMA wal_autocheckpoint = 4000")
        cursor.execute("PRAGMA secure_delete = ON")  # an erased person's address must not linger in free pages
        cursor.close()

    @event.listens_for(engine, "handle_error")
    def _full(context: ExceptionContext) -> None:  # pyright: ignore[reportUnusedFunction]  # called by the event
        # Here, because the temporary files go with the connection, and with them what tells which disk it was.
        code: int = getattr(context.original_exception, "sqlite_errorcode", 0)
        if code & _PRIMARY == sqlite3.SQLITE_FULL:
            elsewhere = no_temporary_room(Path(url.database or ""), temporary_folder(os.environ))
            if elsewhere is not None:
                raise elsewhere from context.original_exception

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]  # called by the event
        writes: Any = connection.get_execution_options().get("mailer_writes", False)
        if writes:
            _begin_writing(connection, patience.busy_seconds)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


_ASK_AGAIN = 2
"""Milliseconds, of which SQLite makes two waits of one."""


def _begin_writing(connection: Connection, seconds: float) -> None:
    """Take the one writer's place, and ask for it every millisecond while another has it.

    SQLite keeps no queue, and by itself asks ever more seldom, at last ten times a second: between the transactions of
    one who writes without end a sender would miss its departures, or never be let in.
    """
    raw: Any = connection.connection.dbapi_connection
    deadline = monotonic() + seconds
    raw.execute(f"PRAGMA busy_timeout = {min(_ASK_AGAIN, round(seconds * 1000))}")
    try:
        while monotonic() < deadline:
            try:
                raw.execute("BEGIN IMMEDIATE")
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", 0) & _PRIMARY != sqlite3.SQLITE_BUSY:
                    break
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the last try: what it raises is translated
    finally:
        raw.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")


_PRIMARY = 0xFF  # the part of SQLite's error codes that is not a detail


_SERVER_SETTINGS = {
    # A claim that is lost with the server would be claimed, and mailed, again.
    "synchronous_commit": "on",
    "timezone": "UTC",
    # A machine that loses power leaves its TCP session behind, and with it its sender's lock, for two hours: the server
    # asks after it, and gives it up after 25 seconds.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_POSTGRESQL: dict[str, Any] = {
    "options": " ".join(f"-c {name}={value}" for name, value in _SERVER_SETTINGS.items()),
    # The same the other way round: a server that loses power.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


def _postgresql(url: URL, patience: Patience) -> Engine:
    asked = dict(_POSTGRESQL)
    if patience.lock_seconds is not None:
        asked["options"] += f" -c lock_timeout={round(patience.lock_seconds * 1000)}"
    try:
        return create_engine(url, pool_pre_ping=True, connect_args=asked, **_pool(patience), **_COMMON)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise SettingsError(
            "MAILER_DATABASE_URL names PostgreSQL, whose driver is not installed",
            hint="pip install 'newsletter-mailer[postgres]', and write postgresql+psycopg://…",
        ) from error
