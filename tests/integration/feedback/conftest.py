"""A bureau that sent some issues, and what comes back of them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from mailer.database.engine import Database
from mailer.feedback.intake import take
from mailer.feedback.reading import Reader
from mailer.feedback.values import Policies, Raw, Taken
from mailer.ledger import audience, claims, mailings
from mailer.ledger.claims import Claim, Desk, Settlement
from mailer.ledger.facts import FACTS
from mailer.ledger.states import State
from mailer.ledger.tables import deliveries
from mailer.ledger.tables import mailings as mailing_table
from mailer.ses.events import read_event
from subscribers.erasure import keyed_hashes
from subscribers.tables import subscriptions, suppressions

from ...people import enter  # noqa: TID252  # tests are not a package

NEWS = "news"
OTHER = "daily"
NOW = datetime(2026, 3, 23, 6, 0, tzinfo=UTC)
FIXTURES = Path(__file__).parents[2] / "fixtures" / "events"
KEYS = (b"k" * 32,)

Row = dict[str, Any]


def hashes(key: str) -> tuple[str, ...]:
    """The keyed hashes of an address."""
    return keyed_hashes(key, KEYS)


@dataclass
class Bureau:
    """People by number, mailings by issue, and events about them."""

    database: Database
    policies: Policies = field(default_factory=Policies)
    mailings: dict[int, int] = field(default_factory=dict[int, int])

    def people(self, numbers: Iterable[int]) -> None:
        """Add people who are subscribed to two newsletters."""
        with self.database.transaction() as connection:
            enter(connection, numbers, NEWS, OTHER, now=NOW, name="")

    def open(self, issue: int = 1, *, at: datetime = NOW) -> None:
        """Open a mailing to everybody who is subscribed."""
        with self.database.transaction() as connection:
            audience.hold_still(connection)
            opened = mailings.insert_mailing(
                connection,
                newsletter=NEWS,
                issue=issue,
                token=token(issue),
                transport="ses",
                segment="",
                source_digest="digest",
                edition="{}",
                now=at,
            )
            assert opened is not None
            self.mailings[issue] = opened
            audience.freeze(connection, opened, NEWS, None)

    def claim(self, issue: int = 1, *, at: datetime = NOW) -> Claim:
        """Claim everybody who is pending."""
        with self.database.transaction() as connection:
            desk = Desk(self.mailings[issue], NEWS, {})
            return desk.claim(connection, after=0, size=5000, sender_id=1, now=at)

    def settle(self, claim: Claim, state: State, *, issue: int = 1, at: datetime = NOW) -> int:
        """Settle what was claimed, by our own knowledge; how many rows took it."""
        settlements = [
            Settlement(
                one.subscriber_id,
                one.attempt,
                state,
                message_id=number(one.subscriber_id, one.attempt, issue) if state == State.ACCEPTED else None,
            )
            for one in claim.deliveries
        ]
        with self.database.transaction() as connection:
            return claims.settle(connection, self.mailings[issue], 1, settlements, at).rows

    def sent(self, people: Iterable[int], *, issue: int = 1, state: State = State.ACCEPTED) -> None:
        """People who were sent an issue, with that outcome."""
        self.people(people)
        self.open(issue)
        self.settle(self.claim(issue), state, issue=issue)

    def resolve(self, person: int, state: State, *, issue: int = 1) -> int:
        """An operator's word on an uncertain delivery."""
        with self.database.transaction() as connection:
            row = self.rows(issue)[person]
            settlement = Settlement(person, row["attempt"], state, reason="resolved by an operator")
            return claims.resolve(connection, self.mailings[issue], [settlement], NOW)

    def take(self, *texts: str, now: datetime = NOW, read: Reader = read_event) -> Taken:
        """Take these in as one batch."""
        raws = [Raw(text, "here") for text in texts]
        return take(self.database, raws, read=read, hashes=hashes, now=now, policies=self.policies)

    def rows(self, issue: int = 1) -> dict[int, Row]:
        """The deliveries of a mailing by person: state, attempt, message id, and the facts that were heard."""
        names = ("state", "attempt", "message_id", *FACTS)
        chosen = select(deliveries.c.subscriber_id, *[deliveries.c[name] for name in names])
        with self.database.reading() as connection:
            found = connection.execute(chosen.where(deliveries.c.mailing_id == self.mailings[issue])).all()
        return {row[0]: {n: v for n, v in zip(names, row[1:], strict=True) if v is not None} for row in found}

    def mailing(self, issue: int = 1) -> tuple[str, str]:
        """State and reason."""
        with self.database.reading() as connection:
            chosen = select(mailing_table.c.state, mailing_table.c.reason)
            return tuple(connection.execute(chosen.where(mailing_table.c.issue == issue)).one())

    def resume(self, issue: int = 1) -> None:
        """An operator lets a mailing go on."""
        with self.database.transaction() as connection:
            assert mailings.resume(connection, self.mailings[issue])

    def suppressed(self) -> set[tuple[str, str]]:
        """(address, reason)."""
        with self.database.reading() as connection:
            rows = connection.execute(select(suppressions.c.address_key, suppressions.c.reason))
            return {(row[0], row[1]) for row in rows}

    def statuses(self, person: int) -> set[str]:
        """What a person is to the newsletters."""
        with self.database.reading() as connection:
            chosen = select(subscriptions.c.status).where(subscriptions.c.subscriber_id == person)
            return set(connection.execute(chosen).scalars())


def address(person: int) -> str:
    """The address of somebody."""
    return f"p{person}@example.org"


def token(issue: int) -> str:
    """The tag `mailing` of an issue."""
    return f"{issue:016x}"


def number(person: int, attempt: int = 1, issue: int = 1) -> str:
    """SES's number for a letter."""
    return f"0100-{issue}-{person:06}-{attempt}-000000"


def event(name: str, person: int, *, attempt: int = 1, issue: int = 1, seconds: float = 0.0, **changes: Any) -> str:
    """An event of the fixtures, about somebody's letter, so many seconds after its moment there.

    `changes` are of its `mail`: `messageId`, `destination`, `tags`; and `named`: whom it names.
    """
    told: Row = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    named = changes.pop("named", address(person))
    mail: Row = told["mail"]
    mail["messageId"] = number(person, attempt, issue)
    mail["destination"] = [address(person)]
    if "tags" in mail:
        mail["tags"] = {**mail["tags"], "mailing": [token(issue)], "delivery": [f"{person}-{attempt}"]}
    mail.update(changes)
    later = timedelta(seconds=seconds)
    for part in [cast("Row", value) for value in told.values() if isinstance(value, dict)]:
        if "timestamp" in part:
            moment = datetime.fromisoformat(part["timestamp"]) + later
            part["timestamp"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    text = json.dumps(told)
    return text.replace('"ada@example.org"', f'"{named}"').replace(
        '"feedbackId": "', f'"feedbackId": "{person}-{issue}-{seconds}-'
    )


@pytest.fixture
def bureau(database: Database) -> Bureau:
    """A bureau that has sent nothing, on each database in turn."""
    return Bureau(database)
