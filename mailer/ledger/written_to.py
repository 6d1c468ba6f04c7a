"""Whether anybody was written to, or may be at this moment: they stay in the book, or the links in their letters would lead nowhere."""

from sqlalchemy import ColumnElement, and_, exists, or_

from mailer.ledger.states import MailingState, State
from mailer.ledger.tables import deliveries, mailings
from subscribers.tables import subscribers

_MAY_HAVE_IT = (State.CLAIMED.value, State.ACCEPTED.value, State.UNCERTAIN.value)


def written_to() -> ColumnElement[bool]:
    """True of a row of `subscriber` to whom some letter may have gone; looked up by primary key, mailing by mailing."""
    # On PostgreSQL a claim does not wait for whoever takes the person out: it may take their letter in this very moment.
    taken_soon = and_(deliveries.c.state == State.PENDING.value, mailings.c.state == MailingState.SENDING.value)
    return (
        exists()
        .where(deliveries.c.mailing_id == mailings.c.id, deliveries.c.subscriber_id == subscribers.c.id)
        .where(or_(deliveries.c.state.in_(_MAY_HAVE_IT), taken_soon))
        .correlate(subscribers)
    )
