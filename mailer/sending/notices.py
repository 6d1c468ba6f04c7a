"""Sends notices: departure, claim, compose, call, settle; one at a time, in the pace that all letters share."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailer.database.engine import Database
from mailer.errors import DatabaseError, LetterError, TransportError
from mailer.ledger import notices, senders
from mailer.ledger.notices import READERS, TAG, Kind, NoticeRow
from mailer.ledger.senders import LiveSender
from mailer.ledger.states import State
from mailer.transport.base import Accepted, Envelope, Lost, NotSent, Receipt, Refused, Transport

STALE_SECONDS = 60.0
"""A claim older than this is given back, not called for: its sender was stopped in between."""


class Step(StrEnum):
    """What one step did."""

    IDLE = "idle"
    """No notice is due."""
    SETTLED = "settled"
    LATER = "later"
    """The transport would not take it now: it is pending again, and the next try should wait a little."""
    STOPPED = "stopped"


@dataclass
class NoticeRun:
    """One sender's part in sending notices. Everything that touches the world is handed in."""

    database: Database
    transport: Transport
    compose: Callable[[NoticeRow], Envelope]
    """Makes the letter; may raise LetterError."""
    depart: Callable[[Callable[[], bool]], bool]
    """Waits for a departure of one recipient, from the row that mailings take theirs from too; False when stopped."""
    too_fast: Callable[[], None]
    """Told when the transport says that letters come too fast: the pace is slowed down for everybody."""
    clock: Callable[[], float]
    now: Callable[[], datetime]
    stopped: Callable[[], bool]
    kinds: Collection[Kind] = READERS
    only: Collection[int] = field(default=())
    """These notices and no others; empty: all."""
    trouble: str = ""
    """Why the last one must wait."""

    def heal(self) -> None:
        """Make dead senders' claims uncertain, and certain again where the transport can tell what it did."""
        senders.bury(self.database, self.now())
        with self.database.reading() as connection:
            rows = notices.uncertain(connection)
        found = self.transport.look_up(TAG, [row.tag for row in rows]) if rows else None
        if not found:
            return
        with self.database.transaction() as connection:
            for row in rows:
                match found.get(row.tag):
                    case Accepted(message_id):
                        notices.resolve(connection, row, State.ACCEPTED, self.now(), message_id=message_id)
                    case NotSent():
                        notices.resolve(connection, row, State.PENDING, self.now())
                    case _:
                        pass

    def is_due(self) -> bool:
        """Whether a notice waits."""
        with self.database.reading() as connection:
            return notices.due(connection, self.kinds, self.only)

    def step(self, me: LiveSender) -> Step:
        """Send one notice, if one is due. Raises DatabaseError, and TransportError when nothing was carried."""
        if not self.is_due():
            return Step.IDLE
        if not self.depart(self.stopped):
            return Step.STOPPED
        claimed_at = self.clock()
        with self.database.transaction() as connection:
            claimed = notices.claim(
                connection, kinds=self.kinds, only=self.only, size=1, sender_id=me.id, now=self.now()
            )
        if not claimed:
            return Step.IDLE
        return self._settle(me, claimed[0], self._carried(me, claimed[0], claimed_at))

    def _carried(self, me: LiveSender, notice: NoticeRow, claimed_at: float) -> Receipt:
        try:
            envelope = self.compose(notice)
        except LetterError as error:
            return Refused(f"cannot be composed: {error}")
        except BaseException:
            self._settle(me, notice, NotSent("it could not be composed"))
            raise
        if not me.lock.held():
            self._settle(me, notice, NotSent("its sender lost its lock"))
            raise DatabaseError(
                "this sender lost its lock: others count it as dead",
                hint="run the same command again; nobody is sent to twice",
            )
        # Last of all: to ask a server that has gone for the lock may take minutes.
        if abs(self.clock() - claimed_at) > STALE_SECONDS:
            return NotSent("the claim was stale")
        try:
            return self.transport.send([envelope])[0]
        except TransportError:
            self._settle(me, notice, NotSent("nothing of the call was carried"))
            raise

    def _settle(self, me: LiveSender, notice: NoticeRow, receipt: Receipt) -> Step:
        state, reason, message_id = _settled(receipt)
        with self.database.transaction() as connection:
            notices.settle(connection, notice, me.id, state, self.now(), reason=reason, message_id=message_id)
        self.trouble = receipt.reason if isinstance(receipt, NotSent) else ""
        if isinstance(receipt, NotSent) and receipt.too_fast:
            self.too_fast()
        return Step.LATER if state is State.PENDING else Step.SETTLED


def _settled(receipt: Receipt) -> tuple[State, str | None, str | None]:
    match receipt:
        case Accepted(message_id):
            return State.ACCEPTED, None, message_id
        case Refused(reason):
            return State.REFUSED, reason, None
        case Lost(reason):
            return State.UNCERTAIN, reason, None
        case NotSent():
            return State.PENDING, None, None
