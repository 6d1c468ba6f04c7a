"""A segment selects whom its logic says: SQL against a pure evaluation, the same on both databases."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Connection, select

from mailer.database.engine import Database
from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.errors import BadSegment
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.people import count, people
from subscribers.segment_conditions import Scope, condition
from subscribers.segment_values import (
    And,
    Domain,
    Fate,
    FieldContains,
    FieldIs,
    Letters,
    Not,
    Or,
    Segment,
    StatusIs,
    Subscribed,
    Suppressed,
    Tag,
)
from subscribers.segments import parse as parse_segment
from subscribers.tables import subscribers

NEWS = "news"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass(frozen=True)
class Known:
    """One person of the book that the tests ask."""

    tags: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict[str, str])
    domain: str = "example.org"
    status: Status = Status.SUBSCRIBED
    at: datetime = NOW
    suppressed: tuple[SuppressionReason, ...] = ()


BOOK = {
    "ada": Known(("beta", "staff"), {"plan": "pro", "city": "New York"}),
    "bob": Known(("beta",), status=Status.UNCONFIRMED, at=NOW + timedelta(days=1)),
    "cleo": Known((), {"plan": "x"}, suppressed=(SuppressionReason.UNDELIVERABLE, SuppressionReason.OPERATOR)),
    "dan": Known(("early bird", "Beta"), {"plan": "pro", "motto": 'say "hi"'}, at=NOW - timedelta(microseconds=1)),
    "eve": Known(("o'hara",), {"plan": "", "city": "york %_\\"}, "sub.example.org"),
    "fay": Known(("a:b",), {"city": "YORK"}, "xn--exmple-cua.org", Status.UNSUBSCRIBED),
    "gus": Known(("ünïcode",), {"city": "Zürich", "plan": "x'; DROP TABLE subscriber; --"}, "gmail.com"),
}
MAILED = ("ada", "eve")


def fill(connection: Connection) -> None:
    for name, known in BOOK.items():
        address = parse(f"{name}@{known.domain}")
        book.subscribe(
            connection,
            address,
            NEWS,
            actor=Actor.OPERATOR,
            source="" if known.status is Status.UNCONFIRMED else "paper form",
            name=name.title(),
            tags=known.tags,
            fields=known.fields,
            hashes=[name],
            now=known.at,
        )
        if known.status is Status.UNSUBSCRIBED:
            book.unsubscribe(connection, address, NEWS, source="/unsubscribe", now=known.at)
        for reason in known.suppressed:
            suppressing.suppress(connection, address.key, reason, note="", now=NOW)
    # Somebody of another newsletter: nobody's status or date here is theirs.
    book.subscribe(connection, parse("ada@example.org"), "daily", actor=Actor.OPERATOR, source="", hashes=[], now=NOW)


def letters(asked: Letters) -> ColumnElement[bool]:
    """What a ledger would hand in: two people were mailed."""
    mailed = select(subscribers.c.id).where(subscribers.c.name.in_([name.title() for name in MAILED]))
    return subscribers.c.id.in_(mailed if asked.fate is Fate.MAILED else [])


def names(connection: Connection, segment: Segment) -> list[str]:
    chosen = condition(segment, Scope(NEWS, letters))
    found = [person.name.lower() for person in people(connection, NEWS, segment=chosen)]
    assert len(found) == count(connection, NEWS, segment=chosen)
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tag:beta", "ada bob"),
        ("tag:Beta", "dan"),
        ("tag:beta and not tag:staff", "bob"),
        ("tag:staff or field:plan = x", "ada cleo"),
        ('tag:"early bird"', "dan"),
        ("tag:o'hara", "eve"),
        ("tag:a:b", "fay"),
        ("tag:u\u0308nïcode", "gus"),
        ("field:plan = pro", "ada dan"),
        ("field:plan != pro", "bob cleo eve fay gus"),
        ('field:plan = ""', "bob eve fay"),
        ("field:plan", "ada cleo dan gus"),
        ("not field:plan", "bob eve fay"),
        ('field:motto = "say \\"hi\\""', "dan"),
        ("field:Plan = pro", ""),
        ("field:city contains York", "ada"),
        ("field:city contains york", "eve"),
        ('field:city contains "%"', "eve"),
        ("field:city contains _\\", "eve"),
        ("field:city contains ür", "gus"),
        ('field:plan contains "\'; DROP TABLE"', "gus"),
        ("status:subscribed", "ada cleo dan eve gus"),
        ("status:unconfirmed or status:unsubscribed", "bob fay"),
        ("subscribed before 2026-11-23", "dan"),
        ("subscribed since 2026-11-23", "ada cleo eve gus"),
        ("subscribed after 2026-11-22", "ada cleo eve gus"),
        ("subscribed after 2026-11-23", ""),
        ("suppressed", "cleo"),
        ("suppressed:operator and suppressed:undeliverable", "cleo"),
        ("suppressed:complained", ""),
        ("domain:EXAMPLE.org", "ada bob cleo dan"),
        ("domain:exämple.org", "fay"),
        ("domain:ample.org", ""),
        ("never-mailed", "bob cleo dan fay gus"),
        ("mailed and not tag:staff", "eve"),
        ("delivered", ""),
        ('tag:"x\' OR 1=1 --"', ""),
        ("not (tag:beta or field:plan = pro)", "cleo eve fay gus"),
    ],
)
def test_a_segment_selects_the_same_people_on_both_databases(
    connection: Connection, expression: str, expected: str
) -> None:
    fill(connection)
    assert names(connection, parse_segment(expression)) == expected.split()


def test_the_deepest_expression_is_still_a_statement(connection: Connection) -> None:
    fill(connection)
    for inner in ("tag:beta", "status:unconfirmed", "field:plan contains x", "domain:example.org", "suppressed"):
        deep = inner
        for _ in range(9):
            deep = f"tag:beta and not({deep} and tag:zz)"
        assert names(connection, parse_segment(deep)) == ["ada", "bob"]
        with pytest.raises(BadSegment, match="more than 20 levels"):
            parse_segment(f"tag:beta and not({deep} and tag:zz)")
    wide = "tag:beta"
    while len(wide) < 980:
        wide += " or status:subscribed"
    assert names(connection, parse_segment(wide)) == ["ada", "bob", "cleo", "dan", "eve", "gus"]


_days = st.none() | st.dates(date(2026, 11, 21), date(2026, 11, 26))
_texts = st.sampled_from(["pro", "x", "York", "york", "o", "'", "%", "ü", "\\", '"'])
_conditions: st.SearchStrategy[Segment] = st.one_of(
    st.sampled_from(["beta", "staff", "Beta", "none", "o'hara"]).map(Tag),
    st.builds(FieldIs, st.sampled_from(["plan", "motto", "city"]), _texts | st.just("")),
    st.builds(FieldContains, st.sampled_from(["plan", "motto", "city"]), _texts),
    st.sampled_from(Status).map(StatusIs),
    st.builds(Subscribed, _days, _days),
    (st.none() | st.sampled_from(SuppressionReason)).map(Suppressed),
    st.sampled_from(["example.org", "gmail.com", "g", "sub.example.org"]).map(Domain),
    st.just(Letters(Fate.MAILED)),
)


def _wider(parts: st.SearchStrategy[Segment]) -> st.SearchStrategy[Segment]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return parts.map(Not) | several.map(And) | several.map(Or)


def _selects(segment: Segment, name: str) -> bool:  # noqa: C901, PLR0911  # one line for each thing there is
    known = BOOK[name]
    match segment:
        case Tag(tag):
            return tag in known.tags
        case FieldIs(field_, value):
            return known.fields.get(field_, "") == value
        case FieldContains(field_, value):
            return value in known.fields.get(field_, "")
        case StatusIs(status):
            return known.status is status
        case Subscribed(since, before):
            day = known.at.date()
            return known.status is Status.SUBSCRIBED and (since or day) <= day and (before is None or day < before)
        case Suppressed(reason):
            return reason in known.suppressed if reason else known.suppressed != ()
        case Domain(domain):
            return known.domain == domain
        case Letters():
            return name in MAILED
        case Not(part):
            return not _selects(part, name)
        case And(parts):
            return all(_selects(part, name) for part in parts)
        case Or(parts):
            return any(_selects(part, name) for part in parts)


def test_a_segment_selects_whom_its_logic_says(database: Database) -> None:
    with database.transaction() as connection:
        fill(connection)

    @settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.nested_given])
    @given(st.recursive(_conditions, _wider, max_leaves=8))
    def selects(segment: Segment) -> None:
        with database.reading() as connection:
            assert names(connection, segment) == [name for name in BOOK if _selects(segment, name)]

    selects()
