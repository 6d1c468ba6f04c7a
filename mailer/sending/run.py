"""The loop: departure, claim, compose, call, settle; until nobody is pending, or somebody says stop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import ceil
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement

from mailer.database.engine import Database
from mailer.errors import TransportError
from mailer.ledger import mailings, senders
from mailer.ledger.claims import Claim, Claimed, Desk
from mailer.ledger.mailings import MailingRow
from mailer.ledger.report import progress
from mailer.ledger.states import MailingState, State
from mailer.pacing.pacer import Leave, Pacer
from mailer.sending.answers import Answers
from mailer.sending.calls import Calls
from mailer.sending.healing import bury_and_look_up
from mailer.sending.leaving import Leaving
from mailer.sending.still import unlooked_at
from mailer.sending.troubles import PATIENCE_SECONDS, Troubles
from mailer.transport.base import Refused, Transport

OTHERS_SECONDS = 30.0
"""How long we wait for other live senders to settle the last claims before we say so and go."""

_IDLE_SECONDS = 0.2
_TIME_TO_SETTLE = 0.1
"""Seconds before a departure in which nothing is settled by a commit of its own: it might make the departure late. What
is answered then is settled together with the next claim."""

Carried = TypeVar("Carried")


class End(StrEnum):
    """Why a run ended."""

    FINISHED = "finished"
    LIMIT = "limit"
    PAUSED = "paused"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    OTHERS = "others"
    """Only other senders' claims are left, and they take their time."""


Observer = Callable[[str, int], None]
"""Told of each step by name (departed, claimed, answered, settled) and how many deliveries it concerned."""


