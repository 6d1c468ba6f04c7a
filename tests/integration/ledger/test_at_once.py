"""Two who change a mailing at the same moment: nobody is left waiting in a mailing that is over."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

from sqlalchemy import Connection

from mailer.ledger import claims, mailings, newcomers
from mailer.ledger.claims import Settlement
from mailer.ledger.states import MailingState, State

from .conftest import NEWS, NOW, World

_A_MOMENT = 0.3
"""Seconds in which the other one certainly comes to where it must wait, if it waits at all."""


@contextmanager
def beside(world: World, verb: Callable[[Connection], object]) -> Generator[Connection]:
    """A block in whose middle somebody else begins `verb`, in a transaction of their own; both are over at the end."""

    def act() -> None:
        with world.database.transaction() as connection:
            verb(connection)

    other = threading.Thread(target=act)
    with world.database.transaction() as connection:
        yield connection
        other.start()
        other.join(_A_MOMENT)
    other.join()


def test_who_comes_back_while_the_mailing_is_cancelled_is_withheld(world: World) -> None:
    world.people([1, 2])
    world.open()
    world.claim(1)
    with beside(world, lambda other: mailings.cancel(other, world.mailing, NOW)) as connection:
        claims.settle(connection, world.mailing, 1, [Settlement(1, 1, State.PENDING)], NOW)
    assert world.states() == {1: "withheld", 2: "withheld"}


def test_who_is_resolved_as_pending_while_the_mailing_finishes_is_still_sent_to(world: World) -> None:
    world.people([1])
    world.open()
    world.settle(world.claim(1), State.UNCERTAIN)
    with beside(world, lambda other: mailings.finish(other, world.mailing, NOW)) as connection:
        claims.resolve(connection, world.mailing, [Settlement(1, 1, State.PENDING)], NOW)
        mailings.reopen(connection, world.mailing)
    assert world.state() is MailingState.SENDING
    assert world.states() == {1: "pending"}


def test_who_is_added_while_the_mailing_finishes_is_still_sent_to(world: World) -> None:
    world.people([1])
    world.open()
    world.settle(world.claim(1), State.ACCEPTED)
    world.people([2])
    with beside(world, lambda other: mailings.finish(other, world.mailing, NOW)) as connection:
        assert newcomers.add_new(connection, world.mailing, NEWS, None) == 1
    assert world.state() is MailingState.SENDING
    assert world.states() == {1: "accepted", 2: "pending"}
