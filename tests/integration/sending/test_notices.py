"""Notices: claimed, carried and settled as deliveries are, on both databases."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from mailer.database.engine import Database
from mailer.errors import DatabaseError, LetterError, RenderError, TransportError
from mailer.ledger import notices, senders
from mailer.ledger.notice_tables import notices as table
from mailer.ledger.notices import READERS, TAG, Kind, NewNotice, NoticeRow
from mailer.ledger.states import State
from mailer.sending.notices import NoticeRun, Step
from mailer.sending.testing import send_tests
from mailer.transport.base import Envelope, Lost, NotSent, Refused
from mailer.transport.memory import Answer, LostAfterAccepting, MemoryTransport, in_turn
from subscribers.tables import suppressions

from ...waiting import until  # noqa: TID252  # tests are not a package

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def _letter(notice: NoticeRow) -> Envelope:
    return Envelope("news@example.org", notice.email, b"letter", TAG, notice.tag)


@dataclass
class Office:
    """A database with notices, and what sends them."""

    database: Database
    transport: MemoryTransport = field(default_factory=MemoryTransport)
    seconds: float = 0.0
    slowed: list[float] = field(default_factory=list[float])

    def add(self, number: int, email: str = "ada@example.org", *, kind: Kind = Kind.CONFIRM, days: int = 7) -> None:
        """One notice, asked for `number` seconds after NOW."""
        new = NewNotice(number, kind, "news", email, NOW + timedelta(days=days), request_id=number)
        with self.database.transaction() as connection:
            notices.add(connection, [new], NOW + timedelta(seconds=number))

    def run(self, compose: Callable[[NoticeRow], Envelope] = _letter) -> NoticeRun:
        """What sends them."""
        return NoticeRun(
            database=self.database,
            transport=self.transport,
            compose=compose,
            depart=lambda _stopped: True,
            too_fast=lambda: self.slowed.append(self.seconds),
            clock=lambda: self.seconds,
            now=lambda: NOW + timedelta(seconds=self.seconds),
            stopped=lambda: False,
        )

    def send(self, run: NoticeRun | None = None) -> list[Step]:
        """Send until nothing is due, or something must wait."""
        run = run or self.run()
        steps: list[Step] = []
        with senders.sender(self.database, NOW) as me:
            while not steps or steps[-1] is Step.SETTLED:
                steps.append(run.step(me))
        return steps

    def states(self) -> dict[int, tuple[str, str | None, int]]:
        """Number -> state, reason, attempt."""
        with self.database.reading() as connection:
            rows = connection.execute(select(table.c.id, table.c.state, table.c.reason, table.c.attempt))
            return {row[0]: (row[1], row[2], row[3]) for row in rows}

    def suppress(self, email: str, reason: str) -> None:
        """Never mail an address."""
        with self.database.transaction() as connection:
            connection.execute(insert(suppressions).values(address_key=email, reason=reason, at=NOW, note=""))


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def answering(office: Office, *answers: Answer) -> None:
    office.transport = MemoryTransport(in_turn(answers), remembers=False)


def test_notices_are_carried_in_the_order_in_which_they_were_asked_for(office: Office) -> None:
    for number in (2, 1, 3):
        office.add(number, f"p{number}@example.org")
    assert office.send() == [Step.SETTLED] * 3 + [Step.IDLE]
    assert [(letter.recipient, letter.mailing, letter.delivery) for letter in office.transport.letters] == [
        ("p1@example.org", "notice", "1-1"),
        ("p2@example.org", "notice", "2-1"),
        ("p3@example.org", "notice", "3-1"),
    ]
    assert office.states() == dict.fromkeys((1, 2, 3), ("accepted", None, 1))


def test_the_same_request_is_never_answered_twice(office: Office) -> None:
    office.add(1)
    with pytest.raises(DatabaseError, match=r"(?i)unique"):
        office.add(1)


@pytest.mark.parametrize(
    ("answer", "state", "step"),
    [
        (Refused("no such domain"), ("refused", "no such domain", 1), Step.SETTLED),
        (Lost("timed out"), ("uncertain", "timed out", 1), Step.SETTLED),
        (NotSent("too fast"), ("pending", None, 1), Step.LATER),
    ],
)
def test_each_answer_settles_the_notice(office: Office, answer: Answer, state: object, step: Step) -> None:
    answering(office, answer)
    office.add(1)
    assert office.send()[0] is step
    assert office.states() == {1: state}


def test_what_was_certainly_not_sent_is_tried_again_under_a_tag_of_its_own(office: Office) -> None:
    answering(office, NotSent("too fast"))
    office.add(1)
    office.send()
    office.send()
    assert [letter.delivery for letter in office.transport.letters] == ["1-2"]


def test_too_fast_slows_the_pace_for_everybody(office: Office) -> None:
    answering(office, NotSent("too fast", too_fast=True))
    office.add(1)
    office.send()
    assert office.slowed == [0.0]


def test_one_that_cannot_be_carried_does_not_hold_up_the_others(office: Office) -> None:
    answering(office, NotSent("not now"))
    office.add(1)
    office.add(2, "b@example.org")
    assert office.send() == [Step.LATER]
    assert office.send() == [Step.SETTLED, Step.SETTLED, Step.IDLE]
    assert [letter.delivery for letter in office.transport.letters] == ["2-1", "1-2"]


def test_a_lost_answer_is_never_asked_again(office: Office) -> None:
    answering(office, LostAfterAccepting())
    office.add(1)
    office.send()
    office.run().heal()
    assert office.send() == [Step.IDLE]
    assert len(office.transport.letters) == 1


def test_an_outbox_says_what_became_of_a_lost_answer(office: Office) -> None:
    office.transport = MemoryTransport(in_turn([LostAfterAccepting(), Lost("gone")]))
    office.add(1)
    office.add(2, "b@example.org")
    office.send()
    assert {number: state[0] for number, state in office.states().items()} == {1: "uncertain", 2: "uncertain"}
    office.run().heal()
    assert {number: state[0] for number, state in office.states().items()} == {1: "accepted", 2: "pending"}


def test_a_dead_senders_notice_is_uncertain_and_not_sent_again(office: Office) -> None:
    answering(office)
    office.add(1)
    with senders.sender(office.database, NOW) as me, office.database.transaction() as connection:
        notices.claim(connection, kinds=READERS, size=1, sender_id=me.id, now=NOW)

    # A server notices a moment later that a session, and with it the sender's lock, is gone.
    def buried() -> bool:
        office.run().heal()
        return office.states()[1][0] != "claimed"

    until(buried)
    assert office.states() == {1: ("uncertain", "its sender died in the call", 1)}
    assert office.send() == [Step.IDLE]


@pytest.mark.parametrize("reason", ["complained", "bounced", "operator"])
def test_a_suppressed_address_gets_no_notice(office: Office, reason: str) -> None:
    office.add(1, "Ada@example.org")
    office.suppress("ada@example.org", reason)
    assert office.send() == [Step.IDLE]
    assert office.states() == {1: ("withheld", "suppressed", 0)}


@pytest.mark.parametrize("reason", ["undeliverable", "left-all"])
def test_whoever_may_come_back_by_confirming_is_asked(office: Office, reason: str) -> None:
    office.add(1)
    office.suppress("ada@example.org", reason)
    office.send()
    assert office.states() == {1: ("accepted", None, 1)}


def test_a_notice_whose_link_has_expired_is_not_sent(office: Office) -> None:
    office.add(1, days=0)
    assert office.send() == [Step.IDLE]
    assert office.states() == {1: ("withheld", "expired", 0)}


def test_a_notice_that_cannot_be_composed_is_refused_and_said_why(office: Office) -> None:
    def compose(_notice: NoticeRow) -> Envelope:
        raise LetterError("a strange address")

    office.add(1)
    assert office.send(office.run(compose))[0] is Step.SETTLED
    assert office.states() == {1: ("refused", "cannot be composed: a strange address", 1)}


def test_a_broken_theme_leaves_the_notice_pending(office: Office) -> None:
    def compose(_notice: NoticeRow) -> Envelope:
        raise RenderError("the theme does not compile")

    office.add(1)
    with pytest.raises(RenderError):
        office.send(office.run(compose))
    assert office.states() == {1: ("pending", None, 1)}


def test_a_call_that_carried_nothing_leaves_the_notice_pending(office: Office) -> None:
    answering(office, TransportError("no network"))
    office.add(1)
    with pytest.raises(TransportError):
        office.send()
    assert office.states() == {1: ("pending", None, 1)}


def test_a_process_that_was_stopped_in_between_gives_its_claim_back(office: Office) -> None:
    def compose(notice: NoticeRow) -> Envelope:
        office.seconds += 61
        return _letter(notice)

    office.add(1)
    assert office.send(office.run(compose)) == [Step.LATER]
    assert office.transport.letters == []


def test_nobody_else_sends_a_test(office: Office) -> None:
    office.add(1, kind=Kind.TEST)
    assert office.send() == [Step.IDLE]


# --- mailer test ----------------------------------------------------------------------------------------------------


def _tests(office: Office, *emails: str) -> list[tuple[str, str, str | None]]:
    def sleep(seconds: float) -> None:
        office.seconds += seconds

    numbers = iter(range(100, 200))
    found = send_tests(
        office.run(), emails, newsletter="news", issue=54, number=lambda: next(numbers), sleep=sleep, now=NOW
    )
    return [(one.email, one.state.value, one.reason) for one in found]


def test_a_test_goes_to_each_address_and_to_no_waiting_reader(office: Office) -> None:
    office.add(1, "reader@example.org")
    assert _tests(office, "me@example.org", "you@example.org") == [
        ("me@example.org", "accepted", None),
        ("you@example.org", "accepted", None),
    ]
    assert {letter.recipient for letter in office.transport.letters} == {"me@example.org", "you@example.org"}


def test_a_test_waits_for_a_slow_transport_and_gives_up_after_a_minute(office: Office) -> None:
    office.transport = MemoryTransport(lambda _envelope: NotSent("daily quota"))
    assert _tests(office, "me@example.org") == [("me@example.org", "withheld", "daily quota")]
    assert office.seconds == 60


def test_a_test_that_cannot_be_carried_does_not_come_tomorrow(office: Office) -> None:
    office.transport = MemoryTransport(lambda _envelope: TransportError("no network"))
    with pytest.raises(TransportError):
        _tests(office, "me@example.org")
    assert office.states() == {100: ("withheld", "no network", 1)}


# --- for feedback ---------------------------------------------------------------------------------------------------


def test_an_event_with_our_tag_proves_an_uncertain_notice(office: Office) -> None:
    answering(office, Lost("timed out"))
    office.add(7)
    office.send()
    with office.database.transaction() as connection:
        found = notices.by_tag(connection, "7-1")
        assert found is not None
        assert notices.prove(connection, found, "ses-1", NOW)
        assert not notices.prove(connection, found, "ses-1", NOW)
    assert office.states() == {7: ("accepted", None, 1)}


@pytest.mark.parametrize("tag", ["", "7", "7-", "-1", "7-0", "7-2", "8-1", "x-1", "7-1-1", "٧-1", f"{10**30}-1"])
def test_a_tag_that_names_no_attempt_of_a_notice_finds_none(office: Office, tag: str) -> None:
    office.add(7)
    office.send()
    with office.database.reading() as connection:
        assert notices.by_tag(connection, tag) is None


def test_of_a_fact_the_earliest_that_was_heard_stays(office: Office) -> None:
    office.add(7)
    office.send()
    with office.database.transaction() as connection:
        found = notices.by_tag(connection, "7-1")
        assert found is not None
        heard = [
            notices.hear(connection, found, "delivered_at", NOW + timedelta(seconds=seconds)) for seconds in (9, 5, 7)
        ]
        delivered = connection.execute(select(table.c.delivered_at)).scalar_one()
    assert (heard, delivered) == ([True, True, False], NOW + timedelta(seconds=5))


def test_what_is_settled_and_old_is_forgotten_and_what_is_pending_is_not(office: Office) -> None:
    office.add(1)
    office.add(2, "b@example.org")
    office.send()
    with office.database.transaction() as connection:
        connection.execute(update(table).where(table.c.id == 2).values(state=State.PENDING.value, settled_at=None))
        assert notices.forget_old(connection, NOW + timedelta(days=1)) == 1
    assert list(office.states()) == [2]


def test_an_erased_person_leaves_no_notice(office: Office) -> None:
    office.add(1, "Ada@example.org")
    office.add(2, "b@example.org")
    with office.database.transaction() as connection:
        assert notices.forget(connection, "ada@example.org") == 1
    assert list(office.states()) == [2]
