"""Reading the book: everyone once, in order, as statuses say; the same on both databases."""

from datetime import UTC, datetime

from sqlalchemy import Connection

from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.people import Person, count, people, show
from subscribers.reading import PAGE
from subscribers.tables import subscribers, subscriptions

NEWS = "news"
NOW = datetime(2026, 11, 23, tzinfo=UTC)

# name -> tags, fields
BOOK: dict[str, tuple[list[str], dict[str, str]]] = {
    "ada": (["beta", "staff"], {"plan": "pro"}),
    "bob": (["beta"], {}),
    "cleo": ([], {"plan": "x"}),
    "dan": (["early bird", "Beta"], {"plan": "pro", "motto": 'say "hi"'}),
    "eve": (["o'hara"], {"plan": ""}),
}


def fill(connection: Connection) -> None:
    for name, (tags, fields) in BOOK.items():
        book.subscribe(
            connection,
            parse(f"{name}@example.org"),
            NEWS,
            actor=Actor.OPERATOR,
            source="paper form" if name != "bob" else "",
            name=name.title(),
            tags=tags,
            fields=fields,
            hashes=[name],
            now=NOW,
        )
    suppressing.suppress(connection, "cleo@example.org", SuppressionReason.UNDELIVERABLE, note="", now=NOW)
    suppressing.suppress(connection, "cleo@example.org", SuppressionReason.OPERATOR, note="", now=NOW)


def test_everyone_is_read_once_in_order_with_all_there_is(connection: Connection) -> None:
    fill(connection)
    found = list(people(connection, NEWS))
    assert [person.id for person in found] == sorted(person.id for person in found)
    assert [(person.email, person.status, person.suppressed) for person in found] == [
        ("ada@example.org", Status.SUBSCRIBED, None),
        ("bob@example.org", Status.UNCONFIRMED, None),
        ("cleo@example.org", Status.SUBSCRIBED, SuppressionReason.OPERATOR),
        ("dan@example.org", Status.SUBSCRIBED, None),
        ("eve@example.org", Status.SUBSCRIBED, None),
    ]
    assert {person.name.lower(): (list(person.tags), person.fields) for person in found} == {
        name: (sorted(tags), fields) for name, (tags, fields) in BOOK.items()
    }
    assert list(people(connection, "daily")) == []


def test_people_can_be_asked_for_by_status(connection: Connection) -> None:
    fill(connection)
    assert [person.name for person in people(connection, NEWS, status=Status.UNCONFIRMED)] == ["Bob"]
    assert count(connection, NEWS, status=Status.SUBSCRIBED) == 4
    assert count(connection, NEWS) == 5


def test_a_person_is_shown_as_seen_from_a_newsletter(connection: Connection) -> None:
    fill(connection)
    seen = show(connection, parse("CLEO@example.org"), NEWS)
    assert seen == Person(
        id=seen.id if seen else 0,
        email="cleo@example.org",
        name="Cleo",
        status=Status.SUBSCRIBED,
        suppressed=SuppressionReason.OPERATOR,
        tags=(),
        fields={"plan": "x"},
    )
    elsewhere = show(connection, parse("cleo@example.org"), "daily")
    assert elsewhere is not None
    assert elsewhere.status is None
    assert show(connection, parse("nobody@example.org"), NEWS) is None


def test_pages_join_without_a_gap(connection: Connection) -> None:
    many = 2 * PAGE + 1
    connection.execute(
        subscribers.insert(),
        [
            {
                "email": f"n{n}@example.org",
                "email_key": f"n{n}@example.org",
                "name": str(n),
                "fields": {},
                "created_at": NOW,
                "updated_at": NOW,
            }
            for n in range(many)
        ],
    )
    ids = connection.execute(subscribers.select().with_only_columns(subscribers.c.id)).scalars().all()
    connection.execute(
        subscriptions.insert(),
        [{"newsletter": NEWS, "subscriber_id": number, "status": "subscribed", "changed_at": NOW} for number in ids],
    )
    assert [person.id for person in people(connection, NEWS)] == sorted(ids)
