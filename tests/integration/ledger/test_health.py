"""Whose letters do not arrive: counted once each, and only when anything was heard at all."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update

from mailer.ledger.health import Health, health
from mailer.ledger.states import State
from mailer.ledger.tables import deliveries

NOW = datetime(2026, 3, 23, 6, 0, tzinfo=UTC)


def mail(world: Any, issue: int) -> None:
    world.open(issue=issue)
    while world.settle(world.claim(10), State.ACCEPTED):
        pass


def told(world: Any, numbers: list[int], **facts: Any) -> None:
    with world.database.transaction() as connection:
        row = (deliveries.c.subscriber_id.in_(numbers), deliveries.c.mailing_id == world.mailing)
        connection.execute(update(deliveries).where(*row).values(**facts))


def asked(world: Any) -> Health:
    with world.database.reading() as connection:
        return health(connection, "news")


def test_nobody_knows_who_never_got_a_letter_while_nothing_was_heard(world: Any) -> None:
    world.people(range(1, 4))
    assert asked(world) == Health(0, 0, {})
    mail(world, 1)
    assert (asked(world), asked(world).never_delivered) == (Health(3, 0, {}), None)


def test_the_never_delivered_and_the_soft_bouncing_are_counted_once_each(world: Any) -> None:
    world.people(range(1, 8))
    for issue in range(1, 6):
        mail(world, issue)
        told(world, [1, 2], delivered_at=NOW)
        told(world, [3], soft_bounced_at=NOW)
    told(world, [2, 4, 5], soft_bounced_at=NOW)
    world.status(6, "unsubscribed")
    world.suppress(5, "bounced")
    found = asked(world)
    assert found == Health(mailed=5, delivered=2, soft_bouncing={1: 1, 3: 1})
    assert found.never_delivered == 3
