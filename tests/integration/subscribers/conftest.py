"""What the tests of the address book share: a connection whose changes are never committed."""

from collections.abc import Generator

import pytest
from sqlalchemy import Connection

from mailer.database.engine import Database


@pytest.fixture
def connection(database: Database) -> Generator[Connection]:
    """A writing transaction on an empty database, rolled back at the end."""
    with database.engine.connect().execution_options(mailer_writes=True) as opened:
        opened.begin()
        yield opened
        opened.rollback()
