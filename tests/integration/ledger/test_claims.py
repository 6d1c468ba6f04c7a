"""Claims: nobody is taken twice, and whoever left before the claim began is withheld by it."""

import threading

from sqlalchemy import delete

from mailer.ledger import claims, mailings
from mailer.ledger.claims import Claim, Settlement
from mailer.ledger.states import State
from subscribers.tables import subscribers

from .conftest import NEWS, NOW, World


def _numbers(claim: Claim) -> list[int]:
    return [one.subscriber_id for one in claim.deliveries]


def test_a_claim_takes_pending_people_in_order_and_counts_the_attempt(world: World) -> None:
    world.people(range(1, 6))
    world.open()
    first = world.claim(2)
    second = world.claim(2, after=first.last or 0)
    assert (_numbers(first), _numbers(second)) == ([1, 2], [3, 4])
    assert [one.tag for one in first.deliveries] == ["1-1", "2-1"]
    assert first.deliveries[0].email == "p1@example.org"
    assert world.states() == {1: "claimed", 2: "claimed", 3: "claimed", 4: "claimed", 5: "pending"}


def test_whoever_left_was_suppressed_or_erased_since_the_freeze_is_withheld(world: World) -> None:
    world.people(range(1, 6))
    world.open()
    world.status(1, "unsubscribed")
    world.suppress(2, "complained")
    with world.database.transaction() as connection:
        connection.execute(delete(subscribers).where(subscribers.c.id == 3))
    claim = world.claim(5)
    assert (_numbers(claim), claim.withheld, claim.last) == ([4, 5], 3, 5)
    assert world.progress().withheld_because == {"complained": 1, "erased": 1, "unsubscribed": 1}
    assert world.progress().adds_up


def test_a_paused_mailing_gives_nobody(world: World) -> None:
    world.people([1])
    world.open()
    with world.database.transaction() as connection:
        assert mailings.pause(connection, world.mailing, "operator")
    assert world.claim(5) == Claim((), 0, None)
    with world.database.transaction() as connection:
        assert mailings.resume(connection, world.mailing)
    assert _numbers(world.claim(5)) == [1]


def test_a_settlement_counts_only_for_the_sender_and_attempt_that_claimed(world: World) -> None:
    world.people([1, 2])
    world.open()
    claim = world.claim(2, sender=7)
    assert world.settle(claim, State.ACCEPTED, sender=8) == 0
    assert world.settle(claim, State.PENDING, sender=7) == 2
    again = world.claim(2, sender=7)
    assert [one.tag for one in again.deliveries] == ["1-2", "2-2"]
    assert world.settle(claim, State.ACCEPTED, sender=7) == 0
    assert world.settle(again, State.ACCEPTED, sender=7) == 2
    assert world.settle(again, State.REFUSED, sender=7) == 0
    assert world.states() == {1: "accepted", 2: "accepted"}


def test_an_answer_that_comes_after_we_were_counted_dead_still_counts(world: World) -> None:
    world.people([1, 2])
    world.open()
    claim = world.claim(2, sender=7)
    with world.database.transaction() as connection:
        assert claims.abandon(connection, 7, NOW) == 2
    assert world.states() == {1: "uncertain", 2: "uncertain"}
    assert world.settle(claim, State.REFUSED, sender=7) == 0
    assert world.settle(claim, State.ACCEPTED, sender=7) == 2


def test_uncertain_people_are_never_claimed_again_on_our_own_motion(world: World) -> None:
    world.people([1])
    world.open()
    world.settle(world.claim(1), State.UNCERTAIN)
    assert world.claim(5).last is None
    with world.database.transaction() as connection:
        assert not mailings.finish(connection, world.mailing, NOW) or world.states() == {1: "uncertain"}
        assert claims.resolve(connection, world.mailing, [Settlement(1, 1, State.PENDING)], NOW) == 1
        mailings.reopen(connection, world.mailing)
    assert [one.tag for one in world.claim(5).deliveries] == ["1-2"]


def test_a_mailing_is_not_finished_while_anyone_is_pending_or_in_a_call(world: World) -> None:
    world.people([1, 2])
    world.open()
    claim = world.claim(1)
    with world.database.transaction() as connection:
        assert not mailings.finish(connection, world.mailing, NOW)
    world.settle(claim, State.ACCEPTED)
    with world.database.transaction() as connection:
        assert not mailings.finish(connection, world.mailing, NOW)
    world.settle(world.claim(1), State.REFUSED)
    with world.database.transaction() as connection:
        assert mailings.finish(connection, world.mailing, NOW)


def test_what_comes_back_to_a_cancelled_mailing_is_withheld(world: World) -> None:
    world.people([1, 2, 3])
    world.open()
    claim = world.claim(2)
    with world.database.transaction() as connection:
        assert mailings.cancel(connection, world.mailing, NOW) == 1
    world.settle(claim, State.PENDING)
    assert world.states() == {1: "withheld", 2: "withheld", 3: "withheld"}
    assert world.progress().withheld_because == {"cancelled": 3}


def test_what_comes_back_to_a_mailing_that_was_discarded_leaves_nothing_behind(world: World) -> None:
    world.people([1, 2])
    world.open(transport="outbox")
    claim = world.claim(1)
    with world.database.transaction() as connection:
        row = mailings.find(connection, NEWS, 1)
        assert row is not None
        assert mailings.discard(connection, row)
    world.settle(claim, State.ACCEPTED)
    assert world.rows() == 0


def test_the_segments_of_an_edition_are_answered_for_each_person(world: World) -> None:
    world.people([1], tags=["pro"])
    world.people([2], tags=["pro", "staff"])
    world.people([3])
    world.segments = {"tag:pro": "tag:pro", "not tag:staff": "not tag:staff"}
    world.open()
    found = {one.subscriber_id: one.segments for one in world.claim(5).deliveries}
    assert found == {1: {"tag:pro", "not tag:staff"}, 2: {"tag:pro"}, 3: {"not tag:staff"}}


def test_four_claimers_at_once_share_everyone_and_take_nobody_twice(world: World) -> None:
    world.people(range(1, 401))
    world.open()
    taken: list[list[int]] = [[] for _ in range(4)]

    def work(number: int) -> None:
        after = 0
        while True:
            claim = world.claim(7, after=after, sender=number + 1)
            if claim.last is None:
                if after == 0:
                    return
                after = 0
                continue
            after = claim.last
            taken[number].extend(_numbers(claim))
            world.settle(claim, State.ACCEPTED, sender=number + 1)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    everyone = sorted(number for mine in taken for number in mine)
    assert everyone == list(range(1, 401))
    assert set(world.states().values()) == {"accepted"}


def test_one_issue_has_one_mailing(world: World) -> None:
    world.people([1])
    world.open()
    with world.database.transaction() as connection:
        second = mailings.insert_mailing(
            connection,
            newsletter=NEWS,
            issue=1,
            token="another",
            transport="memory",
            segment="",
            source_digest="digest",
            edition="{}",
            now=NOW,
        )
    assert second is None
