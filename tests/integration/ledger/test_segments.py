"""Segments that the ledger answers: who was mailed, who never was, whose letter arrived."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from mailer.ledger.segments import condition_now, condition_of
from mailer.ledger.states import State
from mailer.ledger.tables import deliveries, mailings
from subscribers.tables import merged_subscribers, subscribers

NOW = datetime(2026, 3, 23, 6, 0, tzinfo=UTC)


def selected(world: Any, expression: str, newsletter: str = "news") -> list[int]:
    with world.database.reading() as connection:
        chosen = select(subscribers.c.id).order_by(subscribers.c.id)
        always = connection.execute(chosen.where(condition_of(expression, newsletter))).scalars().all()
        now = connection.execute(chosen.where(condition_now(connection, expression, newsletter))).scalars().all()
    assert now == always
    return list(always)


def told(world: Any, number: int, **facts: Any) -> None:
    with world.database.transaction() as connection:
        connection.execute(update(deliveries).where(deliveries.c.subscriber_id == number).values(**facts))


@pytest.fixture
def mailed(world: Any) -> Any:
    """Eight people; the letters of issue 54 to the first six are in every state there is."""
    world.people(range(1, 7))
    world.open(issue=54)
    world.people(range(7, 9))
    for state in (State.ACCEPTED, State.ACCEPTED, State.UNCERTAIN, State.REFUSED):
        claim = world.claim(1, after=0)
        world.settle(claim, state)
    world.claim(1)
    return world


def test_whoever_may_have_a_letter_was_mailed(mailed: Any) -> None:
    assert mailed.states() == {
        1: "accepted",
        2: "accepted",
        3: "uncertain",
        4: "refused",
        5: "claimed",
        6: "pending",
    }
    assert selected(mailed, "mailed") == [1, 2, 3]
    assert selected(mailed, "never-mailed") == [4, 5, 6, 7, 8]
    assert selected(mailed, "mailed:54") == [1, 2, 3]
    assert selected(mailed, "mailed:53") == []
    assert selected(mailed, "mailed", "daily") == []


def test_the_time_of_a_letter_counts(mailed: Any) -> None:
    told(mailed, 1, settled_at=NOW - timedelta(days=1))
    assert selected(mailed, "mailed before 2026-03-23") == [1]
    assert selected(mailed, "mailed since 2026-03-23") == [2, 3]
    assert selected(mailed, "mailed after 2026-03-23") == []


def test_facts_of_feedback_are_asked_for(mailed: Any) -> None:
    told(mailed, 1, delivered_at=NOW)
    told(mailed, 2, soft_bounced_at=NOW - timedelta(days=2))
    assert selected(mailed, "delivered:54") == [1]
    assert selected(mailed, "mailed and not delivered") == [2, 3]
    assert selected(mailed, "soft-bounced before 2026-03-22") == [2]
    assert selected(mailed, "soft-bounced since 2026-03-22") == []


def test_a_letter_to_a_number_that_was_merged_counts_for_the_person_who_was_kept(mailed: Any) -> None:
    """Numbers of the ledger that nobody has any more: 11 was mailed issue 54, and 12 never anything."""
    with mailed.database.transaction() as connection:
        for number, kept in ((11, 7), (12, 8)):
            connection.execute(
                insert(merged_subscribers).values(subscriber_id=number, kept_id=kept, address_key=None, at=NOW)
            )
        letter = {"mailing_id": mailed.mailing, "subscriber_id": 11, "state": "accepted", "attempt": 1}
        connection.execute(insert(deliveries).values(**letter, settled_at=NOW, delivered_at=NOW))
    assert selected(mailed, "mailed") == [1, 2, 3, 7]
    assert selected(mailed, "never-mailed") == [4, 5, 6, 8]
    assert selected(mailed, "delivered:54 or not (mailed or not mailed:53)") == [7]
    assert selected(mailed, "mailed:54 and not delivered since 2026-03-23") == [1, 2, 3]


def test_a_segment_of_the_ledger_freezes_and_counts(mailed: Any) -> None:
    accounting = mailed.open(issue=55, segment="never-mailed and not mailed:54")
    assert (accounting.candidates, accounting.frozen, accounting.excluded) == (5, 5, {})


def test_a_section_for_the_never_mailed_is_for_those_whose_first_letter_is_being_claimed(mailed: Any) -> None:
    mailed.open(issue=55)
    mailed.segments = {"never-mailed": "never-mailed"}
    claim = mailed.claim(10)
    assert {one.subscriber_id for one in claim.deliveries if one.segments} == {4, 5, 6, 7, 8}
    with mailed.database.reading() as connection:
        assert connection.execute(select(mailings.c.issue)).scalars().all() == [54, 55]
