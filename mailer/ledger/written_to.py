"""Whether anybody was ever written to: such a person stays in the book, or the links in their letters would lead nowhere."""

from sqlalchemy import ColumnElement, exists

from mailer.ledger.states import State
from mailer.ledger.tables import deliveries, mailings
from subscribers.tables import subscribers

_MAY_HAVE_IT = (State.CLAIMED.value, State.ACCEPTED.value, State.UNCERTAIN.value)


def written_to() -> ColumnElement[bool]:
    """True of a row of `subscriber` to whom some letter may have gone; looked up by primary key, mailing by mailing."""
    return (
        exists()
        .where(deliveries.c.mailing_id == mailings.c.id, deliveries.c.subscriber_id == subscribers.c.id)
        .where(deliveries.c.state.in_(_MAY_HAVE_IT))
        .correlate(subscribers)
    )