@dataclass
class Run(Generic[Carried]):
    """One sender's part in a mailing. Everything that touches the world is handed in."""

    database: Database
    transport: Transport[Carried]
    compose: Callable[[Claimed], Carried | Refused]
    mailing: MailingRow
    pacer: Pacer | None
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    now: Callable[[], datetime]
    stopped: Callable[[], bool]
    segments: Mapping[str, ColumnElement[bool]] = field(default_factory=dict[str, ColumnElement[bool]])
    """The conditions that decide about parts of the edition, by their expression."""
    observe: Observer = field(default=lambda _step, _count: None)
    limit: int | None = None
    batch: int = 1
    """How many are claimed together where no pace says it."""
    _after: int = 0
    _waited: float = 0.0

    def __post_init__(self) -> None:
        self._desk = Desk(self.mailing.id, self.mailing.newsletter, self.segments)
        self._troubles = Troubles(self.clock)
        self._size = self.batch
        self._claimed = 0

    def go(self) -> End:
        """Send until the end, and say which it was. Raises MailerError for what stops the whole of it."""
        bury_and_look_up(self.database, self.transport, self.mailing, self.now)
        with (
            unlooked_at(),
            senders.sender(self.database, self.now()) as self._me,
            Calls(self.transport.at_once) as self._calls,
        ):
            self._answers = Answers(
                self.database,
                self._calls,
                self._troubles,
                self.mailing.id,
                self._me.id,
                self.now,
                self.observe,
                self._too_fast,
            )
            self._leaving = Leaving(
                self.transport, self.compose, self._calls, self._answers, self._me.lock, self.clock, self.sleep
            )
            try:
                end = self._loop()
            except Exception:
                # The calls that are under way go on to their end. What they come to is known, and shall be written down.
                self._answers.land_at_last(self.sleep)
                raise
            with self.database.transaction() as connection:
                senders.end(connection, self._me.id, self.now())
            return end

    def _loop(self) -> End:
        while not self.stopped():
            if self._left() == 0:
                self._answers.land()
                # Whoever was certainly not sent to does not count for the limit.
                if self._left() == 0:
                    return self._settled_end() or End.LIMIT
            leave = self._departure()
            if leave is None:
                break
            left = self._left()
            size = leave.recipients if left is None else min(leave.recipients, left)
            claim, claimed_at = self._claim(size)
            if claim.last is None:
                end = self._nobody_pending()
                if end is not None:
                    return end
                continue
            self._after, self._waited = claim.last, 0.0
            self._claimed += len(claim.deliveries)
            self._send(claim.deliveries, claimed_at, leave)
        self._answers.land()
        return self._settled_end() or End.STOPPED

    def _left(self) -> int | None:
        """How many may still be claimed; None: as many as there are."""
        return None if self.limit is None else max(0, self.limit - self._claimed + self._answers.handed_back)

    # --- departure --------------------------------------------------------------------------------------------------

    def _departure(self) -> Leave | None:
        """Wait until somebody may leave; None when somebody says stop."""
        self._wait_out(self._troubles.take_wait())
        self._make_room()
        if self.stopped():
            return None
        if self.pacer is None:
            return Leave(0.0, self.batch, 0.0)
        leave = self.pacer.wait(self.stopped, self._rest)
        if leave is not None:
            self._size = leave.recipients
        return leave

    def _make_room(self) -> None:
        """Wait for room for as many as left last time: a call that has to wait for a thread would leave after its departure.

        What comes back is kept for the next claim's commit, as a rule: a commit for each of a thousand answers a second
        would cost a fifth of the calls.
        """
        calls = ceil(self._size / self.transport.batch)
        until = self.clock() + _IDLE_SECONDS
        while not self.stopped() and not self._calls.has_room(calls):
            if self._answers.gather(max(0.0, until - self.clock())) or self.clock() >= until:
                self._answers.settle()
                until = self.clock() + _IDLE_SECONDS

    def _rest(self, seconds: float) -> None:
        """Sleep, or take what is answered meanwhile; it is settled when no more of it comes for now."""
        if not self._calls.under_way or seconds <= _TIME_TO_SETTLE:
            self.sleep(seconds)
            return
        known = self._answers.unwritten
        broken = self._answers.gather(seconds - _TIME_TO_SETTLE)
        if broken or not self._calls.under_way or self._answers.unwritten == known:
            self._answers.settle()

    def _wait_out(self, seconds: float) -> None:
        """Nothing could be carried: let some time pass before the next try, and end when there is no hope."""
        if self._troubles.nothing_for >= PATIENCE_SECONDS:
            raise TransportError(
                f"nothing could be sent for {PATIENCE_SECONDS / 60:.0f} minutes: {self._answers.last_reason}",
                hint="look at the network and the account, and run the same command again: nobody was lost",
            )
        while seconds > 0 and not self.stopped():
            nap = min(seconds, _IDLE_SECONDS)
            self.sleep(nap)
            seconds -= nap

    def _too_fast(self) -> None:
        self.transport.too_fast()
        if self.pacer is not None:
            self.pacer.too_fast()

    # --- claim and call ---------------------------------------------------------------------------------------------

    def _claim(self, size: int) -> tuple[Claim, float]:
        """Claim, and write down in the same commit what was answered meanwhile."""
        if self._answers.gather():
            # It would raise behind the claim, and leave people claimed for whom nobody calls.
            self._answers.settle()
        # Before the claim, not after: a process stopped right behind its commit would else find its claim fresh.
        claimed_at = self.clock()
        with self.database.transaction() as connection:
            settlements = self._answers.write(connection)
            claim = self._desk.claim(connection, after=self._after, size=size, sender_id=self._me.id, now=self.now())
        try:
            self.observe("claimed", len(claim.deliveries))
            self._answers.written(settlements)
        except Exception:
            # Slowing down writes to the database too, and it may just have gone.
            self._answers.hand_back(claim.deliveries)
            raise
        return claim, claimed_at

    def _send(self, people: Sequence[Claimed], claimed_at: float, leave: Leave) -> None:
        late = self._leaving.take_late()
        ready = self._leaving.begin(people, claimed_at, leave)
        if self.pacer is not None:
            self.pacer.left(leave, ready, late)
        if not self._calls.under_way:
            self._answers.settle()

    # --- the end ----------------------------------------------------------------------------------------------------

    def _nobody_pending(self) -> End | None:
        """A claim came back empty: begin again from the first subscriber, wait for the others, or be done."""
        self._answers.land()
        if self._after:
            # Rows behind us may be pending again: given back, resolved, added.
            self._after = 0
            return None
        while not self.stopped():
            end = self._settled_end()
            if end is not None:
                return end
            # Counted in our own naps: a clock that is set back would make this wait as long.
            if self._waited >= OTHERS_SECONDS:
                return End.OTHERS
            # What is left is in the hands of senders that live, or die now. Also what is pending: a claim passes over
            # people whom a stopped process on PostgreSQL is in the middle of claiming.
            self.sleep(_IDLE_SECONDS)
            self._waited += _IDLE_SECONDS
            bury_and_look_up(self.database, self.transport, self.mailing, self.now)
            with self.database.reading() as connection:
                counts = progress(connection, self.mailing.id, self.mailing.audience)
            if counts.states.get(State.PENDING):
                return None
        return None

    def _settled_end(self) -> End | None:
        """Finished (and then written down so), paused or cancelled, as the mailing's row says; None while it is sending."""
        with self.database.transaction() as connection:
            mailings.finish(connection, self.mailing.id, self.now())
            row = mailings.find(connection, self.mailing.newsletter, self.mailing.issue)
        return _ENDS.get(row.state) if row is not None else End.CANCELLED


_ENDS = {
    MailingState.FINISHED: End.FINISHED,
    MailingState.PAUSED: End.PAUSED,
    MailingState.CANCELLED: End.CANCELLED,
}
