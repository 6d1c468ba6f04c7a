"""Adopts orphans: events without our tags that were quicker than the carrier's answer to our call, and find their letter later.

Such an event names its letter by the carrier's number alone, and that number comes to the ledger with the answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, Row, bindparam, select, update

from mailer.feedback.applying import Terms, judge_softly, prove_letters
from mailer.feedback.attribution import SLACK, Attributed
from mailer.feedback.intake import Writable
from mailer.feedback.tables import events
from mailer.feedback.values import Feedback, Kind, Taken
from mailer.ledger import facts
from subscribers.rows import lock_erasures

PAGE = 2000
"""Orphans that one transaction looks at: a sender beside it waits for no more than that."""
TILL = timedelta(hours=48)
"""An orphan whose letter was not found for so long is somebody else's."""

_Orphan = Row[*tuple[Any, ...]]
_Letters = Mapping[str, tuple[int, int, int]]
_ORPHANS = (
    select(events.c.id, events.c.message_id, events.c.heard_at)
    .where(events.c.subscriber_id.is_(None), events.c.mailing_id.is_(None))
    .order_by(events.c.id.desc())
    .limit(PAGE)
)


class Open(Writable, Protocol):
    """A database, as far as it is needed here."""

    def reading(self) -> AbstractContextManager[Connection]:
        """One consistent view that writes nothing. Raises DatabaseError."""
        ...


def adopt(database: Open, terms: Terms, *, pages: int | None = None) -> Taken:
    """Give every orphan of the last 48 hours its letter, if the ledger knows it by now. Each page is a transaction.

    `pages`: look at no more than so many, the newest first. What the event proves of the letter becomes its facts; the
    address was judged when the event came in, and somebody may have lifted its suppression since. Raises DatabaseError.
    """
    total = Taken()
    before: int | None = None
    while pages is None or pages > 0:
        with database.reading() as connection:  # the ledger is read before anybody has to wait for us
            page = connection.execute(_ORPHANS if before is None else _ORPHANS.where(events.c.id < before)).all()
            waiting = [row for row in page if row.heard_at >= terms.now - TILL]
            letters = _letters(connection, waiting)
        if letters:
            with database.transaction() as connection:
                total += _adopt(
                    connection, sorted(row.id for row in waiting if row.message_id in letters), letters, terms
                )
        if len(waiting) < PAGE:
            break
        before = page[-1].id
        pages = None if pages is None else pages - 1
    return total


def _letters(connection: Connection, orphans: Sequence[_Orphan]) -> _Letters:
    """By message id. The moments are those of our own clock: what came before its letter was settled came before its mailing ended."""
    numbers = {row.message_id for row in orphans if row.message_id}
    if not numbers:
        return {}
    heard = [row.heard_at for row in orphans]
    return facts.by_message_ids(connection, numbers, min(heard) - SLACK, max(heard) + SLACK)


def _adopt(connection: Connection, ids: Sequence[int], letters: _Letters, terms: Terms) -> Taken:
    lock_erasures(connection, to_erase=False)
    adopted = list(_take(connection, ids, letters))
    proved = prove_letters(connection, adopted, terms)
    return Taken(
        settled=proved.settled,
        suppressed=judge_softly(connection, adopted, terms),
        paused=tuple(proved.paused),
        adopted=len(adopted),
    )


def _take(connection: Connection, ids: Sequence[int], letters: _Letters) -> Iterator[Attributed]:
    """Write into each event whose it is. Locked in order first: two who adopt the same ones count none of them twice."""
    ours = connection.execute(
        select(events.c.id, events.c.key, events.c.kind, events.c.detail, events.c.message_id, events.c.at)
        .where(events.c.id.in_(ids), events.c.subscriber_id.is_(None))
        .order_by(events.c.id)
        .with_for_update()
    ).all()
    if not ours:
        return
    names = ("mailing_id", "subscriber_id", "attempt")
    rows = [{"event": row.id, **dict(zip(names, letters[row.message_id], strict=True))} for row in ours]
    connection.execute(
        update(events).where(events.c.id == bindparam("event")).values({name: bindparam(name) for name in names}),
        rows,
    )
    for row in ours:
        said = Feedback(Kind(row.kind), row.detail, row.message_id, "", "", (), (), row.at)
        yield Attributed(row.key, said, *letters[row.message_id])
