"""What the calls came to: gathered, written down in one commit, and what follows from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from mailer.database.engine import Database
from mailer.errors import DatabaseBusy, DatabaseError
from mailer.ledger import claims, mailings
from mailer.ledger.claims import Claimed, Settlement
from mailer.sending.calls import Answer, Calls
from mailer.sending.settlements import settled
from mailer.sending.troubles import Troubles
from mailer.transport.base import Accepted, NotSent

NOT_CALLED = NotSent("nothing was called for")
"""For people who were claimed, and for whom no call was made in the end."""

LONGEST_CALL = 60.0
_LAST_TRIES = 30
_BETWEEN_TRIES = 0.5


@dataclass
class Answers:
    """One run's answers. They are kept until they are committed: a database that was away for a moment loses none."""

    database: Database
    calls: Calls
    troubles: Troubles
    mailing_id: int
    sender_id: int
    now: Callable[[], datetime]
    observe: Callable[[str, int], None]
    too_fast: Callable[[], None]
    """Told, once it is written down, that the carrier asked for a slower pace."""
    handed_back: int = 0
    """How many of the claimed were certainly not sent to, and are pending again; not whom an event proved to have it."""
    last_reason: str = ""
    """Why something was not sent, the last time."""
    _unwritten: list[Answer] = field(default_factory=list[Answer])
    _back: int = 0
    """How many are pending again, as far as it was written and perhaps not committed."""
    _last_trouble: str = ""
    _pause: str = ""
    """Why the mailing must pause, as the unwritten answers say."""
    _said: str = ""
    """What the carrier said with that."""

    def add(self, answer: Answer) -> None:
        """What came of people for whom there is no call."""
        self._unwritten.append(answer)
        self._hear(answer)

    def _hear(self, answer: Answer) -> None:
        # Once: a commit that fails is tried again, and one lost answer would else become five.
        receipts = [receipt for receipt in answer.receipts if receipt is not NOT_CALLED]
        pause = self.troubles.heard(receipts)
        for receipt in receipts:
            if not isinstance(receipt, Accepted):
                self._last_trouble = receipt.reason
        if pause and not self._pause:
            self._pause = pause
            # Not this call's own reason: it may have gone well, and come back behind those that made the mailing pause.
            self._said = self._last_trouble

    @property
    def unwritten(self) -> int:
        """How many answers are not written down yet."""
        return len(self._unwritten)

    def hand_back(self, people: Sequence[Claimed]) -> None:
        """These were claimed, and something broke before they were called for."""
        self.add(Answer(people, [NOT_CALLED] * len(people)))

    def gather(self, seconds: float = 0.0) -> bool:
        """Take what was answered; waits so long for the next answer if there is none. Whether some call went wrong altogether."""
        answers = self.calls.answered(seconds)
        # All are kept before any is heard: hearing looks at the clock, and the server that has it may be gone.
        self._unwritten += answers
        for answer in answers:
            self._hear(answer)
        for answer in answers:
            self.observe("answered", len(answer.people))
        return any(answer.error is not None for answer in self._unwritten)

    def settle(self, seconds: float = 0.0) -> None:
        """Gather, and write it down. Raises what a call could not be made for, when all is written."""
        self.gather(seconds)
        if self._unwritten:
            with self.database.transaction() as connection:
                settlements = self.write(connection)
            self.written(settlements)

    def land(self) -> None:
        """Let every call that is under way come to its end, and settle it."""
        while self.calls.under_way:
            self.settle(LONGEST_CALL)
        self.settle()

    def land_at_last(self, sleep: Callable[[float], None]) -> None:
        """The same when something broke: what is known is written down if the database comes back soon.

        Raises nothing: whoever calls has something to raise already. What cannot be written is uncertain.
        """
        for _ in range(_LAST_TRIES + self.calls.under_way):  # each call may hold a mistake of ours, and cost a try
            try:
                return self.land()
            except DatabaseBusy:
                if self.database.path is not None:
                    return None  # SQLite has waited long enough for the other process
                sleep(_BETWEEN_TRIES)  # PostgreSQL says so of two who were in each other's way: the next try passes
            except DatabaseError:
                sleep(_BETWEEN_TRIES)
            except Exception:  # noqa: BLE001, S110  # a mistake of ours in one answer must not lose the others
                pass
        return None

    def write(self, connection: Connection) -> Sequence[Settlement]:
        """Write down what was gathered; the caller commits, and then says `written`."""
        settlements: list[Settlement] = []
        self._back = 0
        for answer in self._unwritten:
            receipts = answer.receipts if answer.error is None else [NOT_CALLED] * len(answer.people)
            settlements += [
                settled(person.subscriber_id, person.attempt, receipt)
                for person, receipt in zip(answer.people, receipts, strict=True)
            ]
        if settlements:
            self._back = claims.settle(connection, self.mailing_id, self.sender_id, settlements, self.now()).pending
        if self._pause:
            mailings.pause_open(connection, self.mailing_id, self._pause, self._said)
        return settlements

    def written(self, settlements: Sequence[Settlement]) -> None:
        """It is committed. Raises what a call could not be made for."""
        answers, self._unwritten, self._pause = self._unwritten, [], ""
        self.handed_back += self._back
        if settlements:
            self.observe("settled", len(settlements) - self._back)
        unsent = [receipt for answer in answers for receipt in answer.receipts if isinstance(receipt, NotSent)]
        if unsent:
            self.last_reason = unsent[-1].reason
        if any(receipt.too_fast for receipt in unsent):
            self.too_fast()
        for answer in answers:
            if answer.error is not None:
                raise answer.error
