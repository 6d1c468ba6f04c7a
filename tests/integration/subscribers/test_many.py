"""Bulk changes do to each of the selected what the verbs do to one, slice by slice, and no more when done twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Connection, false, insert, select

from subscribers import many
from subscribers.errors import BadValue
from subscribers.many import Slice, remove_slice, tag_slice
from subscribers.people import people
from subscribers.segment_conditions import Scope, condition
from subscribers.segments import parse
from subscribers.tables import consent_events, subscriber_tags, subscribers, subscriptions

NEWS = "news"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def fill(connection: Connection, count: int) -> None:
    numbers = range(1, count + 1)
    rows: list[dict[str, Any]] = [
        {
            "id": n,
            "email": f"p{n}@example.org",
            "email_key": f"p{n}@example.org",
            "name": "",
            "fields": {},
            "created_at": NOW,
            "updated_at": NOW,
        }
        for n in numbers
    ]
    connection.execute(insert(subscribers), rows)
    for newsletter in (NEWS, "daily"):
        connection.execute(
            insert(subscriptions),
            [
                {
                    "newsletter": newsletter,
                    "subscriber_id": n,
                    "status": "unsubscribed" if n % 5 == 0 else "subscribed",
                    "changed_at": NOW,
                }
                for n in numbers
            ],
        )
    connection.execute(insert(subscriber_tags), [{"subscriber_id": n, "tag": "even"} for n in numbers if n % 2 == 0])


def segment(expression: str) -> ColumnElement[bool]:
    return condition(parse(expression), Scope(NEWS, lambda _: false()))


def tagged(connection: Connection, tag: str) -> list[int]:
    return [person.id for person in people(connection, NEWS) if tag in person.tags]


def test_tags_are_put_on_and_taken_off_all_whom_a_segment_selects(connection: Connection) -> None:
    fill(connection, 6)
    chosen = segment("tag:even and not domain:example.com")
    done = tag_slice(connection, NEWS, chosen, after=0, add=["vip", "even"], remove=["even", "none"])
    assert done == Slice(6, 3, 3)
    assert tagged(connection, "vip") == [2, 4, 6]
    assert tagged(connection, "even") == [2, 4, 6], "what is put on stays on"
    again = tag_slice(connection, NEWS, chosen, after=0, add=["vip"], remove=[])
    assert again == Slice(6, 3, 0)
    assert tag_slice(connection, NEWS, chosen, after=6, add=["vip"], remove=[]) == Slice(6, 0, 0)


def test_slices_reach_everybody_even_when_the_change_takes_people_out_of_the_segment(connection: Connection) -> None:
    fill(connection, 2 * many.SLICE + 1)
    chosen, after, changed = segment("not tag:seen"), 0, 0
    while (done := tag_slice(connection, NEWS, chosen, after=after, add=["seen"], remove=[])).people:
        after, changed = done.last, changed + done.changed
    assert changed == len(tagged(connection, "seen")) == 2 * many.SLICE + 1


def test_a_bad_tag_changes_nothing(connection: Connection) -> None:
    fill(connection, 2)
    with pytest.raises(BadValue):
        tag_slice(connection, NEWS, segment("tag:even"), after=0, add=["a,b"], remove=["even"])
    assert tagged(connection, "even") == [2]


def test_subscriptions_are_ended_with_a_proof_each_and_those_who_left_keep_theirs(connection: Connection) -> None:
    fill(connection, 6)
    done = remove_slice(connection, NEWS, segment("not tag:even"), after=0, now=LATER, note="moved")
    assert done == Slice(5, 3, 2)
    rows = connection.execute(
        select(subscriptions.c.newsletter, subscriptions.c.subscriber_id)
        .where(subscriptions.c.status == "unsubscribed", subscriptions.c.changed_at == LATER)
        .order_by(subscriptions.c.subscriber_id)
    )
    assert [tuple(row) for row in rows] == [(NEWS, 1), (NEWS, 3)]
    proofs = connection.execute(select(consent_events).order_by(consent_events.c.subscriber_id)).all()
    assert [(row.subscriber_id, row.newsletter, row.action, row.source, row.evidence) for row in proofs] == [
        (1, NEWS, "removed", "operator", {"note": "moved"}),
        (3, NEWS, "removed", "operator", {"note": "moved"}),
    ]
