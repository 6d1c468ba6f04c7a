"""The loop: everyone once, whatever the transport answers and whoever interrupts."""

import email
import email.policy
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.errors import DatabaseError, MailingError, SegmentChanged, TransportError
from mailer.ledger import mailings
from mailer.ledger.states import State
from mailer.pacing import batch_for
from mailer.sending.opening import add_new, check_transport, make_plan
from mailer.sending.resolving import resolve_uncertain
from mailer.sending.run import End
from mailer.transport.base import Envelope, Lost, NotSent, Refused
from mailer.transport.memory import LostAfterAccepting, MemoryTransport
from mailer.transport.outbox import Outbox

from .conftest import NEWS, Office


def _recipients(transport: MemoryTransport) -> list[str]:
    return [letter.recipient for letter in transport.letters]


def test_everyone_gets_one_letter_and_sending_again_sends_nothing(office: Office) -> None:
    office.people(range(1, 11))
    transport = MemoryTransport()
    assert office.run(transport) is End.FINISHED
    assert _recipients(transport) == [f"p{number}@example.org" for number in range(1, 11)]
    assert office.run(transport) is End.FINISHED
    assert len(transport.letters) == 10


def test_a_letter_is_its_readers_own(office: Office) -> None:
    office.people([1], tags=["pro"])
    office.people([2])
    transport = MemoryTransport()
    office.run(transport)
    letters = [email.message_from_bytes(letter.content, policy=email.policy.default) for letter in transport.letters]
    assert [letter["Subject"] for letter in letters] == ["Issue 1 for Person1", "Issue 1 for Person2"]
    assert letters[0]["List-Unsubscribe"] == f"<{office.links.unsubscribe_url(NEWS, 1)}>"
    bodies = [letter.get_body(("html",)) for letter in letters]
    few = ["Only for the few" in body.get_content() for body in bodies if body is not None]
    assert few == [True, False]
    assert {letter.delivery for letter in transport.letters} == {"1-1", "2-1"}


def test_a_limit_is_a_canary_and_the_same_call_sends_the_rest(office: Office) -> None:
    office.people(range(1, 11))
    transport = MemoryTransport()
    assert office.run(transport, limit=4) is End.LIMIT
    assert len(transport.letters) == 4
    assert office.run(transport) is End.FINISHED
    assert Counter(_recipients(transport)) == Counter({f"p{number}@example.org": 1 for number in range(1, 11)})


def test_whoever_leaves_in_the_middle_is_withheld(office: Office) -> None:
    office.people(range(1, 10))
    transport = MemoryTransport()

    def leave_early(step: str, _count: int) -> None:
        if step == "settled":
            office.leave(8)

    assert office.run(transport, observe=leave_early) is End.FINISHED
    assert "p8@example.org" not in _recipients(transport)
    assert office.states()[8] == "withheld"


def test_a_pause_stops_the_run_at_the_next_claim_and_resume_goes_on(office: Office) -> None:
    office.people(range(1, 10))
    transport = MemoryTransport()

    def pause(step: str, _count: int) -> None:
        if step == "answered":
            with office.database.transaction() as connection:
                mailings.pause(connection, office.mailing().id, "operator")

    assert office.run(transport, observe=pause) is End.PAUSED
    assert len(transport.letters) == 3
    with office.database.transaction() as connection:
        assert mailings.resume(connection, office.mailing().id)
    assert office.run(transport) is End.FINISHED
    assert len(transport.letters) == 9


def test_a_cancelled_mailing_withholds_the_rest_and_says_so(office: Office) -> None:
    office.people(range(1, 10))
    transport = MemoryTransport()

    def cancel(step: str, _count: int) -> None:
        if step == "settled":
            with office.database.transaction() as connection:
                mailings.cancel(connection, office.mailing().id, office.time.now())

    assert office.run(transport, observe=cancel) is End.CANCELLED
    assert Counter(office.states().values()) == {"accepted": 3, "withheld": 6}


