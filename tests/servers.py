"""Databases on a PostgreSQL server for one test after the other: emptied, and made anew only when that is not enough."""

import itertools
import os
import time
from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from mailer.database.engine import connect
from mailer.database.schema import upgrade

# All that a test could change and that emptying the tables does not put back. Numbers of objects are part of it: what is
# dropped and made again is another one.
_SHAPE = r"""
WITH ours AS (SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')
SELECT 'schema', oid::text FROM ours
UNION ALL SELECT 'relation', concat_ws(' ', oid, relname, relkind, relnatts, relrowsecurity, reloptions::text)
  FROM pg_class WHERE relnamespace IN (SELECT oid FROM ours)
UNION ALL SELECT 'column', concat_ws(' ', attrelid, attnum, attname, atttypid, atttypmod, attnotnull, attisdropped)
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace IN (SELECT oid FROM ours) AND attnum > 0
UNION ALL SELECT 'default', concat_ws(' ', oid, adbin::text) FROM pg_attrdef
UNION ALL SELECT 'constraint', concat_ws(' ', oid, convalidated) FROM pg_constraint
UNION ALL SELECT 'function', oid::text FROM pg_proc WHERE pronamespace IN (SELECT oid FROM ours)
UNION ALL SELECT 'trigger', concat_ws(' ', oid, tgenabled) FROM pg_trigger
UNION ALL SELECT 'setting', concat_ws(' ', setrole, setconfig::text) FROM pg_db_role_setting
  WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
UNION ALL SELECT 'revision', version_num FROM alembic_version
ORDER BY 1, 2
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1"
_MOVED = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"
_OTHERS = """
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def administer(url: str, *statements: str) -> None:
    """Say this to a server, each in a transaction of its own."""
    with _session(url) as session:
        for statement in statements:
            session.execute(statement.encode())


def _session(url: str) -> psycopg.Connection:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def _of(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


class Shelf:
    """The databases of one process of a test run: a template with our schema, and copies of it that are lent to tests."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._template = f"mailer_template_{os.getpid()}"
        self._numbers = itertools.count(1)
        self._free: list[tuple[str, object]] = []
        administer(server, f"DROP DATABASE IF EXISTS {self._template}", f"CREATE DATABASE {self._template}")
        template = connect(_of(server, self._template))
        upgrade(template)
        template.close()
        with _session(_of(server, self._template)) as session:
            self._tables = [name for (name,) in session.execute(_TABLES)]

    @contextmanager
    def lent(self, *, patience: float = 60) -> Generator[str]:
        """The URL of an empty database with our schema.

        Nobody may be connected to it in the end: a connection that was forgotten, or a process, would fail another test,
        whenever it becomes garbage. It is an AssertionError after so many seconds; a server needs a moment to notice.
        """
        name, shape = self._free.pop() if self._free else self._new()
        url = _of(self._server, name)
        forgotten: list[str] = []
        try:
            yield url
        finally:
            try:
                with _session(url) as session:
                    forgotten = _forgotten(session, patience)
                    if emptied := self._emptied(session, shape):
                        self._free.append((name, shape))
            except psycopg.Error:
                emptied = False
            if not emptied:
                administer(self._server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        assert forgotten == [], "connections that were left open, by what they said last"

    def _new(self) -> tuple[str, object]:
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        administer(self._server, f"CREATE DATABASE {name} TEMPLATE {self._template}")
        with _session(_of(self._server, name)) as session:
            return name, session.execute(_SHAPE.encode()).fetchall()

    def _emptied(self, session: psycopg.Connection, shape: object) -> bool:
        """Empty it as it was when it was new; False when somebody changed more than rows."""
        if session.execute(_SHAPE.encode()).fetchall() != shape:
            return False
        used = sql.SQL(" UNION ALL ").join(
            sql.SQL("(SELECT {} FROM {} LIMIT 1)").format(name, sql.Identifier(name)) for name in self._tables
        )
        tables = [sql.Identifier(name) for (name,) in session.execute(used)]
        if tables:
            session.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(tables)))
        # Also of tables that are empty: a transaction that was rolled back has drawn its numbers.
        for (name,) in session.execute(_MOVED).fetchall():
            session.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(name)))
        return True

    def close(self) -> None:
        """Drop them all."""
        names = [self._template, *(name for name, _ in self._free)]
        administer(self._server, *(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in names))


def _forgotten(session: psycopg.Connection, patience: float) -> list[str]:
    """What those said last who are still connected when patience has run out; they are cut off."""
    deadline = time.monotonic() + patience
    while found := session.execute(f"SELECT query {_OTHERS}".encode()).fetchall():
        if time.monotonic() >= deadline:
            session.execute(f"SELECT pg_terminate_backend(pid, 60000) {_OTHERS}".encode())
            break
        time.sleep(0.002)
    return [query for (query,) in found]
