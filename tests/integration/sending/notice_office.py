"""A database with notices to single persons, and what sends them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert, select

from mailer.database.engine import Database
from mailer.ledger import notices, senders
from mailer.ledger.notice_tables import notices as table
from mailer.ledger.notices import TAG, Kind, NewNotice, NoticeRow
from mailer.sending.notices import NoticeRun, Step
from mailer.transport.base import Envelope
from mailer.transport.memory import Answer, MemoryTransport, in_turn
from subscribers.tables import suppressions

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def letter(notice: NoticeRow) -> Envelope:
    return Envelope("news@example.org", notice.email, b"letter", TAG, notice.tag)


@dataclass
class Office:
    """A database with notices, and what sends them."""

    database: Database
    transport: MemoryTransport = field(default_factory=MemoryTransport)
    seconds: float = 0.0
    slowed: list[float] = field(default_factory=list[float])

    def add(self, number: int, email: str = "ada@example.org", *, kind: Kind = Kind.CONFIRM, days: int = 7) -> None:
        """One notice, asked for `number` seconds after NOW."""
        new = NewNotice(number, kind, "news", email, NOW + timedelta(days=days), request_id=number)
        with self.database.transaction() as connection:
            notices.add(connection, [new], NOW + timedelta(seconds=number))

    def run(self, compose: Callable[[NoticeRow], Envelope] = letter) -> NoticeRun:
        """What sends them."""
        return NoticeRun(
            database=self.database,
            transport=self.transport,
            compose=compose,
            depart=lambda _stopped: True,
            too_fast=lambda: self.slowed.append(self.seconds),
            clock=lambda: self.seconds,
            now=lambda: NOW + timedelta(seconds=self.seconds),
            stopped=lambda: False,
        )

    def send(self, run: NoticeRun | None = None) -> list[Step]:
        """Send until nothing is due, or something must wait."""
        run = run or self.run()
        steps: list[Step] = []
        with senders.sender(self.database, NOW) as me:
            while not steps or steps[-1] is Step.SETTLED:
                steps.append(run.step(me))
        return steps

    def states(self) -> dict[int, tuple[str, str | None, int]]:
        """Number -> state, reason, attempt."""
        with self.database.reading() as connection:
            rows = connection.execute(select(table.c.id, table.c.state, table.c.reason, table.c.attempt))
            return {row[0]: (row[1], row[2], row[3]) for row in rows}

    def suppress(self, email: str, reason: str) -> None:
        """Never mail an address."""
        with self.database.transaction() as connection:
            connection.execute(insert(suppressions).values(address_key=email, reason=reason, at=NOW, note=""))


def answering(office: Office, *answers: Answer) -> None:
    office.transport = MemoryTransport(in_turn(answers), remembers=False)
