"""What a person says of deliveries whose answer was lost."""

from datetime import datetime

from mailer.database.engine import Database
from mailer.errors import MailingError
from mailer.ledger import claims, mailings
from mailer.ledger.claims import Settlement
from mailer.ledger.mailings import MailingRow
from mailer.ledger.states import MailingState, State


def resolve_uncertain(database: Database, mailing: MailingRow, state: State, now: datetime) -> int:
    """Every uncertain delivery becomes ACCEPTED or PENDING; how many. A finished mailing goes on for the pending ones.

    Raises MailingError when the mailing was cancelled and somebody would become pending.
    """
    if state == State.PENDING and mailing.state == MailingState.CANCELLED:
        raise MailingError(
            f"issue {mailing.issue} was cancelled: nobody can become pending in it",
            hint="`--as accepted` settles them; correct yourself in a new issue",
        )
    reason = "resolved by an operator"
    settled = 0
    with database.transaction() as connection:
        while rows := claims.uncertain(connection, mailing.id):
            settlements = [Settlement(subscriber, attempt, state, reason=reason) for subscriber, attempt in rows]
            settled += claims.resolve(connection, mailing.id, settlements, now)
        if settled and state == State.PENDING:
            mailings.reopen(connection, mailing.id)
    return settled
