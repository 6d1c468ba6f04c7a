"""The ledger as a model sees it, a few sets, and what may happen to it in any order.

`letters` is what really left: every attempt that a sender called for and the world carried.
"""

from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import delete, select

from mailer.database.engine import Database
from mailer.ledger import audience, claims, mailings, newcomers
from mailer.ledger.claims import Claimed, Desk, Settlement
from mailer.ledger.report import progress
from mailer.ledger.states import MailingState, State
from mailer.ledger.tables import deliveries, exclusions
from mailer.ledger.tables import mailings as mailing_table
from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.errors import Unlawful
from subscribers.imports.at_once import import_file
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.tables import subscribers, suppressions

from .conftest import NEWS, NOW

PEOPLE = [f"p{number}@example.org" for number in range(6)]
SENDERS = [1, 2, 3]
person = st.sampled_from(PEOPLE)
some_sender = st.sampled_from(SENDERS)
settled_state = st.sampled_from([State.ACCEPTED, State.REFUSED, State.UNCERTAIN, State.PENDING])


@dataclass
class InHand:
    """A claim that its sender has not settled: called for, or not yet."""

    sender: int
    people: list[Claimed] = field(default_factory=list[Claimed])
    called: bool = False


class Machine(RuleBasedStateMachine):
    """One newsletter, one issue, a handful of people and three senders."""

    database: Database
    folder: Path

    @initialize(crowd=st.sets(person, min_size=2), opened=st.integers(0, 4))
    def begin(self, crowd: set[str], opened: int) -> None:
        """Start with some people, and mostly with a mailing: what is interesting happens after the freeze."""
        with self.database.transaction() as connection:
            for table in (deliveries, exclusions, mailing_table, subscribers, suppressions):
                connection.execute(delete(table))
        self.mailing: int | None = None
        self.desk: Desk | None = None
        self.hands: list[InHand] = []
        self.letters: dict[int, list[int]] = {}  # subscriber -> attempts that really left
        self.pardoned: set[int] = set()  # an operator said "send it again"
        self.mailable: dict[str, int] = {}  # address -> subscriber, as the model sees who may be mailed
        self.numbers: dict[str, int] = {}
        self.left: set[str] = set()
        self.suppressed: set[str] = set()
        self.erased: set[str] = set()
        for email in sorted(crowd):
            self.subscribe(email, consent=True)
        if opened:
            self.open()

    # --- people ---------------------------------------------------------------------------------------------------------

    @rule(email=person, consent=st.booleans())
    def subscribe(self, email: str, *, consent: bool) -> None:
        """An operator enters somebody; whoever left, is suppressed or erased is not brought back."""
        address = parse(email)
        barred = email in self.left | self.suppressed | self.erased
        try:
            with self.database.transaction() as connection:
                done = book.subscribe(
                    connection,
                    address,
                    NEWS,
                    actor=Actor.OPERATOR,
                    source="a form" if consent else "",
                    hashes=[f"hash-of-{email}"],
                    now=NOW,
                )
        except Unlawful:
            assert barred
            return
        assert not barred
        self.numbers[email] = done.subscriber_id
        if done.status is Status.SUBSCRIBED:
            self.mailable[email] = done.subscriber_id

    @rule(emails=st.lists(person, min_size=1, max_size=4), consent=st.booleans())
    def bring_a_list(self, emails: list[str], *, consent: bool) -> None:
        """A file is imported: it adds people, and brings nobody back who left, is suppressed or was erased."""
        path = self.folder / "list.csv"
        path.write_text("email,name,tags\n" + "".join(f"{email},,\n" for email in emails))
        with self.database.transaction() as connection:
            import_file(
                connection,
                path,
                NEWS,
                consent_source="a form" if consent else None,
                hasher=lambda key: [f"hash-of-{key}"],
                now=NOW,
            )
            known = connection.execute(select(subscribers.c.email, subscribers.c.id)).all()
        self.numbers = {row[0]: row[1] for row in known}
        for email in emails:
            if email not in self.left | self.suppressed | self.erased:
                assert email in self.numbers
                if consent:
                    self.mailable[email] = self.numbers[email]

    @rule(email=person)
    def leave(self, email: str) -> None:
        """A person unsubscribes."""
        with self.database.transaction() as connection:
            book.unsubscribe(connection, parse(email), NEWS, source="link", now=NOW)
        if email in self.numbers:
            self.left.add(email)
        self.mailable.pop(email, None)

    @rule(email=person)
    def bounce(self, email: str) -> None:
        """A hard bounce suppresses the address."""
        with self.database.transaction() as connection:
            suppressing.suppress(connection, email, SuppressionReason.BOUNCED, note="5.1.1", now=NOW)
        self.suppressed.add(email)
        self.mailable.pop(email, None)

    @rule(email=person)
    def erase(self, email: str) -> None:
        """A person is erased."""
        with self.database.transaction() as connection:
            suppressing.erase(connection, parse(email), hashes=[f"hash-of-{email}"], now=NOW)
        self.erased.add(email)
        self.suppressed.discard(email)
        self.left.discard(email)
        self.mailable.pop(email, None)
        self.numbers.pop(email, None)

    # --- the mailing ----------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.mailing is None)
    @rule()
    def open(self) -> None:
        """Open the mailing: its audience is exactly whom the model would mail."""
        with self.database.transaction() as connection:
            audience.hold_still(connection)
            self.mailing = mailings.insert_mailing(
                connection,
                newsletter=NEWS,
                issue=1,
                token="token",
                transport="memory",
                segment="",
                source_digest="digest",
                edition="{}",
                now=NOW,
            )
            assert self.mailing is not None
            accounting = audience.freeze(connection, self.mailing, NEWS, None)
        self.desk = Desk(self.mailing, NEWS, {})
        assert accounting.frozen == len(self.mailable)
        assert set(self._states()) == set(self.mailable.values())

    @precondition(lambda self: self.mailing is not None)
    @rule(sender=some_sender, size=st.integers(1, 4), after=st.sampled_from([0, 0, 0, 2]))
    def claim(self, sender: int, size: int, after: int) -> None:
        """A sender claims: only people whom the model would mail at this moment, and only from a mailing that sends."""
        assert self.desk is not None
        state = self._mailing_state()
        with self.database.transaction() as connection:
            claim = self.desk.claim(connection, after=after, size=size, sender_id=sender, now=NOW)
        assert state == MailingState.SENDING or claim.last is None
        assert {one.subscriber_id for one in claim.deliveries} <= set(self.mailable.values())
        for one in claim.deliveries:
            assert self.mailable[one.email] == one.subscriber_id
        if claim.deliveries:
            self.hands.append(InHand(sender, list(claim.deliveries)))

    @precondition(lambda self: any(not hand.called for hand in self.hands))
    @rule()
    def call(self) -> None:
        """A sender calls for its oldest claim: the letters are on their way, whatever the answer will be."""
        hand = next(hand for hand in self.hands if not hand.called)
        hand.called = True
        for one in hand.people:
            self.letters.setdefault(one.subscriber_id, []).append(one.attempt)

    @precondition(lambda self: any(hand.called for hand in self.hands))
    @rule(state=st.sampled_from([State.ACCEPTED, State.UNCERTAIN]))
    def answered(self, state: State) -> None:
        """The answer comes, or is lost."""
        hand = next(hand for hand in self.hands if hand.called)
        self.hands.remove(hand)
        self._settle(hand, state)

    @precondition(lambda self: any(not hand.called for hand in self.hands))
    @rule(state=st.sampled_from([State.REFUSED, State.PENDING]))
    def not_carried(self, state: State) -> None:
        """Nothing left: refused for good, or certainly not sent."""
        hand = next(hand for hand in self.hands if not hand.called)
        self.hands.remove(hand)
        self._settle(hand, state)

    @precondition(lambda self: self.hands)
    @rule(late_answer=st.booleans())
    def die(self, *, late_answer: bool) -> None:
        """A sender is counted dead; it may still have been waiting for its answer."""
        dead = self.hands[0].sender
        theirs = [hand for hand in self.hands if hand.sender == dead]
        self.hands = [hand for hand in self.hands if hand.sender != dead]
        with self.database.transaction() as connection:
            claims.abandon(connection, dead, NOW)
        if late_answer:
            for hand in theirs:
                if hand.called:
                    self._settle(hand, State.ACCEPTED)

    @precondition(lambda self: self.mailing is not None)
    @rule(again=st.booleans())
    def resolve(self, *, again: bool) -> None:
        """An operator settles what is uncertain, knowing that "again" may give a second letter."""
        assert self.mailing is not None
        if again and self._mailing_state() == MailingState.CANCELLED:
            return
        state = State.PENDING if again else State.ACCEPTED
        with self.database.transaction() as connection:
            rows = claims.uncertain(connection, self.mailing)
            claims.resolve(connection, self.mailing, [Settlement(*row, state) for row in rows], NOW)
            if again and rows:
                mailings.reopen(connection, self.mailing)
                self.pardoned |= {row[0] for row in rows}

    @precondition(lambda self: self.mailing is not None)
    @rule(what=st.sampled_from([*["pause", "resume", "resume", "finish", "also-new"] * 3, "cancel"]))
    def steer(self, what: str) -> None:
        """An operator steers."""
        assert self.mailing is not None
        with self.database.transaction() as connection:
            match what:
                case "pause":
                    mailings.pause(connection, self.mailing, "operator")
                case "resume":
                    mailings.resume(connection, self.mailing)
                case "finish":
                    if mailings.finish(connection, self.mailing, NOW):
                        assert not set(self._states().values()) & {State.PENDING, State.CLAIMED}
                case "cancel":
                    mailings.cancel(connection, self.mailing, NOW)
                case _:
                    pass
        if what == "also-new" and self._mailing_state() != MailingState.CANCELLED:
            before = set(self._states())
            with self.database.transaction() as connection:
                audience.hold_still(connection)
                added = newcomers.add_new(connection, self.mailing, NEWS, None)
                if added:
                    mailings.reopen(connection, self.mailing)
            assert set(self._states()) == before | set(self.mailable.values())

    # --- what must always hold ------------------------------------------------------------------------------------------

    @invariant()
    def nobody_twice(self) -> None:
        """One letter each, but for those whom an operator sent it again."""
        for subscriber, attempts in getattr(self, "letters", {}).items():
            assert len(set(attempts)) == len(attempts)
            assert len(attempts) == 1 or subscriber in self.pardoned

    @invariant()
    def nobody_forgotten(self) -> None:
        """Every letter that left is a row that says so, or says that nobody knows; and the equation holds."""
        if getattr(self, "mailing", None) is None:
            return
        states = self._states()
        in_hand = {one.subscriber_id for hand in self.hands for one in hand.people}
        for subscriber in self.letters:
            known = {State.ACCEPTED, State.UNCERTAIN, State.CLAIMED}
            assert states[subscriber] in known or subscriber in self.pardoned
        for subscriber, state in states.items():
            assert (state == State.CLAIMED) == (subscriber in in_hand)
        assert self.mailing is not None
        with self.database.reading() as connection:
            row = mailings.find(connection, NEWS, 1)
            assert row is not None
            assert progress(connection, self.mailing, row.audience).adds_up

    # --- helpers --------------------------------------------------------------------------------------------------------

    def _settle(self, hand: InHand, state: State) -> None:
        assert self.mailing is not None
        settlements = [Settlement(one.subscriber_id, one.attempt, state) for one in hand.people]
        with self.database.transaction() as connection:
            claims.settle(connection, self.mailing, hand.sender, settlements, NOW)

    def _states(self) -> dict[int, str]:
        with self.database.reading() as connection:
            rows = connection.execute(select(deliveries.c.subscriber_id, deliveries.c.state))
            return {row[0]: row[1] for row in rows}

    def _mailing_state(self) -> MailingState:
        with self.database.reading() as connection:
            row = mailings.find(connection, NEWS, 1)
            assert row is not None
            return row.state
