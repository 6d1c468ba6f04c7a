"""Reading the book: everyone once, in order, as segments and statuses say; the same on both databases."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from mailer.database.engine import Database
from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.errors import BadSegment
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.people import PAGE, Person, count, people, show
from subscribers.segments import And, FieldIs, Not, Or, Segment, Tag, condition
from subscribers.segments import parse as parse_segment
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
    suppressing.suppress(connection, "cleo@example.org", SuppressionReason.BOUNCED, note="", now=NOW)
    suppressing.suppress(connection, "cleo@example.org", SuppressionReason.OPERATOR, note="", now=NOW)


def names(connection: Connection, expression: str) -> list[str]:
    chosen = condition(parse_segment(expression))
    found = [person.name.lower() for person in people(connection, NEWS, segment=chosen)]
    assert len(found) == count(connection, NEWS, segment=chosen)
    return found


def test_everyone_is_read_once_in_order_with_all_there_is(connection: Connection) -> None:
    fill(connection)
    found = list(people(connection, NEWS))
    assert [person.id for person in found] == sorted(person.id for person in found)
    assert [(person.email, person.status, person.suppressed) for person in found] == [
        ("ada@example.org", Status.SUBSCRIBED, None),
        ("bob@example.org", Status.UNCONFIRMED, None),
        ("cleo@example.org", Status.SUBSCRIBED, SuppressionReason.BOUNCED),
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
        suppressed=SuppressionReason.BOUNCED,
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


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tag:beta", ["ada", "bob"]),
        ("tag:Beta", ["dan"]),
        ("tag:beta and not tag:staff", ["bob"]),
        ("tag:staff or field:plan = x", ["ada", "cleo"]),
        ('tag:"early bird"', ["dan"]),
        ("tag:o'hara", ["eve"]),
        ("field:plan = pro", ["ada", "dan"]),
        ("field:plan != pro", ["bob", "cleo", "eve"]),
        ("not field:plan = pro", ["bob", "cleo", "eve"]),
        ('field:plan = ""', ["bob", "eve"]),
        ('field:motto = "say \\"hi\\""', ["dan"]),
        ("field:Plan = pro", []),
        ('tag:"x\' OR 1=1 --"', []),
        ("not (tag:beta or field:plan = pro)", ["cleo", "eve"]),
    ],
)
def test_a_segment_selects_the_same_people_on_both_databases(
    connection: Connection, expression: str, expected: list[str]
) -> None:
    fill(connection)
    assert names(connection, expression) == expected


def test_the_deepest_expression_is_still_a_statement(connection: Connection) -> None:
    fill(connection)
    deep = "tag:beta"
    for _ in range(9):
        deep = f"tag:beta and not({deep} and tag:zz)"
    assert names(connection, deep) == ["ada", "bob"]
    with pytest.raises(BadSegment, match="more than 20 levels"):
        parse_segment(f"tag:beta and not({deep} and tag:zz)")
    wide = "tag:beta"
    while len(wide) < 990:
        wide += " or tag:b"
    assert names(connection, wide) == ["ada", "bob"]


_atoms: st.SearchStrategy[Segment] = st.sampled_from(["beta", "staff", "Beta", "none"]).map(Tag) | st.builds(
    FieldIs, st.sampled_from(["plan", "motto"]), st.sampled_from(["pro", "x", ""])
)


def _wider(parts: st.SearchStrategy[Segment]) -> st.SearchStrategy[Segment]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return parts.map(Not) | several.map(And) | several.map(Or)


def _selects(segment: Segment, name: str) -> bool:
    tags, fields = BOOK[name]
    match segment:
        case Tag(tag):
            return tag in tags
        case FieldIs(field, value):
            return fields.get(field, "") == value
        case Not(part):
            return not _selects(part, name)
        case And(parts):
            return all(_selects(part, name) for part in parts)
        case Or(parts):
            return any(_selects(part, name) for part in parts)


def test_a_segment_selects_whom_its_logic_says(database: Database) -> None:
    with database.transaction() as connection:
        fill(connection)

    @settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.nested_given])
    @given(st.recursive(_atoms, _wider, max_leaves=8))
    def selects(segment: Segment) -> None:
        with database.reading() as connection:
            found = [person.name.lower() for person in people(connection, NEWS, segment=condition(segment))]
        assert found == [name for name in BOOK if _selects(segment, name)]

    selects()
