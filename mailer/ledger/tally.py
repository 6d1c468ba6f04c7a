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

from mailer.ledger.states import MailingState, PauseReason
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
    soft_bounced: int = Field(description="letters that came back softly, and were not delivered all the same")
    returned: int = Field(description="events of letters that came back because of the letter itself")
    seen_final: int = 0
    seen_delivered: int = 0
    seen_hard_bounced: int = 0
    seen_complained: int = 0
    last_event_at: datetime = Field(
        sa_column=Column(UtcDateTime(), nullable=False), description="when we heard the last event, by our clock"
    )


tallies = core(Tally)

COUNTED = ("final", "delivered", "hard_bounced", "complained")
"""What the guard judges."""
TOLD = ("soft_bounced", "returned")
"""What is only told."""


@dataclass(frozen=True)
class Counts:
    """Letters, by what was heard of them."""

    final: int = 0
    delivered: int = 0
    hard_bounced: int = 0
    complained: int = 0


def add(connection: Connection, mailing_id: int, more: Mapping[str, int], now: datetime) -> Counts:
    """Count more letters of a mailing, and give back its counts since it was last resumed."""
    counts = {name: more.get(name, 0) for name in (*COUNTED, *TOLD)}
    # `seen` is said too: the columns have no default in the database.
    row = {"mailing_id": mailing_id, "last_event_at": now, **counts, **{f"seen_{name}": 0 for name in COUNTED}}
    statement = insert_into(connection, tallies).values(row)
    changed = {name: tallies.c[name] + statement.excluded[name] for name in counts}
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
        mailings.c.reason.in_([PauseReason.GUARD_BOUNCES, PauseReason.GUARD_COMPLAINTS]),
    )
    connection.execute(
        update(tallies)
        .where(tallies.c.mailing_id == mailing_id, guarded.exists())
        .values({f"seen_{name}": tallies.c[name] for name in COUNTED})
    )


@dataclass(frozen=True)
class Told:
    """What of a mailing's feedback no standing says."""

    soft_bounced: int
    returned: int
    last_event_at: datetime


def told(connection: Connection, mailing_id: int) -> Told | None:
    """The same, and when the last event was heard; None: none ever was."""
    chosen = select(tallies.c.soft_bounced, tallies.c.returned, tallies.c.last_event_at)
    row = connection.execute(chosen.where(tallies.c.mailing_id == mailing_id)).one_or_none()
    return None if row is None else Told(*row)
