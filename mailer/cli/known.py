"""Finds the person whom a command names, or says why there is none."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from subscribers.address import Address
    from subscribers.people import Person


def known(connection: "Connection", address: "Address", newsletter: str) -> "Person":
    """The person; raises UnknownSubscriber, and says when the address is suppressed all the same."""
    from subscribers.errors import UnknownSubscriber  # noqa: PLC0415  # lazy, as the others
    from subscribers.people import show  # noqa: PLC0415  # lazy: heavy
    from subscribers.rows import suppressed  # noqa: PLC0415  # lazy: heavy

    person = show(connection, address, newsletter)
    if person is None:
        reason = suppressed(connection, address.key)
        hint = f"the address is suppressed: {reason}" if reason else "`mailer subscribers list` says who is"
        raise UnknownSubscriber(f"nobody here has the address {address.email}", hint=hint)
    return person
