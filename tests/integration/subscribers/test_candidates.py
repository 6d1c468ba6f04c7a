"""The verdict on each candidate: mailed, or left out for the gravest reason there is."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, false, literal, select, union_all

from subscribers import book, suppressing
from subscribers.address import Address, parse
from subscribers.candidates import exclusion_reason, verdicts
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.segment_conditions import Scope, condition
from subscribers.segments import parse as parse_segment
from subscribers.tables import subscribers, subscriptions

NEWS = "news"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def enter(connection: Connection, name: str, status: Status = Status.SUBSCRIBED, newsletter: str = NEWS) -> Address:
    address = parse(f"{name}@example.org")
    source = "" if status is Status.UNCONFIRMED else "paper form"
    done = book.subscribe(
        connection, address, newsletter, actor=Actor.OPERATOR, source=source, tags=[name[0]], hashes=[name], now=NOW
    )
    if status is Status.UNSUBSCRIBED:
        book.unsubscribe(connection, done.subscriber_id, newsletter, source="/unsubscribe", now=NOW)
    return address


def found(connection: Connection, segment: str | None = None) -> dict[str, str | None]:
    chosen = None if segment is None else condition(parse_segment(segment), Scope(NEWS, lambda _: false()))
    names = dict(connection.execute(select(subscribers.c.id, subscribers.c.email)).all())
    rows = connection.execute(verdicts(NEWS, chosen)).all()
    assert len(rows) == len({subscriber_id for subscriber_id, _ in rows}), "one row for each person"
    return {names[subscriber_id].partition("@")[0]: exclusion for subscriber_id, exclusion in rows}


def test_every_subscription_of_the_newsletter_has_a_verdict(connection: Connection) -> None:
    enter(connection, "ada")
    enter(connection, "bob", Status.UNCONFIRMED)
    enter(connection, "cleo", Status.UNSUBSCRIBED)
    enter(connection, "dan", newsletter="daily")
    assert found(connection) == {"ada": None, "bob": "unconfirmed", "cleo": "unsubscribed"}


@pytest.mark.parametrize("reason", [reason for reason in SuppressionReason if reason is not SuppressionReason.ERASED])
def test_a_suppressed_person_is_left_out_whatever_their_status(
    connection: Connection, reason: SuppressionReason
) -> None:
    for status in Status:
        address = enter(connection, status.value, status)
        suppressing.suppress(connection, address.key, reason, note="", now=NOW)
    enter(connection, "ada")
    assert found(connection) == {**{status.value: reason.value for status in Status}, "ada": None}


def test_of_several_reasons_the_gravest_is_the_verdict(connection: Connection) -> None:
    reasons = [reason for reason in SuppressionReason if reason is not SuppressionReason.ERASED]
    for number, _reason in enumerate(reasons):
        address = enter(connection, f"n{number}")
        for also in reversed(reasons[number:]):
            suppressing.suppress(connection, address.key, also, note="", now=NOW)
    assert found(connection) == {f"n{number}": reason.value for number, reason in enumerate(reasons)}


def test_a_segment_says_who_is_a_candidate_at_all(connection: Connection) -> None:
    enter(connection, "ada")
    enter(connection, "anton", Status.UNCONFIRMED)
    enter(connection, "bob")
    assert found(connection, "tag:a") == {"ada": None, "anton": "unconfirmed"}
    assert found(connection, "not tag:a") == {"bob": None}


def test_an_outer_join_that_finds_nobody_is_a_verdict_too(connection: Connection) -> None:
    enter(connection, "ada")
    enter(connection, "dan", newsletter="daily")
    gone = enter(connection, "eve")
    ids = {
        email.partition("@")[0]: number
        for number, email in connection.execute(select(subscribers.c.id, subscribers.c.email))
    }
    suppressing.erase(connection, gone, hashes=["eve"], now=NOW)
    claimed = union_all(*(select(literal(number).label("number")) for number in ids.values())).subquery()
    statement = select(claimed.c.number, exclusion_reason()).select_from(
        claimed.outerjoin(subscribers, subscribers.c.id == claimed.c.number).outerjoin(
            subscriptions,
            (subscriptions.c.subscriber_id == claimed.c.number) & (subscriptions.c.newsletter == NEWS),
        )
    )
    reasons = dict(connection.execute(statement).all())
    assert {name: reasons[number] for name, number in ids.items()} == {
        "ada": None,
        "dan": "unsubscribed",
        "eve": "erased",
    }
