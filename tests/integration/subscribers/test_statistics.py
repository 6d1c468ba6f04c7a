"""Figures of a list: each person once by state, domains of those who are mailed, and weeks that begin on Mondays."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.lifecycle import Actor, SuppressionReason
from subscribers.statistics import Week, by_domain, by_state, by_week

NEWS = "news"
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)


def enter(connection: Connection, email: str, at: datetime, *, newsletter: str = NEWS, source: str = "form") -> int:
    return book.subscribe(
        connection, parse(email), newsletter, actor=Actor.OPERATOR, source=source, hashes=[], now=at
    ).subscriber_id


def fill(connection: Connection) -> None:
    ada = enter(connection, "ada@example.org", MONDAY)
    enter(connection, "bob@example.org", MONDAY - timedelta(microseconds=1))
    enter(connection, "cleo@example.com", MONDAY + timedelta(days=6, hours=23))
    enter(connection, "dan@example.net", MONDAY, source="")
    eve = enter(connection, "eve@example.net", MONDAY - timedelta(weeks=1))
    fay = enter(connection, "fay@example.net", MONDAY - timedelta(weeks=30))
    enter(connection, "gus@example.net", MONDAY, newsletter="daily")
    book.unsubscribe(connection, eve, NEWS, source="/unsubscribe", now=MONDAY + timedelta(days=1))
    suppressing.leave_all(connection, fay, source="/preferences", now=MONDAY + timedelta(days=1))
    suppressing.suppress(connection, "gus@example.net", SuppressionReason.COMPLAINED, note="", now=MONDAY)
    suppressing.suppress(connection, "cleo@example.com", SuppressionReason.UNDELIVERABLE, note="", now=MONDAY)
    assert ada


def test_everybody_is_counted_once_by_state(connection: Connection) -> None:
    fill(connection)
    assert list(by_state(connection, NEWS).items()) == [
        ("mailable", 2),
        ("left-all", 1),
        ("unconfirmed", 1),
        ("undeliverable", 1),
        ("unsubscribed", 1),
    ]
    assert by_state(connection, "none") == {"mailable": 0}


def test_domains_are_those_of_people_who_may_be_mailed(connection: Connection) -> None:
    fill(connection)
    enter(connection, "hal@example.com", MONDAY)
    assert list(by_domain(connection, NEWS, 5).items()) == [("example.org", 2), ("example.com", 1)]
    assert by_domain(connection, NEWS, 1) == {"example.org": 2}


def test_weeks_begin_on_mondays_and_count_who_came_and_who_left(connection: Connection) -> None:
    fill(connection)
    assert by_week(connection, NEWS, last=date(2026, 11, 22), weeks=3) == [
        Week(date(2026, 11, 2), 0, 0),
        Week(date(2026, 11, 9), 2, 0),
        Week(date(2026, 11, 16), 2, 2),
    ]
    assert [week.begins for week in by_week(connection, NEWS, last=date(2026, 11, 23), weeks=2)] == [
        date(2026, 11, 16),
        date(2026, 11, 23),
    ]
