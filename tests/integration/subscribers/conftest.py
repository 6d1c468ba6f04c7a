"""What the tests of the address book share: a connection whose changes are never committed."""

from collections.abc import Generator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from mailer.database.engine import Database

from .import_desk import Desk


@pytest.fixture
def connection(database: Database) -> Generator[Connection]:
    """A writing transaction on an empty database, rolled back at the end."""
    with database.engine.connect().execution_options(mailer_writes=True) as opened:
        opened.begin()
        yield opened
        opened.rollback()


@pytest.fixture
def desk(connection: Connection, tmp_path: Path) -> Desk:
    """A book that imports come into and go out of."""
    return Desk(connection, tmp_path)
