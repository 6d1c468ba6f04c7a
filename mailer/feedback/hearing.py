"""What is heard of a mailing as a whole: since when, what no standing says, and why nothing comes at all."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from mailer.feedback.tables import doubles, event_errors, events
from mailer.ledger import tally
from mailer.ledger.mailings import MailingRow
from mailer.ledger.tables import deliveries
from mailer.ledger.tally import Told


@dataclass(frozen=True)
class Hearing:
    """What is heard of one mailing."""

    told: Told | None
    """None: no event of it was heard."""
    doubles: int
    """Letters beyond the first of an attempt."""
    silent_since: datetime | None
    """When its first letter was called for, if no event was heard of it since; None: something was, or nothing was sent."""
    unreadable: int = 0
    """Messages that came in since then and could not be read."""
    others: int = 0
    """Events of other letters that came in since then."""


def hear(connection: Connection, mailing: MailingRow) -> Hearing | None:
    """What is heard of a mailing; None for a transport that tells nothing afterwards."""
    if mailing.transport != "ses":
        return None
    told = tally.told(connection, mailing.id)
    twice = select(func.count()).select_from(doubles).where(doubles.c.mailing_id == mailing.id)
    number = connection.execute(twice).scalar_one()
    if told is not None:
        return Hearing(told, number, None)
    first = select(func.min(deliveries.c.claimed_at)).where(deliveries.c.mailing_id == mailing.id)
    since: datetime | None = connection.execute(first).scalar_one()
    if since is None:
        return Hearing(None, number, None)
    counts = [
        connection.execute(select(func.count()).select_from(table).where(table.c.heard_at >= since)).scalar_one()
        for table in (event_errors, events)
    ]
    return Hearing(None, number, since, *counts)