def test_a_stop_settles_what_is_in_the_call_and_claims_nothing_more(office: Office) -> None:
    office.people(range(1, 10))
    transport = MemoryTransport()
    assert office.run(transport, stopped=lambda: transport.asked >= 1) is End.STOPPED
    assert Counter(office.states().values()) == {"accepted": 3, "pending": 6}
    assert office.run(transport) is End.FINISHED
    assert len(transport.letters) == 9


def test_each_answer_leads_to_its_state(office: Office) -> None:
    office.people(range(1, 7))
    tries: Counter[str] = Counter()

    def answer(envelope: Envelope) -> Refused | NotSent | Lost | LostAfterAccepting | None:
        tries[envelope.recipient] += 1
        match envelope.recipient:
            case "p2@example.org":
                return Refused("no such thing")
            case "p3@example.org":
                return Lost("reset")
            case "p4@example.org":
                return LostAfterAccepting("timeout")
            case "p5@example.org" if tries[envelope.recipient] == 1:
                return NotSent("too fast")
            case _:
                return None

    transport = MemoryTransport(answer, remembers=False)
    assert office.run(transport) is End.FINISHED
    assert office.states() == {
        1: "accepted",
        2: "refused",
        3: "uncertain",
        4: "uncertain",
        5: "accepted",
        6: "accepted",
    }
    assert transport.letters[-1].delivery == "5-2"
    # Nobody knows about 3 and 4, so nobody is sent to again on our own motion.
    office.run(transport)
    assert tries["p3@example.org"] == tries["p4@example.org"] == 1


def test_an_operator_may_send_the_uncertain_again_as_a_new_attempt(office: Office) -> None:
    office.people([1, 2])
    transport = MemoryTransport(lambda one: Lost("reset") if one.delivery == "1-1" else None, remembers=False)
    assert office.run(transport) is End.FINISHED
    assert resolve_uncertain(office.database, office.mailing(), State.PENDING, office.time.now()) == 1
    assert office.run(transport) is End.FINISHED
    assert [letter.delivery for letter in transport.letters] == ["2-1", "1-2"]


def test_a_transport_that_can_look_leaves_nothing_uncertain(office: Office) -> None:
    office.people([1, 2, 3])
    lost = {"1-1": Lost("never arrived"), "2-1": LostAfterAccepting("arrived")}
    transport = MemoryTransport(lambda one: lost.get(one.delivery))
    office.run(transport)
    assert office.run(transport) is End.FINISHED
    assert office.states() == {1: "accepted", 2: "accepted", 3: "accepted"}
    assert Counter(_recipients(transport)) == {f"p{number}@example.org": 1 for number in (1, 2, 3)}


def test_a_transport_that_breaks_gives_its_claims_back(office: Office) -> None:
    office.people(range(1, 7))
    broken = TransportError("the disk is full", hint="make room")
    transport = MemoryTransport(lambda one: broken if one.recipient == "p5@example.org" else None)
    with pytest.raises(TransportError, match="the disk is full"):
        office.run(transport)
    assert Counter(office.states().values()) == {"accepted": 3, "pending": 3}
    healed = MemoryTransport()
    assert office.run(healed) is End.FINISHED
    assert len(transport.letters) + len(healed.letters) == 6


def test_a_transport_that_asks_for_a_pause_gets_it_with_its_reason(office: Office) -> None:
    office.people(range(1, 7))
    transport = MemoryTransport(lambda _one: NotSent("enough for today", pause="quota"))
    assert office.run(transport) is End.PAUSED
    assert office.mailing().reason == "quota"
    assert set(office.states().values()) == {"pending"}


def test_a_claim_that_grew_stale_is_given_back_and_not_called_for(office: Office) -> None:
    office.people([1, 2])
    transport = MemoryTransport()
    slept: list[int] = []

    def doze(step: str, _count: int) -> None:
        # SIGSTOP between the claim and the call: whoever left meanwhile must not be written to.
        if step == "claimed" and not slept:
            slept.append(1)
            office.leave(1)
            office.time.sleep(3600)

    assert office.run(transport, observe=doze) is End.FINISHED
    assert _recipients(transport) == ["p2@example.org"]
    assert office.states() == {1: "withheld", 2: "accepted"}


