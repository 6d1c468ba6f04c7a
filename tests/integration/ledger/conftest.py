"""A small world for the ledger: people, one newsletter, one mailing."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select, update

from mailer.database.engine import Database
from mailer.ledger import audience, claims, mailings
from mailer.ledger.audience import Accounting
from mailer.ledger.claims import Claim, Desk, Settlement
from mailer.ledger.report import Progress, progress
from mailer.ledger.segments import condition_of
from mailer.ledger.states import MailingState, State
from mailer.ledger.tables import deliveries
from subscribers.tables import subscriptions, suppressions

from ...people import enter  # noqa: TID252  # tests are not a package

NOW = datetime(2026, 3, 23, 6, 0, tzinfo=UTC)
NEWS = "news"


@dataclass
class World:
    """People by number; the ledger's verbs with everything that a test does not care about filled in."""

    database: Database
    mailing: int = 0
    segments: dict[str, str] = field(default_factory=dict[str, str])

    def people(self, numbers: Iterable[int], *, status: str = "subscribed", tags: Iterable[str] = ()) -> None:
        """Add people, in one status."""
        with self.database.transaction() as connection:
            enter(connection, numbers, NEWS, now=NOW, status=status, tags=tags)

    def status(self, number: int, status: str) -> None:
        """Give one person another status."""
        with self.database.transaction() as connection:
            connection.execute(
                update(subscriptions).where(subscriptions.c.subscriber_id == number).values(status=status)
            )

    def suppress(self, number: int, reason: str) -> None:
        """Suppress one person's address."""
        with self.database.transaction() as connection:
            values = {"address_key": f"p{number}@example.org", "reason": reason, "at": NOW, "note": ""}
            connection.execute(insert(suppressions).values(values))

    def open(self, *, issue: int = 1, segment: str = "", transport: str = "memory") -> Accounting:
        """Open a mailing and freeze it."""
        with self.database.transaction() as connection:
            audience.hold_still(connection)
            opened = mailings.insert_mailing(
                connection,
                newsletter=NEWS,
                issue=issue,
                token=f"token{issue}",
                transport=transport,
                segment=segment,
                source_digest="digest",
                edition="{}",
                now=NOW,
            )
            assert opened is not None
            self.mailing = opened
            return audience.freeze(connection, opened, NEWS, condition_of(segment, NEWS) if segment else None)

    def claim(self, size: int, *, after: int = 0, sender: int = 1) -> Claim:
        """Claim, and commit."""
        desk = Desk(self.mailing, NEWS, {name: condition_of(text, NEWS) for name, text in self.segments.items()})
        with self.database.transaction() as connection:
            return desk.claim(connection, after=after, size=size, sender_id=sender, now=NOW)

    def settle(self, claim: Claim, state: State, *, sender: int = 1) -> int:
        """Settle every delivery of a claim in one way; how many rows took it."""
        settlements = [
            Settlement(one.subscriber_id, one.attempt, state, message_id=one.tag if state == State.ACCEPTED else None)
            for one in claim.deliveries
        ]
        with self.database.transaction() as connection:
            return claims.settle(connection, self.mailing, sender, settlements, NOW).rows

    def progress(self) -> Progress:
        """What the ledger says."""
        with self.database.reading() as connection:
            row = mailings.find(connection, NEWS, 1)
            assert row is not None
            return progress(connection, self.mailing, row.audience)

    def states(self) -> dict[int, str]:
        """Subscriber -> state."""
        with self.database.reading() as connection:
            rows = connection.execute(
                select(deliveries.c.subscriber_id, deliveries.c.state).where(deliveries.c.mailing_id == self.mailing)
            )
            return {row[0]: row[1] for row in rows}

    def state(self) -> MailingState:
        """The mailing's."""
        with self.database.reading() as connection:
            row = mailings.find(connection, NEWS, 1)
        assert row is not None
        return row.state

    def rows(self) -> int:
        """How many deliveries there are in all."""
        with self.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(deliveries)).scalar_one()


@pytest.fixture
def world(database: Database) -> World:
    """An empty world, on each database in turn."""
    return World(database)
