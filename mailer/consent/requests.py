"""Requests: entered by a page with the same work for every address, decided afterwards where nobody waits for the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, exists, func, insert, select, update

from mailer.consent.tables import requests


class Kind(StrEnum):
    """What is asked for."""

    JOIN = "join"
    MOVE = "move"
    """That letters go to another address."""


class State(StrEnum):
    """How far a request is. ASKED, NOTICED, CONFIRMED; or DECLINED; and in the end EXPIRED."""

    ASKED = "asked"
    NOTICED = "noticed"
    """The owner of the address was written to."""
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    """Nobody is written to; the page said the same."""
    EXPIRED = "expired"


LIVES = timedelta(days=7)
"""How long a request waits for its confirmation; the link of its notice works as long."""

REMEMBERED = timedelta(days=30)
"""How long a request that is over is counted for the caps, without anything personal in it."""

A_DAY = timedelta(hours=24)
MOST_A_DAY = 1
MOST_A_MONTH = 3
"""Notices to one mailbox, over all newsletters, that nobody confirmed. In 2016 lists without such a cap sent 81,000
confirmations to nine addresses."""

AN_HOUR = timedelta(hours=1)
MOST_OF_A_NETWORK = 20
"""Requests in an hour from one network: a class, a company behind one address."""
MOST_OF_ALL = 1000
"""Requests in an hour from anywhere."""
CAP = "cap"
"""The reason of a request that was declined because its mailbox was written to often enough."""
IMPORT = "import"
"""In place of a network: an import comes from none, and its requests count for none of these two caps."""


class Full(Exception):
    """A network, or all of them together, asked too often within the hour; nothing was entered."""


@dataclass(frozen=True)
class NewRequest:
    """What a page hands in."""

    id: int
    kind: Kind
    newsletter: str
    email: str
    mailbox: str
    network: str
    evidence: Mapping[str, str]
    subscriber_id: int | None = None


class RequestRow(NamedTuple):
    """A request as it stands."""

    id: int
    kind: Kind
    newsletter: str
    email: str
    mailbox: str
    state: State
    subscriber_id: int | None
    asked_at: datetime
    expires_at: datetime
    evidence: Mapping[str, str]


_COLUMNS = [requests.c[name] for name in RequestRow._fields]
_ENTERING = 7_101_221
_DECIDING = 7_101_222
"""The numbers of advisory locks: any of our own."""


def enter(connection: Connection, new: NewRequest, now: datetime) -> None:
    """Write a request down. It does the same whoever's address it is, and looks nobody up.

    Raises Full when the network, or everybody together, has asked too often.
    """
    _alone(connection, _ENTERING)
    recent = requests.c.asked_at > now - AN_HOUR
    counts = connection.execute(
        select(
            select(func.count()).where(recent, requests.c.network == new.network).scalar_subquery(),
            select(func.count()).where(recent, requests.c.network != IMPORT).scalar_subquery(),
        )
    ).one()
    if counts[0] >= MOST_OF_A_NETWORK or counts[1] >= MOST_OF_ALL:
        raise Full
    row = {
        **vars(new),
        "kind": new.kind.value,
        "state": State.ASKED.value,
        "reason": "",
        "asked_at": now,
        "expires_at": now + LIVES,
        "evidence": dict(new.evidence),
    }
    connection.execute(insert(requests).values(row))


def waiting(connection: Connection) -> bool:
    """Whether some request is to be decided."""
    return bool(connection.execute(select(exists().where(requests.c.state == State.ASKED.value))).scalar_one())


def decide_alone(connection: Connection) -> None:
    """Let nobody else decide who is written to until this transaction ends."""
    _alone(connection, _DECIDING)


def undecided(connection: Connection, most: int = 20) -> list[RequestRow]:
    """The oldest requests that are to be decided; nobody else decides until this transaction ends."""
    decide_alone(connection)
    statement = (
        select(*_COLUMNS)
        .where(requests.c.state == State.ASKED.value)
        .order_by(requests.c.asked_at, requests.c.id)
        .limit(most)
    )
    return [_row(row) for row in connection.execute(statement)]


def noticed_too_often(connection: Connection, mailbox: str, now: datetime) -> bool:
    """Whether this mailbox was written to as often as strangers may make us write to it."""
    noticed = (requests.c.mailbox == mailbox, requests.c.state.in_([State.NOTICED.value, State.EXPIRED.value]))
    day, month = connection.execute(
        select(
            select(func.count()).where(*noticed, requests.c.asked_at > now - A_DAY).scalar_subquery(),
            select(func.count()).where(*noticed, requests.c.asked_at > now - REMEMBERED).scalar_subquery(),
        )
    ).one()
    return day >= MOST_A_DAY or month >= MOST_A_MONTH


def notice(connection: Connection, request: RequestRow, subscriber_id: int | None) -> None:
    """ASKED -> NOTICED."""
    _move(connection, request.id, (State.ASKED,), state=State.NOTICED.value, subscriber_id=subscriber_id)


def decline(connection: Connection, request: RequestRow, reason: str) -> None:
    """ASKED -> DECLINED; nothing personal of it is kept."""
    _move(connection, request.id, (State.ASKED,), state=State.DECLINED.value, reason=reason, email="", evidence={})


def find(connection: Connection, kind: Kind, newsletter: str, request_id: int) -> RequestRow | None:
    """The request that a link names, while its link works: noticed or confirmed."""
    statement = select(*_COLUMNS).where(
        requests.c.id == request_id,
        requests.c.kind == kind.value,
        requests.c.newsletter == newsletter,
        requests.c.state.in_([State.NOTICED.value, State.CONFIRMED.value]),
    )
    row = connection.execute(statement.with_for_update()).one_or_none()
    return None if row is None else _row(row)


def confirm(connection: Connection, request: RequestRow, subscriber_id: int) -> bool:
    """NOTICED -> CONFIRMED; its evidence stands with the consent now. False when it was confirmed before."""
    gone: dict[str, Any] = {"email": "", "evidence": {}}
    state = State.CONFIRMED.value
    return _move(connection, request.id, (State.NOTICED,), state=state, subscriber_id=subscriber_id, **gone)


def expire(connection: Connection, now: datetime) -> list[RequestRow]:
    """Whatever nobody confirmed in time is over, and nothing personal of it is kept; as they stood before."""
    over = connection.execute(
        select(*_COLUMNS)
        .where(requests.c.state.in_([State.ASKED.value, State.NOTICED.value]), requests.c.expires_at <= now)
        .order_by(requests.c.id)
        .with_for_update()
    ).all()
    if over:
        connection.execute(
            update(requests)
            .where(requests.c.id.in_([row.id for row in over]))
            .values(state=State.EXPIRED.value, email="", evidence={})
        )
    return [_row(row) for row in over]


def forget_old(connection: Connection, now: datetime) -> int:
    """Delete what the caps need no more. How many."""
    over = [State.CONFIRMED.value, State.DECLINED.value, State.EXPIRED.value]
    statement = delete(requests).where(requests.c.asked_at <= now - REMEMBERED, requests.c.state.in_(over))
    return connection.execute(statement).rowcount


def forget(connection: Connection, address_key: str, subscriber_id: int | None) -> list[int]:
    """Delete every request about an address, because its owner was erased. Their numbers."""
    mine = func.lower(requests.c.email) == address_key
    if subscriber_id is not None:
        mine |= requests.c.subscriber_id == subscriber_id
    return list(connection.execute(delete(requests).where(mine).returning(requests.c.id)).scalars())


def is_noticed(connection: Connection, subscriber_id: int, newsletter: str) -> bool:
    """Whether another request of this person to join this newsletter still waits for its confirmation."""
    noticed = exists().where(
        requests.c.subscriber_id == subscriber_id,
        requests.c.newsletter == newsletter,
        requests.c.kind == Kind.JOIN.value,
        requests.c.state == State.NOTICED.value,
    )
    return bool(connection.execute(select(noticed)).scalar_one())


def _move(connection: Connection, request_id: int, origin: tuple[State, ...], **values: object) -> bool:
    statement = (
        update(requests)
        .where(requests.c.id == request_id, requests.c.state.in_([state.value for state in origin]))
        .values(**values)
    )
    return connection.execute(statement).rowcount == 1


def _alone(connection: Connection, number: int) -> None:
    """Let nobody else count and write at the same time. On SQLite the writer is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(number)))


def _row(row: Row[*tuple[Any, ...]]) -> RequestRow:
    found = RequestRow(*row)
    return found._replace(kind=Kind(found.kind), state=State(found.state))
