"""Notices: claimed, carried and settled as deliveries are, on both databases."""

import pytest

from mailer.database.engine import Database
from mailer.errors import DatabaseError, LetterError, RenderError, TransportError
from mailer.ledger import notices, senders
from mailer.ledger.notices import READERS, Kind, NoticeRow
from mailer.sending.notices import Step
from mailer.transport.base import Envelope, Lost, NotSent, Refused
from mailer.transport.memory import Answer, LostAfterAccepting, MemoryTransport, in_turn

from ...waiting import until  # noqa: TID252  # tests are not a package
from .notice_office import NOW, Office, answering, letter


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


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
        return letter(notice)

    office.add(1)
    assert office.send(office.run(compose)) == [Step.LATER]
    assert office.transport.letters == []


def test_nobody_else_sends_a_test(office: Office) -> None:
    office.add(1, kind=Kind.TEST)
    assert office.send() == [Step.IDLE]
