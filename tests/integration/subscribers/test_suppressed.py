"""Listing suppressions: all of them, each once, whatever the size of a page."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from mailer.database.engine import Database
from subscribers import suppressed
from subscribers.address import parse
from subscribers.lifecycle import SuppressionReason
from subscribers.suppressed import Suppressed, list_suppressed, of_address
from subscribers.suppressing import erase, suppress
from subscribers.tables import suppressions

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def fill(database: Database, keys: Callable[[int], tuple[str, str]], count: int) -> None:
    rows = [dict(zip(("address_key", "reason"), keys(number), strict=True)) for number in range(count)]
    if rows:
        with database.transaction() as connection:
            connection.execute(insert(suppressions), [{**row, "at": NOW, "note": ""} for row in rows])


def test_a_suppression_tells_address_reason_moment_and_note(database: Database) -> None:
    with database.transaction() as connection:
        suppress(connection, "ada@example.org", SuppressionReason.BOUNCED, note="a letter bounced", now=NOW)
        erase(connection, parse("bob@example.org"), hashes=["f00d"], now=NOW)
    with database.reading() as connection:
        assert list(list_suppressed(connection)) == [
            Suppressed("ada@example.org", "bounced", NOW, "a letter bounced"),
            Suppressed(None, "erased", NOW, ""),
        ]


@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2500])
def test_every_suppression_is_listed_once_whatever_the_page(count: int, database: Database) -> None:
    # Several reasons of one address stand on both sides of a page's end.
    reasons = ["bounced", "complained", "operator"]
    fill(database, lambda number: (f"{number // 3:05}@example.org", reasons[number % 3]), count)
    with database.reading() as connection:
        found = [(one.key, one.reason) for one in list_suppressed(connection)]
    assert sorted(set(found), key=str) == sorted(found, key=str)
    assert len(found) == count


def test_one_reason_alone_can_be_listed(database: Database) -> None:
    fill(
        database,
        lambda number: (f"{number}@example.org", "bounced" if number % 7 else "complained"),
        3 * suppressed.PAGE,
    )
    with database.reading() as connection:
        found = list(list_suppressed(connection, SuppressionReason.COMPLAINED))
    assert {one.reason for one in found} == {"complained"}
    assert len(found) == sum(number % 7 == 0 for number in range(3 * suppressed.PAGE))


def test_a_reason_that_a_newer_program_wrote_is_listed_too(database: Database) -> None:
    fill(database, lambda _number: ("ada@example.org", "spam-trap"), 1)
    with database.reading() as connection:
        assert [one.reason for one in list_suppressed(connection)] == ["spam-trap"]
        assert [one.reason for one in of_address(connection, "ada@example.org")] == ["spam-trap"]


def test_the_reason_that_outranks_the_others_is_the_first_of_an_address(database: Database) -> None:
    for reason in ("left-all", "operator", "complained", "bounced"):
        fill(database, lambda _number, reason=reason: ("ada@example.org", reason), 1)
    with database.reading() as connection:
        found = [one.reason for one in of_address(connection, "ada@example.org")]
        assert found == ["complained", "bounced", "operator", "left-all"]
        assert of_address(connection, "bob@example.org") == []
