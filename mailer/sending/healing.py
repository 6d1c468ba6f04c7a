"""After a death: what a sender had claimed becomes uncertain, and certain again where the transport knows what it did."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mailer.database.engine import Database
from mailer.ledger import claims, mailings, senders
from mailer.ledger.mailings import MailingRow
from mailer.ledger.states import State
from mailer.sending.settlements import settled
from mailer.transport.base import Transport


def bury_and_look_up(
    database: Database, transport: Transport[Any], mailing: MailingRow, now: Callable[[], datetime]
) -> None:
    """Make dead senders' claims uncertain, and then certain again where the transport can tell what it did."""
    senders.bury(database, now())
    if transport.name != mailing.transport:
        return
    after = 0
    while True:
        with database.reading() as connection:
            rows = claims.uncertain(connection, mailing.id, after=after)
        if not rows:
            return
        after = rows[-1][0]
        found = transport.look_up(mailing.token, [f"{subscriber}-{attempt}" for subscriber, attempt in rows])
        if found is None:
            return
        settlements = [
            settled(subscriber, attempt, receipt)
            for subscriber, attempt in rows
            if (receipt := found.get(f"{subscriber}-{attempt}")) is not None
        ]
        with database.transaction() as connection:
            claims.resolve(connection, mailing.id, settlements, now())
            if any(settlement.state == State.PENDING for settlement in settlements):
                mailings.reopen(connection, mailing.id)
