"""A record holds everything that the book knows of a person for one newsletter."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, false

from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.records import Consent, Record, Suppressed, field_names, records
from subscribers.segment_conditions import Scope, condition
from subscribers.segments import parse as parse_segment

NEWS = "news"
NOW = datetime(2026, 11, 23, 6, 0, 0, 7, tzinfo=UTC)
DAY = timedelta(days=1)


def enter(connection: Connection, name: str, newsletter: str = NEWS, **fields: str) -> int:
    return book.subscribe(
        connection,
        parse(f"{name}@example.org"),
        newsletter,
        actor=Actor.OPERATOR,
        source="paper form",
        name=name.title(),
        tags=["beta", name],
        fields=fields,
        evidence={"page": "3"},
        hashes=[name],
        now=NOW,
    ).subscriber_id


def test_a_record_is_whole(connection: Connection) -> None:
    ada = enter(connection, "ada", plan="pro", city="York")
    enter(connection, "ada", "daily")
    book.unsubscribe(connection, ada, NEWS, source="/unsubscribe", now=NOW + DAY)
    suppressing.suppress(connection, "ada@example.org", SuppressionReason.OPERATOR, note="asked", now=NOW)
    suppressing.suppress(connection, "ada@example.org", SuppressionReason.COMPLAINED, note="abuse", now=NOW + 2 * DAY)
    assert list(records(connection, NEWS)) == [
        Record(
            id=ada,
            email="ada@example.org",
            name="Ada",
            status=Status.UNSUBSCRIBED,
            status_at=NOW + DAY,
            created_at=NOW,
            tags=("ada", "beta"),
            fields={"city": "York", "plan": "pro"},
            consent=(
                Consent("attested", NEWS, "paper form", NOW, {"page": "3"}),
                Consent("left", NEWS, "/unsubscribe", NOW + DAY, {}),
                Consent("complained", None, "abuse", NOW + 2 * DAY, {}),
            ),
            suppressions=(
                Suppressed("complained", NOW + 2 * DAY, "abuse"),
                Suppressed("operator", NOW, "asked"),
            ),
        )
    ]


def test_the_names_of_fields_are_those_that_somebody_chosen_has(connection: Connection) -> None:
    enter(connection, "ada", plan="pro", city="York")
    enter(connection, "bob", size="L")
    enter(connection, "cleo", "daily", colour="red")
    assert field_names(connection, NEWS) == ["city", "plan", "size"]


def test_a_segment_chooses_whose_records_are_read(connection: Connection) -> None:
    enter(connection, "ada", plan="pro")
    enter(connection, "bob", size="L")
    chosen = condition(parse_segment("tag:bob"), Scope(NEWS, lambda _: false()))
    assert [record.name for record in records(connection, NEWS, chosen)] == ["Bob"]
    assert field_names(connection, NEWS, chosen) == ["size"]
