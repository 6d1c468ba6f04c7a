"""A newsletter, its people, one short edition, and a run over any transport."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from mailer.database.engine import Database
from mailer.ledger import mailings
from mailer.ledger.claims import Claimed
from mailer.ledger.mailings import MailingRow
from mailer.ledger.segments import condition_of
from mailer.ledger.tables import deliveries
from mailer.links import Links
from mailer.pacing.pacer import Pacer
from mailer.rendering.edition import Edition, Letterhead, Only, Place, Slot
from mailer.sending.letters import letters
from mailer.sending.opening import open_mailing
from mailer.sending.run import End, Run
from mailer.transport.base import Envelope, Refused, Transport
from subscribers.tables import subscriptions

from ...people import enter  # noqa: TID252  # tests are not a package

NEWS = "news"
START = datetime(2026, 3, 23, 6, 0, tzinfo=UTC)

EDITION = Edition(
    issue=1,
    letterhead=Letterhead(NEWS, "The News", "The News", "news@example.org", "", "en-GB"),
    subject=("Issue 1 for ", Slot("first_name", Place.HEADER, "you")),
    html=(
        "<p>Hello ",
        Slot("first_name", Place.HTML, "reader"),
        "</p>",
        Only("tag:pro", ("<p>Only for the few</p>",)),
        '<a href="',
        Slot("unsubscribe_url", Place.ATTRIBUTE),
        '">leave</a>',
    ),
    text=("Hello ", Slot("first_name", Place.TEXT, "reader"), "\n", Slot("unsubscribe_url", Place.TEXT), "\n"),
    source_digest="digest",
)


class Time:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def clock(self) -> float:
        """Seconds."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds

    def now(self) -> datetime:
        """The moment."""
        return START + timedelta(seconds=self.seconds)


@dataclass
class Office:
    """The sending side of a newsletter, with every default filled in."""

    database: Database
    time: Time = field(default_factory=Time)
    links: Links = field(default_factory=lambda: Links("https://news.example.org", [b"k" * 32]))

    def people(self, numbers: Iterable[int], *, tags: Iterable[str] = ()) -> None:
        """Add subscribed people."""
        with self.database.transaction() as connection:
            enter(connection, numbers, NEWS, now=START, name="Person{} Smith", tags=tags)

    def leave(self, number: int) -> None:
        """One person unsubscribes."""
        with self.database.transaction() as connection:
            connection.execute(
                update(subscriptions).where(subscriptions.c.subscriber_id == number).values(status="unsubscribed")
            )

    def open(self, transport: Transport, *, segment: str = "") -> MailingRow:
        """Open the mailing of the edition."""
        return open_mailing(
            self.database,
            EDITION,
            segment=segment,
            transport=transport.name,
            token=lambda: "token",
            now=self.time.now(),
        )

    def run(
        self,
        transport: Transport,
        *,
        limit: int | None = None,
        batch: int = 3,
        rate: float | None = None,
        stopped: Callable[[], bool] = lambda: False,
        observe: Callable[[str, int], None] = lambda _step, _count: None,
        compose: Callable[[Claimed], Envelope | Refused] | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> End:
        """Open or find the mailing, and send."""
        mailing = self.open(transport)
        pacer = None
        if rate is not None:
            pacer = Pacer(self.database.transaction, "test", lambda: rate, lambda _rate: batch, clock=self.time.clock)
        return Run(
            database=self.database,
            transport=transport,
            compose=compose or letters(EDITION, mailing, self.links, self.time.now),
            mailing=mailing,
            segments={segment: condition_of(segment, NEWS) for segment in EDITION.segments},
            pacer=pacer,
            clock=self.time.clock,
            sleep=self.time.sleep,
            now=now or self.time.now,
            stopped=stopped,
            observe=observe,
            limit=limit,
            batch=batch,
        ).go()

    def mailing(self) -> MailingRow:
        """The mailing as it stands."""
        with self.database.reading() as connection:
            found = mailings.find(connection, NEWS, 1)
        assert found is not None
        return found

    def states(self) -> dict[int, str]:
        """Subscriber -> state."""
        with self.database.reading() as connection:
            rows = connection.execute(select(deliveries.c.subscriber_id, deliveries.c.state))
            return {row[0]: row[1] for row in rows}


@pytest.fixture
def office(database: Database) -> Office:
    """An office on each database in turn."""
    return Office(database)
