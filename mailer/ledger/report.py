"""What the ledger says to people: counted from its rows each time, never stored."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, func, select

from mailer.ledger.standing import RANKED, STANDINGS, standing_column
from mailer.ledger.states import State
from mailer.ledger.tables import deliveries, exclusions, mailings
from subscribers.tables import subscribers


@dataclass(frozen=True)
class Progress:
    """How far a mailing is: its audience, and each delivery once."""

    audience: int
    states: Mapping[str, int]
    """State -> how many."""
    standings: Mapping[str, int]
    """Standing -> how many; every standing is named."""
    withheld_because: Mapping[str, int]

    @property
    def open(self) -> int:
        """How many are still pending or in a call."""
        return self.states.get(State.PENDING, 0) + self.states.get(State.CLAIMED, 0)

    @property
    def adds_up(self) -> bool:
        """The one equation: audience = pending + claimed + accepted + uncertain + refused + withheld."""
        return self.audience == sum(self.states.values())


def progress(connection: Connection, mailing_id: int, audience: int) -> Progress:
    """Count a mailing's deliveries."""
    # By a number, not by the name of the standing: a million rows are sorted for it, on SQLite a quarter faster.
    fact = case(*[(deliveries.c[column].is_not(None), rank) for rank, (column, _) in enumerate(RANKED)], else_=None)
    rows = connection.execute(
        select(deliveries.c.state, fact, func.count())
        .where(deliveries.c.mailing_id == mailing_id)
        .group_by(deliveries.c.state, fact)
    ).all()
    states: dict[str, int] = {}
    standings = dict.fromkeys(STANDINGS, 0)
    for state, rank, count in rows:
        states[state] = states.get(state, 0) + count
        standings[state if rank is None else RANKED[rank][1]] += count
    withheld = _reasons(connection, mailing_id, State.WITHHELD) if states.get(State.WITHHELD) else {}
    return Progress(audience, states, standings, withheld)


def _reasons(connection: Connection, mailing_id: int, state: State) -> dict[str, int]:
    statement = (
        select(func.coalesce(deliveries.c.reason, ""), func.count())
        .where(deliveries.c.mailing_id == mailing_id, deliveries.c.state == state)
        .group_by(deliveries.c.reason)
        .order_by(func.count().desc(), deliveries.c.reason)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


@dataclass(frozen=True)
class DeliveryRow:
    """One delivery, for a listing. The address is None for a person who was erased."""

    subscriber_id: int
    email: str | None
    state: str
    standing: str
    reason: str | None
    attempt: int
    claimed_at: datetime | None
    settled_at: datetime | None
    message_id: str | None


def list_deliveries(connection: Connection, mailing_id: int, state: str | None) -> Generator[DeliveryRow]:
    """Every delivery of a mailing in order of subscriber, streamed; `state` is a state, a standing, or `excluded`."""
    columns: list[Any] = [
        deliveries.c.subscriber_id,
        subscribers.c.email,
        deliveries.c.state,
        standing_column().label("standing"),
        deliveries.c.reason,
        deliveries.c.attempt,
        deliveries.c.claimed_at,
        deliveries.c.settled_at,
        deliveries.c.message_id,
    ]
    who = deliveries.outerjoin(subscribers, subscribers.c.id == deliveries.c.subscriber_id)
    statement = select(*columns).select_from(who).where(deliveries.c.mailing_id == mailing_id)
    if state == "excluded":
        yield from _list_exclusions(connection, mailing_id)
        return
    if state is not None:
        statement = statement.where((deliveries.c.state == state) | (standing_column() == state))
    statement = statement.order_by(deliveries.c.subscriber_id)
    with connection.execute(statement.execution_options(yield_per=1000)) as rows:
        for row in rows:
            yield DeliveryRow(*row)


def _list_exclusions(connection: Connection, mailing_id: int) -> Generator[DeliveryRow]:
    who = exclusions.outerjoin(subscribers, subscribers.c.id == exclusions.c.subscriber_id)
    statement = (
        select(exclusions.c.subscriber_id, subscribers.c.email, exclusions.c.reason)
        .select_from(who)
        .where(exclusions.c.mailing_id == mailing_id)
        .order_by(exclusions.c.subscriber_id)
    )
    with connection.execute(statement.execution_options(yield_per=1000)) as rows:
        for subscriber_id, email, reason in rows:
            yield DeliveryRow(subscriber_id, email, "excluded", "excluded", reason, 0, None, None, None)


_QUOTA_WINDOW = timedelta(hours=24)


def room_again(connection: Connection, now: datetime) -> datetime:
    """When a quota for 24 hours has room again: when the first of the letters in the window leaves it.

    Other programs may use the account too, and we do not know when; then it is earlier or later than said here.
    """
    first = connection.execute(
        select(func.min(deliveries.c.settled_at))
        .join_from(deliveries, mailings, mailings.c.id == deliveries.c.mailing_id)
        .where(
            mailings.c.transport == "ses",
            deliveries.c.state == State.ACCEPTED,
            deliveries.c.settled_at > now - _QUOTA_WINDOW,
        )
    ).scalar()
    return (first or now) + _QUOTA_WINDOW
