"""The schema: made by itself, upgraded by itself, and never guessed at."""

import os
import sqlite3
import stat
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import make_url, text

import mailer.database
from mailer.consent.tables import requests
from mailer.database.engine import Database, connect
from mailer.database.schema import HEAD, open_database, revision
from mailer.errors import DatabaseError, SchemaMismatch, SettingsError
from mailer.feedback.tables import events
from mailer.ledger.notice_tables import notices
from mailer.ledger.tables import deliveries
from mailer.ledger.tally import tallies
from mailer.pacing.tables import paces
from mailer.ses.tables import suppression_pulls
from subscribers.imports.tables import imports
from subscribers.tables import subscribers

from ...servers import administer  # noqa: TID252  # tests are not a package


def test_the_migrations_make_exactly_the_tables_that_the_code_declares(database: Database) -> None:
    with database.reading() as connection:
        for metadata in {
            table.metadata
            for table in (
                subscribers,
                imports,
                deliveries,
                tallies,
                notices,
                requests,
                events,
                paces,
                suppression_pulls,
            )
        }:  # one, or the tables are torn apart
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_head_that_commands_look_for_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(mailer.database.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_fresh_sqlite_database_is_made_by_itself_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        database = open_database(f"sqlite:///{tmp_path / 'mailer.db'}")
    finally:
        os.umask(old)
    with database.transaction() as connection:
        assert revision(connection) == HEAD
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    database.close()
    assert modes == {"mailer.db": 0o600, "mailer.db-wal": 0o600, "mailer.db-shm": 0o600}


def test_sqlite_is_opened_as_the_promises_need_it(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'mailer.db'}")
    with database.reading() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        }
    database.close()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}


def test_postgresql_confirms_a_commit_only_when_it_is_on_disk(postgresql: str) -> None:
    with closing(connect(postgresql)) as database, database.reading() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"


def test_a_machine_that_loses_power_is_given_up_by_the_other_side_in_half_a_minute(postgresql: str) -> None:
    with closing(connect(postgresql)) as database, database.engine.connect() as connection:
        asked_by_us = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    half_a_minute = {"keepalives_idle": "10", "keepalives_interval": "5", "keepalives_count": "3"}
    assert {name: asked_by_us.get(name) for name in half_a_minute} == half_a_minute
    # On a socket of this machine the server shows no such thing; what it is asked for stands in the options.
    for name, value in half_a_minute.items():
        assert f"-c tcp_{name}={value}" in asked_by_us["options"]


def _with_revision(path: Path, found: str) -> str:
    url = f"sqlite:///{path}"
    open_database(url).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (found,))
    connection.close()
    return url


def test_a_newer_schema_is_refused_with_the_next_step(tmp_path: Path) -> None:
    url = _with_revision(tmp_path / "mailer.db", "9999")
    with pytest.raises(SchemaMismatch, match="newer than this program") as caught:
        open_database(url)
    assert "upgrade the program" in caught.value.hint


@contextmanager
def _beside(url: str, name: str) -> Generator[str]:
    """An empty database of its own on the server."""
    administer(url, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        administer(url, f"DROP DATABASE {name} WITH (FORCE)")


def test_an_empty_postgresql_waits_for_an_operator(postgresql: str) -> None:
    with pytest.raises(SchemaMismatch) as caught:
        open_database(postgresql)
    assert (str(caught.value), caught.value.hint) == (
        "the database is empty: it has no tables yet",
        "run `mailer db upgrade`, which makes them; or mend MAILER_DATABASE_URL if it names another one than yours",
    )


def test_a_schema_of_a_time_before_this_program_is_refused_on_postgresql(postgresql: str) -> None:
    with _beside(postgresql, "aged") as url:
        database = connect(url)
        with database.transaction() as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num varchar(32))"))
            connection.execute(text("INSERT INTO alembic_version VALUES ('0000')"))
        database.close()
        with pytest.raises(SchemaMismatch, match="is older than this program") as caught:
            open_database(url)
    assert caught.value.hint == "stop every sender, then run `mailer db upgrade`"


def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE customer (id INTEGER)")
    connection.close()
    with pytest.raises(SchemaMismatch, match="belongs to another program"):
        open_database(f"sqlite:///{path}")


def test_a_file_that_is_no_database_is_named_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "mailer.db"
    path.write_text("These are my notes about the mailing list.\n" * 40)
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="is not an SQLite database"):
        open_database(f"sqlite:///{path}")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mailer.db", "not a database URL"),
        ("mysql://host/name", "mysql is not supported"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_a_database_url_that_does_not_fit_says_how_it_should_look(url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        open_database(url)
    assert "sqlite:///mailer.db" in caught.value.hint or "name" in caught.value.hint


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="its folder does not exist"):
        open_database(f"sqlite:///{tmp_path / 'no' / 'mailer.db'}")


def test_an_unreachable_postgresql_never_shows_its_password() -> None:
    with pytest.raises(DatabaseError, match="no server answers") as caught:
        open_database("postgresql+psycopg://me:hunter2@127.0.0.1:1/mailer")
    assert "hunter2" not in str(caught.value)
