"""Inviting: an import's unconfirmed people are asked by a notice each whether they want the newsletter; none of it commits."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, exists, insert, select

from mailer.consent.marks import mailbox_mark
from mailer.consent.requests import A_DAY, CAP, IMPORT, LIVES, Kind, State, decide_alone
from mailer.consent.tables import requests
from mailer.ledger import notices
from mailer.ledger.notice_tables import notices as notice_table
from mailer.ledger.notices import Kind as NoticeKind
from mailer.ledger.notices import NewNotice
from mailer.ledger.states import State as NoticeState
from subscribers.reading import among
from subscribers.rows import lock_erasures


def alone(connection: Connection) -> None:
    """Let nobody else ask people until this transaction ends, so that no mailbox gets two letters; before anybody is held."""
    lock_erasures(connection, to_erase=False)
    decide_alone(connection)


def invite(
    connection: Connection,
    newsletter: str,
    people: Sequence[tuple[int, str]],
    *,
    import_id: int,
    key: bytes,
    draw: Callable[[], int],
    now: datetime,
) -> int:
    """Add a request and a notice for each of these unconfirmed people, number and address; how many.

    Nobody is asked who was asked within a day, or whose answer is still waited for. The transaction began with `alone`.
    """
    marks = {subscriber_id: mailbox_mark(email, key) for subscriber_id, email in people}
    if not marks:
        return 0
    taken = _asked(connection, set(marks.values()), now)
    rows: list[dict[str, object]] = []
    for subscriber_id, email in people:
        mailbox = marks[subscriber_id]
        if mailbox in taken:
            continue
        taken.add(mailbox)
        rows.append(
            {
                "id": draw(),
                "kind": Kind.JOIN.value,
                "newsletter": newsletter,
                "email": email,
                "mailbox": mailbox,
                "network": IMPORT,
                "state": State.NOTICED.value,
                "reason": "",
                "subscriber_id": subscriber_id,
                "asked_at": now,
                "expires_at": now + LIVES,
                "evidence": _evidence(import_id),
            }
        )
    if rows:
        connection.execute(insert(requests), rows)
        confirm = NoticeKind.CONFIRM
        notices.add(
            connection,
            [
                NewNotice(draw(), confirm, newsletter, str(row["email"]), now + LIVES, request_id=int(str(row["id"])))
                for row in rows
            ],
            now,
        )
    return len(rows)


def uninvited(connection: Connection, addresses: Collection[str], *, key: bytes, now: datetime) -> set[str]:
    """The marks of those of these addresses whom `invite` would ask."""
    marks = {mailbox_mark(email, key) for email in addresses}
    return marks - _asked(connection, marks, now)


def _asked(connection: Connection, marks: Collection[str], now: datetime) -> set[str]:
    """Those who were asked within a day, or whose answer is still waited for."""
    chosen = select(requests.c.mailbox).where(
        among(connection, requests.c.mailbox, sorted(marks)),
        requests.c.state.in_([State.ASKED.value, State.NOTICED.value, State.EXPIRED.value]),
        (requests.c.asked_at > now - A_DAY) | (requests.c.state == State.NOTICED.value),
    )
    return set(connection.execute(chosen).scalars())


def withdraw(connection: Connection, import_id: int) -> None:
    """The import is taken back: whoever was not written to yet is not asked any more, and the links of the others end.

    But for those who asked by themselves since: no second letter went out to them, because this one had.
    """
    too = requests.alias()
    asked_too = exists().where(
        too.c.mailbox == requests.c.mailbox,
        too.c.newsletter == requests.c.newsletter,
        too.c.reason == CAP,
        too.c.asked_at >= requests.c.asked_at,
    )
    mine = select(requests.c.id).where(
        requests.c.network == IMPORT,
        requests.c.evidence == _evidence(import_id),
        requests.c.state == State.NOTICED.value,
        ~asked_too,
    )
    connection.execute(
        delete(notice_table).where(
            notice_table.c.request_id.in_(mine), notice_table.c.state == NoticeState.PENDING.value
        )
    )
    connection.execute(delete(requests).where(requests.c.id.in_(mine)))


def _evidence(import_id: int) -> dict[str, str]:
    return {"import": str(import_id)}
