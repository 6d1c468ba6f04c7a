"""The databases that tests are lent: each is as if it were new, whatever the one before did to it."""

import psycopg
import pytest
from sqlalchemy import make_url, text

from mailer.database.engine import connect

from ...servers import Shelf  # noqa: TID252  # tests are not a package

ADD = "INSERT INTO sender (host, pid, started_at) VALUES ('here', 1, now()) RETURNING id"


def _say(url: str, *statements: str) -> list[int]:
    database = connect(url)
    with database.transaction() as connection:
        said = [connection.execute(text(statement)) for statement in statements]
        found = [each.scalar_one() for each in said if each.returns_rows]
    database.close()
    return found


def _connected(url: str) -> psycopg.Connection:
    found = psycopg.connect(make_url(url).set(drivername="postgresql").render_as_string(hide_password=False))
    found.execute("LOCK TABLE sender")
    return found


def test_rows_are_gone_and_numbers_begin_anew(shelf: Shelf) -> None:
    with shelf.lent() as first:
        assert _say(first, ADD, ADD) == [1, 2]
    with shelf.lent() as second:
        assert (second, _say(second, "SELECT count(*) FROM sender", ADD)) == (first, [0, 1])


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE sender ADD COLUMN colour text",
        "ALTER TABLE sender ALTER COLUMN host DROP NOT NULL",
        "CREATE TABLE other (id int)",
        "DROP INDEX IF EXISTS ix_delivery_open; CREATE INDEX ix_other ON sender (host)",
        "UPDATE alembic_version SET version_num = '9999'",
        "CREATE FUNCTION never() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''UTC''', current_database()); END $$",
    ],
)
def test_what_is_more_than_rows_is_not_lent_again(shelf: Shelf, change: str) -> None:
    with shelf.lent() as first:
        _say(first, *change.split("; ") if not change.startswith("DO") else (change,))
    with shelf.lent() as second:
        assert (second != first, _say(second, ADD)) == (True, [1])


def test_a_connection_that_is_forgotten_fails_the_test_that_forgot_it(shelf: Shelf) -> None:
    forgotten: list[psycopg.Connection] = []
    with pytest.raises(AssertionError, match="left open"), shelf.lent(patience=0.1) as first:
        forgotten.append(_connected(first))
    with pytest.raises(psycopg.OperationalError):
        forgotten[0].execute("SELECT 1")
    forgotten[0].close()
    with shelf.lent() as second:
        assert (second, _say(second, ADD)) == (first, [1])
