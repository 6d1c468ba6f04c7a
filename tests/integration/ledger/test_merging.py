"""Two people who are one, in the middle of a mailing: no issue twice, none missed."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from mailer.errors import MailingError
from mailer.ledger import newcomers
from mailer.ledger.merging import merge_deliveries
from mailer.ledger.segments import condition_of
from mailer.ledger.states import State
from mailer.ledger.tables import deliveries, mailings
from subscribers import merging
from subscribers.address import parse
from subscribers.people import count
from subscribers.tables import consent_events, merged_subscribers, subscribers, subscriptions, suppressions

NOW = datetime(2026, 3, 23, 6, 0, tzinfo=UTC)
NEWS = "news"
OPEN = (State.PENDING, State.CLAIMED)
HAS_IT = (State.ACCEPTED, State.UNCERTAIN)


def put(world: Any, number: int, state: State | None) -> None:
    """A delivery in one state; None: there is none."""
    row = (deliveries.c.mailing_id == world.mailing, deliveries.c.subscriber_id == number)
    with world.database.transaction() as connection:
        if state is None:
            connection.execute(delete(deliveries).where(*row))
        else:
            connection.execute(update(deliveries).where(*row).values(state=state))
        connection.execute(update(mailings).values(audience=world_rows(connection)))


def world_rows(connection: Any) -> int:
    return connection.execute(select(func.count()).select_from(deliveries)).scalar_one()


def accepted(world: Any) -> set[int]:
    return {number for number, state in world.states().items() if state == "accepted"}


def merge(world: Any, keep: int, gone: int) -> None:
    with world.database.transaction() as connection:
        done = merging.merge(connection, parse(f"p{keep}@example.org"), parse(f"p{gone}@example.org"), now=NOW)
        merge_deliveries(connection, done.kept.id, done.gone.id, NOW)


@pytest.mark.parametrize(
    ("kept", "gone", "expected"),
    [
        (State.PENDING, State.PENDING, {1: "pending", 2: "withheld"}),
        (None, State.PENDING, {1: "pending"}),
        (State.PENDING, State.ACCEPTED, {1: "withheld", 2: "accepted"}),
        (State.PENDING, State.UNCERTAIN, {1: "withheld", 2: "uncertain"}),
        (State.PENDING, State.REFUSED, {1: "pending", 2: "refused"}),
        (State.PENDING, State.WITHHELD, {1: "pending", 2: "withheld"}),
        (State.PENDING, None, {1: "pending"}),
        (State.CLAIMED, State.PENDING, {1: "claimed", 2: "withheld"}),
        (State.ACCEPTED, State.PENDING, {1: "accepted", 2: "withheld"}),
        (State.ACCEPTED, State.ACCEPTED, {1: "accepted", 2: "accepted"}),
        (State.WITHHELD, State.PENDING, {1: "withheld", 2: "withheld"}),
        (None, State.ACCEPTED, {2: "accepted"}),
    ],
)
def test_nobody_gets_an_issue_twice_by_a_merge(
    world: Any, kept: State | None, gone: State | None, expected: dict[int, str]
) -> None:
    world.people([1, 2])
    world.open()
    put(world, 1, kept)
    put(world, 2, gone)
    merge(world, 1, 2)
    assert world.states() == expected
    assert world.progress().adds_up


def test_whoever_has_the_issue_by_the_number_of_somebody_merged_before_gets_no_second_one(world: Any) -> None:
    world.people([1, 2, 4])
    world.open()
    put(world, 4, State.ACCEPTED)
    merge(world, 2, 4)
    merge(world, 1, 2)
    assert world.states() == {1: "withheld", 2: "withheld", 4: "accepted"}
    assert world.progress().adds_up


def test_nobody_is_merged_while_their_letter_is_in_a_call(world: Any) -> None:
    world.people([1, 2])
    world.open()
    put(world, 2, State.CLAIMED)
    with pytest.raises(MailingError, match="under way"):
        merge(world, 1, 2)
    assert world.states() == {1: "pending", 2: "claimed"}
    with world.database.reading() as connection:
        assert count(connection, NEWS) == 2


def test_a_newcomer_who_has_the_issue_under_another_number_is_none(world: Any) -> None:
    world.people([2])
    world.open()
    world.settle(world.claim(1), State.ACCEPTED)
    world.people([1, 3])
    merge(world, 1, 2)
    with world.database.transaction() as connection:
        assert newcomers.count_new(connection, world.mailing, NEWS, None) == 1
        assert newcomers.add_new(connection, world.mailing, NEWS, None) == 1
    assert world.states() == {2: "accepted", 3: "pending"}
    with world.database.reading() as connection:
        assert count(connection, NEWS, segment=condition_of("mailed:1", NEWS)) == 1
        assert count(connection, NEWS, segment=condition_of("never-mailed", NEWS)) == 1


def test_in_any_order_of_claims_and_merges_one_letter_goes_to_one_person(world: Any) -> None:
    @settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.nested_given])
    @given(
        st.lists(
            st.sampled_from([("claim", 1), ("claim", 2), ("merge", 1, 2), ("merge", 1, 3), ("merge", 2, 4), ("new",)]),
            max_size=8,
        ),
        st.sets(st.integers(1, 4)),
    )
    def holds(steps: list[tuple[Any, ...]], frozen: set[int]) -> None:
        with world.database.transaction() as connection:
            for table in (deliveries, mailings, consent_events, suppressions, subscriptions, merged_subscribers, subscribers):  # fmt: skip
                connection.execute(delete(table))
        world.people([5, *frozen])
        world.open()
        world.people({1, 2, 3, 4, 6} - frozen)
        had: dict[int, int] = {}
        one = {number: {number} for number in range(1, 7)}
        for step in [*steps, ("claim", 9)]:
            match step:
                case ("claim", size):
                    claim = world.claim(size)
                    world.settle(claim, State.ACCEPTED)
                case ("merge", keep, gone) if keep in one and gone in one:
                    merge(world, keep, gone)
                    one[keep] |= one.pop(gone)
                    had[keep] = len(one[keep] & accepted(world))
                case ("new",):
                    with world.database.transaction() as connection:
                        newcomers.add_new(connection, world.mailing, NEWS, None)
                case _:
                    pass
        for keep, numbers in one.items():
            got = len(numbers & accepted(world))
            # Two who got it before anybody knew that they are one have it twice; a merge sends none of them another.
            assert got <= max(1, had.get(keep, 0))
            assert got or not numbers & (frozen | {5}), "whoever was in the audience got it"
        assert world.progress().adds_up

    holds()
