"""What a transport's answer means for the ledger. Pure."""

from mailer.ledger.claims import Settlement
from mailer.ledger.states import State
from mailer.transport.base import Accepted, Lost, NotSent, Receipt, Refused


def settled(subscriber_id: int, attempt: int, receipt: Receipt) -> Settlement:
    """The settlement of one attempt by its receipt."""
    match receipt:
        case Accepted():
            return Settlement(subscriber_id, attempt, State.ACCEPTED, message_id=receipt.message_id)
        case Refused():
            return Settlement(subscriber_id, attempt, State.REFUSED, reason=receipt.reason)
        case Lost():
            return Settlement(subscriber_id, attempt, State.UNCERTAIN, reason=receipt.reason)
        case NotSent():
            return Settlement(subscriber_id, attempt, State.PENDING)
