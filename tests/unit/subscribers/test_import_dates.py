"""A date is read when it can be read in one way, and else it is nobody's guess."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.imports.dates import moment

NOW = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
DAY = "2025-04-03 00:00:00.000000"
TEN = "2025-04-03 10:00:00.000000"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2025-04-03", DAY),
        ("2025-4-3", DAY),
        ("2025/04/03", DAY),
        ("3.4.2025", DAY),
        ("03.04.2025", DAY),
        ("3-Apr-2025", DAY),
        ("April 3, 2025", DAY),
        ("Apr 3rd 2025", DAY),
        ("3 April 2025", DAY),
        ("2025-04-03T10:00:00Z", TEN),
        ("2025-04-03T10:00:00.000+0000", TEN),
        ("2025-04-03 10:00", TEN),
        ("2025-04-03 10:00:00 UTC", TEN),
        ("2025-04-03 10:00:00+00", TEN),
        ("2025-04-03 10:00:00 +0000", TEN),
        ("2025-04-03 10:00:00 +0000 UTC", TEN),
        ("2025-04-03 06:00:00 -0400", TEN),
        ("2025-04-03 10:00 AM", TEN),
        ("2025/04/03 12:00:00 PM GMT+2", TEN),
        ("03.04.2025 10:00", TEN),
        ("Apr 3, 2025, 10:00 AM", TEN),
        ("April 3, 2025 at 10:00 AM", TEN),
        ("Thu, 03 Apr 2025 12:00:00 +0200", TEN),
        ("1743674400", TEN),
        ("1743674400000", TEN),
        ("25/04/2025", "2025-04-25 00:00:00.000000"),
        ("4/25/2025 3:04 PM", "2025-04-25 15:04:00.000000"),
        ("04-04-2025", "2025-04-04 00:00:00.000000"),
        ("2025-04-03 12:30 am", "2025-04-03 00:30:00.000000"),
        ("2099-01-01", "2026-11-24 07:30:00.000000"),
    ],
)
def test_a_date_that_can_be_read_in_one_way_is_read(text: str, at: str) -> None:
    assert moment(text, NOW) == at


@pytest.mark.parametrize(
    "text",
    [
        "",
        "03/04/2025",
        "03-04-2025 10:00",
        "1/2/25",
        "45750",
        "20250403",
        "31/02/2025",
        "2025-13-01",
        "0000-00-00 00:00:00",
        "1970-01-01",
        "0001-01-01T00:00:00+14:00",
        "2025-04-03 13:00 PM",
        "2025-04-03 25:00",
        "2025-04-03 10:00 +99:99",
        "2025-04-03 10:00 PST",
        "yesterday",
        "9" * 61,
    ],
)
def test_a_date_that_can_be_read_in_two_ways_or_in_none_is_not_guessed(text: str) -> None:
    assert moment(text, NOW) is None


@given(st.text(max_size=61) | st.text("0123456789-/.: +TZapmUCJuly", max_size=30))
def test_whatever_stands_there_it_is_a_moment_or_none(text: str) -> None:
    found = moment(text, NOW)
    assert found is None or datetime.fromisoformat(found).replace(tzinfo=UTC) <= NOW
