"""The freeze: everybody is in the audience or excluded with a reason, and the sums are checked."""

from threading import Thread

import pytest
from sqlalchemy import insert

from mailer.database.engine import Database
from mailer.errors import AudienceMismatch
from mailer.ledger import audience, mailings, newcomers
from mailer.ledger.audience import Accounting
from mailer.ledger.tables import deliveries

from .conftest import NEWS, World


def test_everyone_is_frozen_or_excluded_with_the_reason_that_outranks(world: World) -> None:
    world.people([1, 2, 3])
    world.people([4], status="unconfirmed")
    world.people([5], status="unsubscribed")
    world.people([6, 7])
    world.suppress(6, "bounced")
    world.suppress(7, "undeliverable")
    world.suppress(7, "complained")
    accounting = world.open()
    assert accounting == Accounting(7, 3, {"bounced": 1, "complained": 1, "unconfirmed": 1, "unsubscribed": 1})
    assert world.states() == {1: "pending", 2: "pending", 3: "pending"}


def test_the_plan_says_what_the_freeze_then_does(world: World) -> None:
    world.people([1, 2])
    world.people([3], status="unsubscribed")
    with world.database.reading() as connection:
        planned = audience.preview(connection, NEWS, None)
    assert planned == world.open()


def test_a_segment_names_its_candidates_and_nobody_else_is_one(world: World) -> None:
    world.people([1, 2], tags=["beta"])
    world.people([3], tags=["beta", "staff"])
    world.people([4])
    world.people([5], status="unsubscribed", tags=["beta"])
    assert world.open(segment="tag:beta and not tag:staff") == Accounting(3, 2, {"unsubscribed": 1})
    assert world.states() == {1: "pending", 2: "pending"}


def test_counts_that_do_not_add_up_keep_nothing(database: Database) -> None:
    world = World(database)
    world.people([1, 2])
    with pytest.raises(AudienceMismatch, match="3 candidates, but 2 frozen"):
        Accounting(3, 2, {}).verify()


def test_whoever_subscribes_after_the_freeze_is_not_in_it_unless_asked_for(world: World) -> None:
    world.people([1])
    world.people([2], status="unconfirmed")
    world.open()
    world.people([3])
    world.status(2, "subscribed")
    assert world.states() == {1: "pending"}
    with world.database.transaction() as connection:
        audience.hold_still(connection)
        assert newcomers.add_new(connection, world.mailing, NEWS, None) == 2
        assert audience.excluded(connection, world.mailing) == {}
    assert world.states() == {1: "pending", 2: "pending", 3: "pending"}
    assert world.progress().adds_up


def test_nobody_is_in_a_mailing_twice_whatever_the_code_does(world: World) -> None:
    world.people([1])
    world.open()
    again = {"mailing_id": world.mailing, "subscriber_id": 1, "state": "pending", "attempt": 0}
    with pytest.raises(Exception, match=r"(?i)unique"), world.database.transaction() as connection:
        connection.execute(insert(deliveries).values(again))
    assert world.rows() == 1


def _discard(world: World) -> bool:
    with world.database.transaction() as connection:
        mailing = mailings.find(connection, NEWS, 1)
        return mailing is not None and mailings.discard(connection, mailing)


def test_nobody_is_added_to_a_mailing_that_is_gone(world: World) -> None:
    world.people([1])
    world.open()
    assert _discard(world)
    with world.database.transaction() as connection:
        audience.hold_still(connection)
        assert newcomers.add_new(connection, world.mailing, NEWS, None) == 0
    assert world.rows() == 0


def test_whoever_is_added_while_the_mailing_is_discarded_goes_with_it(world: World) -> None:
    world.people([1])
    world.open()
    world.people([2])
    discarding = Thread(target=_discard, args=(world,))
    with world.database.transaction() as connection:
        audience.hold_still(connection)
        assert newcomers.add_new(connection, world.mailing, NEWS, None) == 1
        discarding.start()
        discarding.join(0.3)
        assert discarding.is_alive()
    discarding.join()
    assert world.rows() == 0


def test_a_mailing_of_which_somebody_was_claimed_is_not_discarded(world: World) -> None:
    world.people([1, 2])
    world.open()
    world.claim(1)
    assert not _discard(world)
    assert world.states() == {1: "claimed", 2: "pending"}
