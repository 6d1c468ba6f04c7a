"""Who stays in the book although an import that brought them is taken back: whoever has a letter, or may get it at this moment."""

import pytest
from sqlalchemy import select, update

from mailer.ledger.states import MailingState, State
from mailer.ledger.tables import mailings
from mailer.ledger.written_to import written_to
from subscribers.tables import subscribers

from .conftest import World


def _written_to(world: World) -> set[int]:
    with world.database.reading() as connection:
        return set(connection.execute(select(subscribers.c.id).where(written_to())).scalars())


def _mailing_is(world: World, state: MailingState) -> None:
    with world.database.transaction() as connection:
        connection.execute(update(mailings).values(state=state.value))


@pytest.mark.parametrize("state", [State.ACCEPTED, State.UNCERTAIN, State.REFUSED])
def test_whoever_has_a_letter_or_may_have_it(world: World, state: State) -> None:
    world.people(range(1, 4))
    world.open()
    _mailing_is(world, MailingState.SENDING)
    world.people([4])
    # A sender may claim any of them while somebody takes them out.
    assert _written_to(world) == {1, 2, 3}
    world.settle(world.claim(1), state)
    claimed = world.claim(1, after=1)
    _mailing_is(world, MailingState.FINISHED)
    assert len(claimed.deliveries) == 1
    assert _written_to(world) == ({2} if state is State.REFUSED else {1, 2})
