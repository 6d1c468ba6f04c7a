"""Notices in the ledger: add, claim, settle, bury; each a compare-and-set, as for deliveries.

For feedback: a letter of ours whose tag `mailing` is `TAG` is a notice, and its tag `delivery` is `<id>-<attempt>`.
`by_tag` finds it (and with it the address, which may be nobody's in the book), `prove` settles an uncertain one by any
event that bears its tag, and `hear` writes down a fact. None of them commits.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, delete, exists, func, insert, or_, select, update

from mailer.ledger.notice_tables import notices
from mailer.ledger.states import State
from subscribers.lifecycle import LIFTED_BY_CONFIRMING
from subscribers.tables import suppressions

TAG = "notice"
"""What stands in the tag `mailing` of every notice; a mailing's own token is 16 hexadecimal digits."""

Fact = Literal["delivered_at", "hard_bounced_at", "soft_bounced_at", "complained_at", "rejected_at"]


class Kind(StrEnum):
    """What a notice is for."""

    CONFIRM = "confirm"
    """Asks whether it was the address's owner who wants the newsletter."""
    MOVE = "move"
    """Asks the owner of a new address whether they want their letters there."""
    MOVED = "moved"
    """Tells the old address that the letters go to another one now."""
    TEST = "test"
    """An issue as it would be sent, for its writer."""


READERS = (Kind.CONFIRM, Kind.MOVE, Kind.MOVED)
"""What any process may send. A test is sent by the command that asked for it, and by no other."""


@dataclass(frozen=True)
class NewNotice:
    """A notice to be sent as soon as somebody can."""

    id: int
    """Drawn by chance."""
    kind: Kind
    newsletter: str
    email: str
    expires_at: datetime
    request_id: int | None = None
    issue: int | None = None


class NoticeRow(NamedTuple):
    """A notice as it stands."""

    id: int
    kind: Kind
    newsletter: str
    email: str
    request_id: int | None
    issue: int | None
    state: State
    reason: str | None
    attempt: int

    @property
    def tag(self) -> str:
        """Names this attempt, and no other: the SES tag `delivery`."""
        return f"{self.id}-{self.attempt}"


_COLUMNS = [notices.c[name] for name in NoticeRow._fields]


def add(connection: Connection, new: Sequence[NewNotice], now: datetime) -> None:
    """Enter notices, pending."""
    rows = [
        {**vars(one), "kind": one.kind.value, "state": State.PENDING.value, "attempt": 0, "created_at": now}
        for one in new
    ]
    connection.execute(insert(notices), rows)


def due(connection: Connection, kinds: Collection[Kind], only: Collection[int] = ()) -> bool:
    """Whether some notice waits to be claimed: asked before a departure is taken for it."""
    return bool(connection.execute(select(exists().where(*_waiting(kinds, only)))).scalar_one())


def claim(
    connection: Connection,
    *,
    kinds: Collection[Kind],
    size: int,
    sender_id: int,
    now: datetime,
    only: Collection[int] = (),
) -> list[NoticeRow]:
    """Take pending notices, at most `size`; the caller commits before it calls.

    Those that were tried least come first, then the oldest: one that cannot be carried does not hold up the others. In
    the same transaction those that came too late are withheld, and those to addresses that are never mailed.
    """
    for condition, reason in ((notices.c.expires_at <= now, "expired"), (_suppressed(), "suppressed")):
        connection.execute(
            update(notices)
            .where(*_waiting(kinds, only), condition)
            .values(state=State.WITHHELD.value, reason=reason, settled_at=now)
        )
    chosen = connection.execute(
        select(notices.c.id)
        .where(*_waiting(kinds, only))
        .order_by(notices.c.attempt, notices.c.created_at, notices.c.id)
        .limit(size)
        .with_for_update(skip_locked=True)
    ).scalars()
    statement = (
        update(notices)
        .where(notices.c.id.in_(list(chosen)), notices.c.state == State.PENDING.value)
        .values(
            state=State.CLAIMED.value,
            reason=None,
            attempt=notices.c.attempt + 1,
            sender_id=sender_id,
            claimed_at=now,
        )
        .returning(*_COLUMNS)
    )
    return [_row(row) for row in connection.execute(statement)]


def settle(
    connection: Connection,
    notice: NoticeRow,
    sender_id: int,
    state: State,
    now: datetime,
    *,
    reason: str | None = None,
    message_id: str | None = None,
) -> bool:
    """Write down what became of a claimed notice; whether the row took it.

    Only from CLAIMED, by the same sender and attempt; ACCEPTED also from UNCERTAIN, because somebody may have counted us
    dead while we waited for the answer.
    """
    origin = [State.CLAIMED.value, State.UNCERTAIN.value] if state is State.ACCEPTED else [State.CLAIMED.value]
    statement = (
        update(notices)
        .where(
            notices.c.id == notice.id,
            notices.c.attempt == notice.attempt,
            notices.c.sender_id == sender_id,
            notices.c.state.in_(origin),
        )
        .values(
            state=state.value,
            reason=reason,
            message_id=message_id,
            settled_at=None if state is State.PENDING else now,
        )
    )
    return connection.execute(statement).rowcount == 1


def give_up(connection: Connection, ids: Collection[int], reason: str, now: datetime) -> int:
    """Withhold those of these notices that are still pending; how many."""
    statement = (
        update(notices)
        .where(notices.c.id.in_(list(ids)), notices.c.state == State.PENDING.value)
        .values(state=State.WITHHELD.value, reason=reason, settled_at=now)
    )
    return connection.execute(statement).rowcount


