"""What a person can be to a newsletter, what can be true of an address, and which changes are lawful. Pure."""

from enum import StrEnum


class Status(StrEnum):
    """What one person is to one newsletter."""

    UNCONFIRMED = "unconfirmed"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"


class SuppressionReason(StrEnum):
    """Why an address is never mailed; the first one named here outranks those after it."""

    ERASED = "erased"
    COMPLAINED = "complained"
    BOUNCED = "bounced"
    OPERATOR = "operator"
    UNDELIVERABLE = "undeliverable"
    LEFT_ALL = "left-all"
