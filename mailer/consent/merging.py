"""Merging two people, everywhere at once: the book, the ledger, and the requests that still wait for an answer."""

from datetime import datetime

from sqlalchemy import Connection

from mailer.consent import requests
from mailer.ledger.merging import merge_deliveries
from subscribers import merging
from subscribers.address import Address
from subscribers.merging import Merge


def merge_people(connection: Connection, keep: Address, other: Address, *, now: datetime) -> Merge:
    """As `subscribers.merging.merge`; and nobody gets an issue twice by it, or is subscribed by the other mailbox's link.

    Raises what that raises, and MailingError while a letter to `other` is in a call.
    """
    done = merging.merge(connection, keep, other, now=now)
    merge_deliveries(connection, done.kept.id, done.gone.id, now)
    requests.forget(connection, done.gone.key, done.gone.id)
    return done
