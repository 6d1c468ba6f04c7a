"""Keeps the schema and the program in step: SQLite by itself, PostgreSQL when an operator says so."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from mailer.database.engine import PATIENT, Database, Patience, connect
from mailer.errors import SchemaMismatch

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0001"
"""The newest migration. A test holds it against the scripts; here it spares each command the import of alembic."""

_ADVISORY_LOCK = 6_201_054  # any number of our own: two upgrades at once wait for each other


def open_database(url: str, *, create: bool = True, patience: Patience = PATIENT) -> Database:
    """Open a database whose schema is this program's.

    SQLite is created and upgraded by itself. PostgreSQL is shared with other machines, so there an upgrade is an
    operator's decision. Raises SchemaMismatch with the next step.
    """
    database = connect(url, create=create, patience=patience)
    try:
        _bring_up(database)
    except BaseException:
        database.close()
        raise
    return database


def _bring_up(database: Database) -> None:
    with database.reading() as connection:
        found = revision(connection)
    if found == HEAD:
        return
    if database.path is None:
        raise _mismatch(found)
    upgrade(database)


def upgrade(database: Database) -> str:
    """Bring the schema to HEAD, all of it or nothing; says from which revision ('' for an empty database).

    Raises SchemaMismatch when the database is newer than this program, or somebody else's.
    """
    from alembic import command  # noqa: PLC0415  # lazy: 200 ms that only an upgrade needs

    with database.transaction() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        found = revision(connection)
        if found == HEAD:
            return found
        if found and found > HEAD:
            raise _mismatch(found)
        command.upgrade(_config(connection), HEAD)
        return found


def revision(connection: Connection) -> str:
    """The schema's revision, '' for an empty database. Raises SchemaMismatch for a database of somebody else."""
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
    if tables:
        raise SchemaMismatch(
            "the database belongs to another program: it has tables, but none of ours",
            hint="let MAILER_DATABASE_URL name a database of its own",
        )
    return ""


def _mismatch(found: str) -> SchemaMismatch:
    if not found:
        return SchemaMismatch(
            "the database is empty: it has no tables yet",
            hint="run `mailer db upgrade`, which makes them; or mend MAILER_DATABASE_URL if it names another one than yours",
        )
    if found > HEAD:
        return SchemaMismatch(
            f"the database is newer than this program (schema {found}, this program knows {HEAD})",
            hint="upgrade the program: pip install --upgrade newsletter-mailer",
        )
    return SchemaMismatch(
        f"the database is older than this program (schema {found}, it needs {HEAD})",
        hint="stop every sender, then run `mailer db upgrade`",
    )


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415  # lazy, as above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
