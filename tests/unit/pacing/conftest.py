"""What the tests of the pace share."""

from collections.abc import Generator
from pathlib import Path

import pytest

from mailer.database.engine import connect
from mailer.database.schema import upgrade

from .times import Transaction


@pytest.fixture
def transaction(tmp_path: Path) -> Generator[Transaction]:
    """Transactions on a real SQLite file."""
    database = connect(f"sqlite:///{tmp_path / 'mailer.db'}")
    upgrade(database)
    yield database.transaction
    database.close()
