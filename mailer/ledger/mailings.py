"""A mailing's own row: opened once per issue, and moved from state to state by compare-and-set."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, exists, insert, select, update
from sqlalchemy.exc import IntegrityError

from mailer.ledger import tally
from mailer.ledger.states import MailingState, State
from mailer.ledger.tables import deliveries, exclusions, mailings


@dataclass(frozen=True)
class MailingRow:
    """A mailing as it stands. Its edition is kept apart: `load_edition`."""

    id: int
    newsletter: str
    issue: int
    token: str
    state: MailingState
    reason: str
    said: str
    """What the carrier said when it made the mailing pause; empty when it did not. Hostile text."""
    transport: str
    mode: str
    segment: str
    source_digest: str
    audience: int
    opened_at: datetime
    finished_at: datetime | None


_COLUMNS = [column for column in mailings.c if column.name != "edition"]


def _mailing(row: RowMapping) -> MailingRow:
    values: dict[str, Any] = {**row, "state": MailingState(row["state"])}
    return MailingRow(**values)


def find(connection: Connection, newsletter: str, issue: int) -> MailingRow | None:
    """The mailing of an issue, if one was opened."""
    statement = select(*_COLUMNS).where(mailings.c.newsletter == newsletter, mailings.c.issue == issue)
    row = connection.execute(statement).mappings().first()
    return None if row is None else _mailing(row)


def previous(connection: Connection, newsletter: str, issue: int) -> MailingRow | None:
    """The mailing of the newest issue before this one that has one, whatever became of it: for comparison."""
    statement = (
        select(*_COLUMNS)
        .where(mailings.c.newsletter == newsletter, mailings.c.issue < issue)
        .order_by(mailings.c.issue.desc())
        .limit(1)
    )
    row = connection.execute(statement).mappings().first()
    return None if row is None else _mailing(row)


def load_edition(connection: Connection, mailing_id: int) -> str:
    """The edition that was frozen, as JSON."""
    return connection.execute(select(mailings.c.edition).where(mailings.c.id == mailing_id)).scalar_one()


def insert_mailing(
    connection: Connection,
    *,
    newsletter: str,
    issue: int,
    token: str,
    transport: str,
    segment: str,
    source_digest: str,
    edition: str,
    now: datetime,
    mode: str = "",
) -> int | None:
    """Open a mailing in state `sending`; its number, or None when the issue already has one (somebody was quicker)."""
    values = {
        "newsletter": newsletter,
        "issue": issue,
        "token": token,
        "state": MailingState.SENDING,
        "reason": "",
        "said": "",
        "transport": transport,
        "mode": mode,
        "segment": segment,
        "source_digest": source_digest,
        "edition": edition,
        "audience": 0,
        "opened_at": now,
    }
    try:
        with connection.begin_nested():
            return connection.execute(insert(mailings).values(values).returning(mailings.c.id)).scalar_one()
    except IntegrityError:
        return None


def _move(connection: Connection, mailing_id: int, origin: tuple[MailingState, ...], **values: object) -> bool:
    statement = update(mailings).where(mailings.c.id == mailing_id, mailings.c.state.in_(origin)).values(**values)
    return connection.execute(statement).rowcount == 1


def pause(connection: Connection, mailing_id: int, reason: str, said: str = "") -> bool:
    """Sending -> paused, with its reason and what the carrier said. False when it was not sending: the first reason stands."""
    words = said.replace("\0", "�")  # PostgreSQL keeps no NUL
    return _move(connection, mailing_id, (MailingState.SENDING,), state=MailingState.PAUSED, reason=reason, said=words)


def pause_unfinished(connection: Connection, reason: str) -> list[tuple[str, int]]:
    """Every mailing that is scheduled, sending or paused becomes paused for this reason; (newsletter, issue) of each."""
    unfinished = (MailingState.SCHEDULED, MailingState.SENDING, MailingState.PAUSED)
    statement = (
        update(mailings)
        .where(mailings.c.state.in_(unfinished))
        .values(state=MailingState.PAUSED, reason=reason, said="")
        .returning(mailings.c.newsletter, mailings.c.issue)
    )
    return sorted((row[0], row[1]) for row in connection.execute(statement))


def resume(connection: Connection, mailing_id: int) -> bool:
    """Paused -> sending. After a pause by the guard, it judges what is heard from now on."""
    tally.see(connection, mailing_id)
    return _move(connection, mailing_id, (MailingState.PAUSED,), state=MailingState.SENDING, reason="", said="")


def reopen(connection: Connection, mailing_id: int) -> bool:
    """Finished -> sending, because somebody became pending again: --also-new, or `deliveries resolve --as pending`."""
    return _move(
        connection, mailing_id, (MailingState.FINISHED,), state=MailingState.SENDING, reason="", finished_at=None
    )


def cancel(connection: Connection, mailing_id: int, now: datetime) -> int | None:
    """Sending or paused -> cancelled; whoever is pending is withheld. How many, or None when it was not open.

    What is in a call at this moment settles as it is answered: it cannot be called back.
    """
    if not _move(
        connection,
        mailing_id,
        (MailingState.SENDING, MailingState.PAUSED, MailingState.SCHEDULED),
        state=MailingState.CANCELLED,
        reason="",
        said="",
        finished_at=now,
    ):
        return None
    withheld = (
        update(deliveries)
        .where(deliveries.c.mailing_id == mailing_id, deliveries.c.state == State.PENDING)
        .values(state=State.WITHHELD, reason="cancelled", settled_at=now)
    )
    return connection.execute(withheld).rowcount


def discard(connection: Connection, mailing: MailingRow) -> bool:
    """Forget a mailing with its deliveries and exclusions. False, and nothing happens, when a letter may have left this machine."""
    mine = deliveries.c.mailing_id == mailing.id
    forgotten = delete(deliveries).where(mine)
    if mailing.transport != "outbox":
        # Not looked at first and then deleted: a claim in between would be forgotten, and with it who got the issue.
        forgotten = forgotten.where(deliveries.c.attempt == 0)
    with connection.begin_nested() as savepoint:
        # --also-new takes this lock too: what it adds meanwhile would be left without its mailing.
        connection.execute(select(mailings.c.id).where(mailings.c.id == mailing.id).with_for_update())
        connection.execute(forgotten)
        if connection.execute(select(select(1).where(mine).exists())).scalar():
            savepoint.rollback()
            return False
        connection.execute(delete(exclusions).where(exclusions.c.mailing_id == mailing.id))
        connection.execute(delete(mailings).where(mailings.c.id == mailing.id))
    return True


def pause_open(connection: Connection, mailing_id: int, reason: str, said: str) -> bool:
    """Sending -> paused, if somebody is pending or in a call: nobody has to resume what is over."""
    waiting = exists().where(
        deliveries.c.mailing_id == mailing_id, deliveries.c.state.in_((State.PENDING, State.CLAIMED))
    )
    return bool(connection.execute(select(waiting)).scalar()) and pause(connection, mailing_id, reason, said)


def finish(connection: Connection, mailing_id: int, now: datetime) -> bool:
    """Sending -> finished, if nobody is pending or in a call. An empty claim does not prove that.

    Locked first and looked at in a second statement: on PostgreSQL one statement would not see whom somebody added, or
    resolved as pending, while it waited for the row; they would be pending for ever in a mailing that is finished.
    """
    connection.execute(select(mailings.c.id).where(mailings.c.id == mailing_id).with_for_update())
    open_rows = exists().where(
        deliveries.c.mailing_id == mailing_id, deliveries.c.state.in_((State.PENDING, State.CLAIMED))
    )
    statement = (
        update(mailings)
        .where(mailings.c.id == mailing_id, mailings.c.state == MailingState.SENDING, ~open_rows)
        .values(state=MailingState.FINISHED, finished_at=now)
    )
    return connection.execute(statement).rowcount == 1
