"""What a file says that a person is to the newsletter, and in which order its words outrank each other. Pure."""

from enum import IntEnum, StrEnum

from subscribers.lifecycle import SuppressionReason


class Wanted(IntEnum):
    """The standing that a row asks for. The higher outranks: of two rows about one person, and in the book."""

    SUBSCRIBED = 0
    """With a consent source; without one it means the same as UNCONFIRMED."""
    UNCONFIRMED = 1
    UNSUBSCRIBED = 2
    LEFT_ALL = 3
    UNDELIVERABLE = 4
    OPERATOR = 5
    BOUNCED = 6
    COMPLAINED = 7
    ERASED = 8
    """Not from the file: the address is one that was erased here."""

    @property
    def comes_in(self) -> bool:
        """Whether the row asks to be let in; the others say that somebody is not to be mailed."""
        return self <= Wanted.UNCONFIRMED


class Everybody(StrEnum):
    """What a person may say of everybody in their files, where the files do not say it."""

    SUBSCRIBED = "subscribed"
    """As without it, but that a file's name counts for nothing."""
    UNCONFIRMED = "unconfirmed"
    UNSUBSCRIBED = "unsubscribed"
    LEFT_ALL = "left-all"
    BOUNCED = "bounced"
    COMPLAINED = "complained"

    @property
    def wanted(self) -> Wanted:
        """The standing that each row asks for at least."""
        return Wanted[self.name]


SUPPRESSIONS = {
    Wanted.LEFT_ALL: SuppressionReason.LEFT_ALL,
    Wanted.UNDELIVERABLE: SuppressionReason.UNDELIVERABLE,
    Wanted.OPERATOR: SuppressionReason.OPERATOR,
    Wanted.BOUNCED: SuppressionReason.BOUNCED,
    Wanted.COMPLAINED: SuppressionReason.COMPLAINED,
}
"""What a row makes of an address that it says is not to be mailed by anybody."""