def test_a_sender_that_lost_its_lock_calls_nobody(office: Office) -> None:
    office.people([1, 2])
    transport = MemoryTransport()

    def lose_lock(step: str, _count: int) -> None:
        if step != "claimed":
            return
        if office.database.path is not None:
            for lock in Path(f"{office.database.path}.senders").iterdir():
                lock.unlink()
            return
        with office.database.reading() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = "
                    "(SELECT oid FROM pg_database WHERE datname = current_database())"
                )
            )

    with pytest.raises(DatabaseError, match="lost its lock"):
        office.run(transport, observe=lose_lock)
    assert transport.letters == []
    assert set(office.states().values()) == {"pending"}


def test_one_persons_impossible_address_does_not_stop_the_others(office: Office) -> None:
    office.people([1, 2])
    with office.database.transaction() as connection:
        connection.execute(text("UPDATE subscriber SET email = 'broken\r\nBcc: x@example.org' WHERE id = 1"))
    transport = MemoryTransport()
    assert office.run(transport) is End.FINISHED
    assert office.states() == {1: "refused", 2: "accepted"}
    assert b"Bcc" not in transport.letters[0].content
    with office.database.reading() as connection:
        reason = connection.execute(text("SELECT reason FROM delivery WHERE subscriber_id = 1")).scalar()
    # It outlives a person who is erased, so it does not name them.
    assert reason == "cannot be composed: the address is none that a letter can carry"


def test_a_segment_is_kept_and_another_one_is_refused(office: Office) -> None:
    office.people([1], tags=["pro"])
    office.people([2])
    transport = MemoryTransport()
    office.open(transport, segment="tag:pro")
    with pytest.raises(SegmentChanged, match="'tag:pro'"):
        make_plan(office.database, NEWS, 1, "tag:free")
    assert make_plan(office.database, NEWS, 1, None).to_send == 1
    assert office.run(transport) is End.FINISHED
    assert _recipients(transport) == ["p1@example.org"]


def test_also_new_reopens_a_finished_mailing_for_those_who_joined(office: Office) -> None:
    office.people([1])
    transport = MemoryTransport()
    office.run(transport)
    office.people([2, 3])
    assert add_new(office.database, office.mailing()) == 2
    assert office.run(transport) is End.FINISHED
    assert _recipients(transport) == ["p1@example.org", "p2@example.org", "p3@example.org"]
    assert add_new(office.database, office.mailing()) == 0
    assert office.mailing().state == "finished"


def test_nobody_to_send_to_opens_nothing(office: Office) -> None:
    office.people([1])
    office.leave(1)
    with pytest.raises(MailingError, match="1 unsubscribed"):
        office.run(MemoryTransport())
    with office.database.reading() as connection:
        assert mailings.find(connection, NEWS, 1) is None


def test_a_mailing_does_not_change_its_transport_in_the_middle(office: Office, tmp_path: Path) -> None:
    office.people([1])
    office.open(Outbox(tmp_path))
    with pytest.raises(MailingError, match="MAILER_TRANSPORT=outbox") as caught:
        check_transport(office.mailing(), "memory", "--issue 1")
    assert "`mailer cancel --issue 1 --discard`" in caught.value.hint


def test_a_paced_run_takes_its_departures(office: Office) -> None:
    office.people(range(1, 31))
    transport = MemoryTransport()
    assert office.run(transport, rate=10, batch=1) is End.FINISHED
    assert 2.9 <= office.time.seconds <= 3.3


def test_a_claim_is_about_a_tenth_of_a_seconds_worth() -> None:
    assert [batch_for(rate, 50) for rate in (0.5, 1, 14, 200, 2000)] == [1, 1, 1, 20, 50]