def abandon(connection: Connection, sender_id: int, now: datetime) -> int:
    """A sender is dead: what it had claimed is now UNCERTAIN. How many."""
    statement = (
        update(notices)
        .where(notices.c.sender_id == sender_id, notices.c.state == State.CLAIMED.value)
        .values(state=State.UNCERTAIN.value, reason="its sender died in the call", settled_at=now)
    )
    return connection.execute(statement).rowcount


def uncertain(connection: Connection, size: int = 100) -> list[NoticeRow]:
    """Notices whose answer was lost, oldest first."""
    statement = (
        select(*_COLUMNS)
        .where(notices.c.state == State.UNCERTAIN.value)
        .order_by(notices.c.created_at, notices.c.id)
        .limit(size)
    )
    return [_row(row) for row in connection.execute(statement)]


def resolve(
    connection: Connection,
    notice: NoticeRow,
    state: State,
    now: datetime,
    *,
    reason: str | None = None,
    message_id: str | None = None,
) -> bool:
    """UNCERTAIN -> ACCEPTED or PENDING for this attempt, on evidence. Whether the row took it."""
    statement = (
        update(notices)
        .where(notices.c.id == notice.id, notices.c.attempt == notice.attempt, notices.c.state == State.UNCERTAIN.value)
        .values(
            state=state.value,
            reason=reason,
            message_id=message_id,
            settled_at=None if state is State.PENDING else now,
        )
    )
    return connection.execute(statement).rowcount == 1


# --- for feedback ---------------------------------------------------------------------------------------------------


def by_tag(connection: Connection, delivery: str) -> NoticeRow | None:
    """The notice that the tag `delivery` of an event names, at the attempt that it names; None: there is none."""
    number, _, attempt = delivery.partition("-")
    if not (number.isascii() and number.isdigit() and attempt.isascii() and attempt.isdigit()):
        return None
    if int(number) > 2**63 - 1:
        return None
    row = connection.execute(select(*_COLUMNS).where(notices.c.id == int(number))).one_or_none()
    if row is None or not 1 <= int(attempt) <= row.attempt:
        return None
    return _row(row)._replace(attempt=int(attempt))


def prove(connection: Connection, notice: NoticeRow, message_id: str | None, now: datetime) -> bool:
    """An event bears this notice's tag, so SES took it: CLAIMED or UNCERTAIN -> ACCEPTED. Whether anything changed."""
    statement = (
        update(notices)
        .where(
            notices.c.id == notice.id,
            notices.c.attempt == notice.attempt,
            notices.c.state.in_([State.CLAIMED.value, State.UNCERTAIN.value]),
        )
        .values(state=State.ACCEPTED.value, reason=None, message_id=message_id, settled_at=now)
    )
    return connection.execute(statement).rowcount == 1


def hear(connection: Connection, notice: NoticeRow, fact: Fact, at: datetime) -> bool:
    """Write down a fact of feedback; the earliest that was heard stays. Whether anything changed."""
    column = notices.c[fact]
    statement = update(notices).where(notices.c.id == notice.id, or_(column.is_(None), column > at)).values({fact: at})
    return connection.execute(statement).rowcount == 1


# --- looking and forgetting -----------------------------------------------------------------------------------------


def look(connection: Connection, ids: Collection[int]) -> list[NoticeRow]:
    """These notices as they stand, by address."""
    statement = select(*_COLUMNS).where(notices.c.id.in_(list(ids))).order_by(notices.c.email, notices.c.id)
    return [_row(row) for row in connection.execute(statement)]


def of_request(connection: Connection, kind: Kind, request_id: int) -> str:
    """The letter that answered a request, for the proof of consent: its tag and the transport's own number of it."""
    row = connection.execute(
        select(notices.c.id, notices.c.attempt, notices.c.message_id).where(
            notices.c.kind == kind.value, notices.c.request_id == request_id
        )
    ).one_or_none()
    return "" if row is None else f"{row.id}-{row.attempt} {row.message_id or ''}".strip()


def forget(connection: Connection, address_key: str, requests: Collection[int] = ()) -> int:
    """Delete every notice to an address, and the answers to these requests, because their owner was erased. How many."""
    mine = or_(func.lower(notices.c.email) == address_key, notices.c.request_id.in_(list(requests)))
    return connection.execute(delete(notices).where(mine)).rowcount


def forget_old(connection: Connection, before: datetime) -> int:
    """Delete notices that were settled before this moment: an address is not kept longer than it is needed."""
    statement = delete(notices).where(
        notices.c.settled_at < before, notices.c.state.not_in([State.PENDING.value, State.CLAIMED.value])
    )
    return connection.execute(statement).rowcount


def _waiting(kinds: Collection[Kind], only: Collection[int]) -> list[ColumnElement[bool]]:
    conditions = [notices.c.state == State.PENDING.value, notices.c.kind.in_([kind.value for kind in kinds])]
    if only:
        conditions.append(notices.c.id.in_(list(only)))
    return conditions


def _suppressed() -> ColumnElement[bool]:
    """Never a notice to a suppressed address; but whoever left all, or seemed unreachable, may come back by one."""
    return exists().where(
        suppressions.c.address_key == func.lower(notices.c.email),
        suppressions.c.reason.not_in([reason.value for reason in LIFTED_BY_CONFIRMING]),
    )


def _row(row: Row[*tuple[Any, ...]]) -> NoticeRow:
    found = NoticeRow(*row)
    return found._replace(kind=Kind(found.kind), state=State(found.state))
