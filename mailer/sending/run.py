"""The loop: departure, claim, fill, call, settle; until nobody is pending, or somebody says stop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from math import floor

from mailer.database.engine import Database
from mailer.errors import DatabaseError, LetterError, TransportError
from mailer.ledger import claims, mailings, senders
from mailer.ledger.claims import Claim, Claimed, Desk, Settlement
from mailer.ledger.mailings import MailingRow
from mailer.ledger.report import progress
from mailer.ledger.segments import condition_of
from mailer.ledger.senders import LiveSender
from mailer.ledger.states import MailingState, State
from mailer.links import Links
from mailer.message.press import Press
from mailer.pacing.departures import recipients_per_departure
from mailer.pacing.pacer import Pacer
from mailer.rendering.edition import Edition
from mailer.sending.healing import bury_and_look_up
from mailer.sending.settlements import settled
from mailer.sending.values import personal_values
from mailer.transport.base import Envelope, NotSent, Receipt, Refused, Transport

STALE_SECONDS = 60.0
"""A claim older than this is given back, not called for: its sender was stopped in between, and people may have left."""

PATIENCE_SECONDS = 30.0
"""How long we wait for other live senders to settle the last claims before we say so and go."""

_IDLE_SECONDS = 0.2


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
class Run:
    """One sender's part in a mailing. Everything that touches the world is handed in."""

    database: Database
    transport: Transport
    links: Links
    mailing: MailingRow
    edition: Edition
    pacer: Pacer | None
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    now: Callable[[], datetime]
    stopped: Callable[[], bool]
    observe: Observer = field(default=lambda _step, _count: None)
    limit: int | None = None
    batch: int = 1
    _after: int = 0
    _waited: float = 0.0

    def __post_init__(self) -> None:
        self._press = Press(self.edition)
        self._desk = Desk(
            self.mailing.id,
            self.mailing.newsletter,
            {segment: condition_of(segment, self.mailing.newsletter) for segment in self.edition.segments},
        )

    def go(self) -> End:
        """Send until the end, and say which it was. Raises MailerError for what stops the whole of it."""
        bury_and_look_up(self.database, self.transport, self.mailing, self.now)
        with senders.sender(self.database, self.now()) as me:
            end = self._loop(me)
            with self.database.transaction() as connection:
                senders.end(connection, me.id, self.now())
            return end

    def _loop(self, me: LiveSender) -> End:
        left = self.limit
        while not self.stopped():
            if left is not None and left <= 0:
                return self._settled_end() or End.LIMIT
            if self.pacer is not None and not self.pacer.wait(self.stopped):
                break
            size = self.batch if left is None else min(self.batch, left)
            claim, claimed_at = self._claim(me, size)
            if claim.last is None:
                end = self._nobody_pending()
                if end is not None:
                    return end
                continue
            self._after, self._waited = claim.last, 0.0
            if left is not None:
                left -= len(claim.deliveries)
            if claim.deliveries:
                self._send(me, claim.deliveries, claimed_at)
        return self._settled_end() or End.STOPPED

    def _claim(self, me: LiveSender, size: int) -> tuple[Claim, float]:
        # Before the claim, not after: a process stopped right behind its commit would else find its claim fresh.
        claimed_at = self.clock()
        with self.database.transaction() as connection:
            claim = self._desk.claim(connection, after=self._after, size=size, sender_id=me.id, now=self.now())
        self.observe("claimed", len(claim.deliveries))
        return claim, claimed_at

    def _send(self, me: LiveSender, people: Sequence[Claimed], claimed_at: float) -> None:
        composed = [(person, self._compose(person)) for person in people]
        envelopes = [envelope for _, envelope in composed if isinstance(envelope, Envelope)]
        answers = iter(self._call(me, envelopes, claimed_at))
        receipts = [outcome if isinstance(outcome, Refused) else next(answers) for _, outcome in composed]
        self.observe("answered", len(receipts))
        settlements = [
            settled(person.subscriber_id, person.attempt, receipt)
            for (person, _), receipt in zip(composed, receipts, strict=True)
        ]
        pauses = [receipt.pause for receipt in receipts if isinstance(receipt, NotSent) and receipt.pause]
        with self.database.transaction() as connection:
            claims.settle(connection, self.mailing.id, me.id, settlements, self.now())
            if pauses:
                mailings.pause(connection, self.mailing.id, pauses[0])
        self.observe("settled", len(settlements))

    def _compose(self, person: Claimed) -> Envelope | Refused:
        values = personal_values(person, self.links, self.mailing.newsletter, self.mailing.issue)
        try:
            content = self._press.letter(
                to_email=person.email,
                to_name=person.name,
                values=values,
                segments=person.segments,
                unsubscribe_url=values["unsubscribe_url"],
                message_id=self._press.message_id(self.mailing.token, person.tag),
                date=self.now(),
            )
        except LetterError as error:
            # One person's odd name must not stop the letters of everybody else.
            return Refused(f"cannot be composed: {error}")
        sender = self.edition.letterhead.from_email
        return Envelope(sender, person.email, content, self.mailing.token, person.tag)

    def _call(self, me: LiveSender, envelopes: Sequence[Envelope], claimed_at: float) -> Sequence[Receipt]:
        if not envelopes:
            return []
        if abs(self.clock() - claimed_at) > STALE_SECONDS:
            return [NotSent("the claim was stale")] * len(envelopes)
        if not me.lock.held():
            self._give_back(me, envelopes)
            raise DatabaseError(
                "this sender lost its lock: others count it as dead",
                hint="run the same command again; nobody is sent to twice",
            )
        try:
            return self.transport.send(envelopes)
        except TransportError:
            self._give_back(me, envelopes)
            raise

    def _give_back(self, me: LiveSender, envelopes: Sequence[Envelope]) -> None:
        """Nothing of the call was carried: whoever was in it is pending again."""
        settlements = [
            Settlement(int(subscriber), int(attempt), State.PENDING)
            for subscriber, attempt in (envelope.delivery.split("-") for envelope in envelopes)
        ]
        with self.database.transaction() as connection:
            claims.settle(connection, self.mailing.id, me.id, settlements, self.now())

    # --- the end ----------------------------------------------------------------------------------------------------

    def _nobody_pending(self) -> End | None:
        """A claim came back empty: begin again from the first subscriber, wait for the others, or be done."""
        if self._after:
            # Rows behind us may be pending again: given back, resolved, added.
            self._after = 0
            return None
        while not self.stopped():
            end = self._settled_end()
            if end is not None:
                return end
            # Counted in our own naps: a clock that is set back would make this wait as long.
            if self._waited >= PATIENCE_SECONDS:
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


def batch_for(rate: float | None, most: int) -> int:
    """How many deliveries a claim takes: about a tenth of a second's worth, so that a crash leaves little in doubt."""
    return most if rate is None else recipients_per_departure(rate, max(1, min(most, floor(rate / 10))))
