"""Forgetting: requests that are over, old notices, and a person who wants to be erased with every trace of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from mailer.consent import joining, requests
from mailer.ledger import notices
from subscribers import suppressing
from subscribers.address import Address
from subscribers.rows import hold, lock_erasures

NOTICES_KEPT = timedelta(days=30)
"""How long a settled notice keeps its address: events about it come within days."""


def clean(connection: Connection, now: datetime) -> None:
    """Forget what is over: requests that nobody confirmed and who entered the book by them, and old notices."""
    joining.clean(connection, now)
    requests.forget_old(connection, now)
    notices.forget_old(connection, now - NOTICES_KEPT)


def erase(connection: Connection, address: Address, *, hashes: Sequence[str], now: datetime) -> bool:
    """Erase a person from the book, and what requests and notices know of them. Whether anything was held of them.

    Deliveries stay: they hold a number without a name. See `subscribers.suppressing.erase` for what else stays.
    """
    lock_erasures(connection, to_erase=True)
    person = hold(connection, address)
    forgotten = requests.forget(connection, address.key, person.id if person else None)
    # Also what went to an address that they once asked letters to be sent to.
    letters = notices.forget(connection, address.key, forgotten)
    return suppressing.erase(connection, address, hashes=hashes, now=now) or bool(forgotten) or letters > 0
