"""How many letters of a mailing each final fact was heard of: kept beside the facts, so that the guard need not count them.

Counting the facts themselves takes half a second for a million people, and the guard asks several times a second. A tally
changes in the transaction that writes the facts, and by exactly as many.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Column, Connection, Integer, select, update
from sqlmodel import Field, SQLModel

from mailer.ledger.states import MailingState
from mailer.ledger.tables import mailings
from subscribers.columns import UtcDateTime, core
from subscribers.rows import insert_into


class Tally(SQLModel, table=True):
    """One mailing's counts, and what they were when it was last resumed: a person who resumes has seen those."""

    __tablename__: ClassVar[Any] = "tally"

    mailing_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    final: int = Field(description="letters with any final fact")
    delivered: int
    hard_bounced: int
    complained: int = Field(description="letters that were delivered, and called spam")
    seen_final: int = 0
    seen_delivered: int = 0
    seen_hard_bounced: int = 0
    seen_complained: int = 0
    last_event_at: datetime = Field(
        sa_column=Column(UtcDateTime(), nullable=False), description="when we heard the last event, by our clock"
    )


tallies = core(Tally)

GUARD_REASONS = (GUARD_BOUNCES, GUARD_COMPLAINTS) = ("guard-bounces", "guard-complaints")
"""Why the guard pauses a mailing."""

COUNTED = ("final", "delivered", "hard_bounced", "complained")


@dataclass(frozen=True)
class Counts:
    """Letters, by what was heard of them."""

    final: int = 0
    delivered: int = 0
    hard_bounced: int = 0
    complained: int = 0


def add(connection: Connection, mailing_id: int, more: Mapping[str, int], now: datetime) -> Counts:
    """Count more letters of a mailing, and give back its counts since it was last resumed."""
    counts = {name: more.get(name, 0) for name in COUNTED}
    # `seen` is said too: the columns have no default in the database.
    row = {"mailing_id": mailing_id, "last_event_at": now, **counts, **{f"seen_{name}": 0 for name in COUNTED}}
    statement = insert_into(connection, tallies).values(row)
    changed = {name: tallies.c[name] + statement.excluded[name] for name in COUNTED}
    counted = [(tallies.c[name] - tallies.c[f"seen_{name}"]).label(name) for name in COUNTED]
    found = connection.execute(
        statement.on_conflict_do_update(
            index_elements=["mailing_id"], set_={**changed, "last_event_at": now}
        ).returning(*counted)
    ).one()
    return Counts(*found)


def see(connection: Connection, mailing_id: int) -> None:
    """A person resumes a mailing that the guard paused, and has seen its counts: it judges what comes from now on.

    Called before the mailing's state changes. After a pause for any other reason the guard has shown nothing yet.
    """
    guarded = select(1).where(
        mailings.c.id == mailing_id,
        mailings.c.state == MailingState.PAUSED,
        mailings.c.reason.in_(GUARD_REASONS),
    )
    connection.execute(
        update(tallies)
        .where(tallies.c.mailing_id == mailing_id, guarded.exists())
        .values({f"seen_{name}": tallies.c[name] for name in COUNTED})
    )


def last_event_at(connection: Connection, mailing_id: int) -> datetime | None:
    """When the last event of a mailing was heard; None: none ever was."""
    return connection.execute(
        select(tallies.c.last_event_at).where(tallies.c.mailing_id == mailing_id)
    ).scalar_one_or_none()
