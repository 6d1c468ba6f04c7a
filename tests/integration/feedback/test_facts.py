"""What events prove of letters: in any order, any number of times, before and after our own knowledge."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from mailer.feedback.tables import doubles, events
from mailer.ledger.facts import FACTS
from mailer.ledger.states import State
from mailer.ledger.tally import tallies

from .conftest import FIXTURES, Bureau, event, number

AT = datetime(2026, 3, 23, 6, 0, 3, 500_000, tzinfo=UTC)
SENT = datetime(2026, 3, 23, 6, 0, 1, 250_000, tzinfo=UTC)
FACT_OF = {
    "bounce-permanent": "hard_bounced_at",
    "bounce-no-email": "hard_bounced_at",
    "bounce-on-account-suppression-list": "hard_bounced_at",
    "bounce-mailbox-full": "soft_bounced_at",
    "bounce-out-of-office": "soft_bounced_at",
    "bounce-undetermined": "soft_bounced_at",
    "bounce-of-a-new-type": "soft_bounced_at",
    "complaint": "complained_at",
    "complaint-on-account-suppression-list": "complained_at",
    "complaint-without-type": "complained_at",
    "delivery": "delivered_at",
    "delivery-truncated-headers": "delivered_at",
    "reject": "rejected_at",
    "rendering-failure": "rejected_at",
}
TAGGED = sorted(
    path.stem for path in FIXTURES.glob("*.json") if not path.stem.startswith(("notification", "bounce-several"))
)


@pytest.mark.parametrize("name", TAGGED)
def test_any_event_with_our_tags_ends_uncertainty_and_each_has_its_fact(bureau: Bureau, name: str) -> None:
    bureau.sent([1, 2], state=State.UNCERTAIN)
    taken = bureau.take(event(name, 1))
    at = SENT if name in ("reject", "rendering-failure") else AT
    facts = {FACT_OF[name]: at} if name in FACT_OF else {}
    assert bureau.rows() == {
        1: {"state": "accepted", "attempt": 1, "message_id": number(1), **facts},
        2: {"state": "uncertain", "attempt": 1},
    }
    assert (taken.new, taken.settled, taken.orphans) == (1, 1, 0)


def test_an_event_that_comes_again_changes_nothing(bureau: Bureau) -> None:
    bureau.sent([1])
    first = bureau.take(event("delivery", 1), event("delivery", 1))
    before = bureau.rows()
    again = bureau.take(event("delivery", 1))
    assert (first.new, first.repeated, again.new, again.repeated) == (1, 1, 0, 1)
    assert bureau.rows() == before


def test_the_earliest_moment_that_was_heard_is_the_fact(bureau: Bureau) -> None:
    bureau.sent([1])
    bureau.take(event("bounce-mailbox-full", 1, seconds=60))
    bureau.take(event("bounce-mailbox-full", 1, seconds=30))
    bureau.take(event("bounce-mailbox-full", 1, seconds=90))
    assert bureau.rows()[1]["soft_bounced_at"] == AT + timedelta(seconds=30)


# --- before our own answer ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.ACCEPTED, State.UNCERTAIN, State.REFUSED, State.PENDING])
def test_an_event_that_is_quicker_than_our_own_answer_is_believed_whatever_the_answer_is(
    bureau: Bureau, state: State
) -> None:
    bureau.people([1])
    bureau.open()
    claim = bureau.claim()
    bureau.take(event("delivery", 1))
    assert bureau.settle(claim, state) == 0
    assert bureau.rows() == {1: {"state": "accepted", "attempt": 1, "message_id": number(1), "delivered_at": AT}}


def test_what_was_called_not_sent_and_went_out_is_not_sent_again(bureau: Bureau) -> None:
    bureau.people([1])
    bureau.open()
    bureau.settle(bureau.claim(), State.PENDING)
    bureau.take(event("send", 1))
    assert bureau.rows()[1]["state"] == "accepted"
    assert bureau.claim().deliveries == ()


def test_what_a_person_let_be_sent_again_is_not_when_an_event_says_that_it_went_out(bureau: Bureau) -> None:
    bureau.sent([1], state=State.UNCERTAIN)
    assert bureau.resolve(1, State.PENDING) == 1
    bureau.take(event("send", 1))
    assert bureau.rows()[1] == {"state": "accepted", "attempt": 1, "message_id": number(1)}


def test_an_event_of_the_first_attempt_leaves_the_second_to_its_own_answer(bureau: Bureau) -> None:
    bureau.sent([1], state=State.UNCERTAIN)
    bureau.resolve(1, State.PENDING)
    claim = bureau.claim()
    bureau.take(event("delivery", 1))
    assert bureau.rows()[1] == {"state": "claimed", "attempt": 2, "delivered_at": AT}
    assert bureau.settle(claim, State.ACCEPTED) == 1
    bureau.take(event("send", 1, attempt=2), event("delivery", 1, attempt=2, seconds=5))
    assert bureau.rows()[1] == {
        "state": "accepted",
        "attempt": 2,
        "message_id": number(1, 2),
        "delivered_at": AT,
    }
    assert bureau.mailing() == ("sending", "")


def test_a_restored_ledger_learns_from_events_what_it_had_forgotten(bureau: Bureau) -> None:
    bureau.people([1])
    bureau.open()
    bureau.take(event("delivery", 1, attempt=3))
    assert bureau.rows()[1] == {
        "state": "accepted",
        "attempt": 3,
        "message_id": number(1, 3),
        "delivered_at": AT,
    }


@pytest.mark.parametrize("outcome", [State.PENDING, State.UNCERTAIN])
def test_who_is_proved_to_have_it_while_a_second_attempt_is_in_a_call_gets_no_third(
    bureau: Bureau, outcome: State
) -> None:
    bureau.sent([1, 2], state=State.UNCERTAIN)
    bureau.resolve(1, State.PENDING)
    bureau.resolve(2, State.PENDING)
    second = bureau.claim()
    bureau.take(event("send", 1, attempt=1))
    bureau.settle(second, outcome)
    assert bureau.rows()[1]["state"] == State.ACCEPTED
    assert bureau.rows()[2]["state"] == outcome
    assert 1 not in {one.subscriber_id for one in bureau.claim().deliveries}


def test_a_restored_ledger_whose_letter_is_in_a_call_learns_of_a_later_attempt_and_nobody_stays_claimed(
    bureau: Bureau,
) -> None:
    bureau.people([1])
    bureau.open()
    claim = bureau.claim()
    bureau.take(event("send", 1, attempt=2))
    bureau.settle(claim, State.ACCEPTED)
    assert bureau.rows() == {1: {"state": "accepted", "attempt": 2, "message_id": number(1, 2)}}


def test_a_letter_that_was_withheld_or_refused_and_went_out_is_accepted(bureau: Bureau) -> None:
    bureau.sent([1], state=State.REFUSED)
    bureau.take(event("send", 1))
    assert bureau.rows()[1]["state"] == "accepted"


# --- two letters for one attempt ------------------------------------------------------------------------------------


def test_two_letters_of_one_attempt_raise_the_alarm_once(bureau: Bureau) -> None:
    bureau.sent([1, 2])
    other = "0100-1-000001-1-000001"
    taken = bureau.take(event("send", 1), event("send", 1, messageId=other))
    assert taken.paused == (("news", 1, "duplicate"),)
    assert bureau.mailing() == ("paused", "duplicate")
    bureau.resume()
    bureau.take(event("delivery", 1, messageId=other), event("delivery", 2))
    assert bureau.mailing() == ("sending", "")
    with bureau.database.reading() as connection:
        assert connection.execute(select(doubles.c.subscriber_id, doubles.c.message_id)).all() == [(1, other)]


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a")])
def test_doubles_are_the_same_in_any_order(bureau: Bureau, order: tuple[str, ...]) -> None:
    bureau.sent([1], state=State.UNCERTAIN)
    for letter in order:
        bureau.take(event("send", 1, messageId=letter))
    assert bureau.rows()[1]["message_id"] == "a"
    with bureau.database.reading() as connection:
        assert set(connection.execute(select(doubles.c.message_id)).scalars()) == {"b", "c"}


@pytest.mark.parametrize("order", [("a", "b", "c"), ("c", "b", "a"), ("b", "c", "a")])
@pytest.mark.parametrize("at_once", [True, False])
def test_doubles_of_an_earlier_attempt_are_found_when_a_later_one_was_sent(
    bureau: Bureau,
    order: tuple[str, ...],
    at_once: bool,  # noqa: FBT001  # pytest hands it in
) -> None:
    bureau.sent([1, 2], state=State.UNCERTAIN)
    bureau.resolve(1, State.PENDING)
    bureau.settle(bureau.claim(), State.ACCEPTED)
    told = [event("send", 1, messageId=letter) for letter in order]
    told.append(event("delivery", 1, messageId="a"))
    batches = [told] if at_once else [[each] for each in told]
    paused = [each for batch in batches for each in bureau.take(*batch).paused]
    assert paused == [("news", 1, "duplicate")]
    with bureau.database.reading() as connection:
        found = select(doubles.c.subscriber_id, doubles.c.attempt, doubles.c.message_id)
        assert set(connection.execute(found).all()) == {(1, 1, "b"), (1, 1, "c")}
    assert bureau.rows()[1]["message_id"] == number(1, 2)


def test_a_double_of_an_earlier_attempt_stops_a_mailing_once_and_names_it(bureau: Bureau) -> None:
    bureau.sent([1], state=State.UNCERTAIN)
    bureau.resolve(1, State.PENDING)
    bureau.claim()
    assert bureau.take(event("send", 1, messageId="a"), event("send", 1, attempt=2)).paused == ()
    assert bureau.take(event("send", 1, messageId="b")).paused == (("news", 1, "duplicate"),)
    bureau.resume()
    assert bureau.take(event("delivery", 1, messageId="b")).paused == ()


# --- any order, any number of times ---------------------------------------------------------------------------------

NAMES = [
    *(FACT_OF.keys() - {"delivery-truncated-headers"}),
    "send",
    "delivery-delay",
    "complaint-not-spam",
    "bounce-message-too-large",
    "open",
]
NAMES.sort()
STORY = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 3)), max_size=6)
_people = count(1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=STORY, data=st.data())
def test_any_order_and_repetition_of_a_letters_events_and_our_own_answer_ends_in_the_same_facts(
    bureau: Bureau, story: list[tuple[str, int]], data: st.DataObject
) -> None:
    person = next(_people)
    issue = person  # each example has a mailing of its own
    bureau.people([person])
    bureau.open(issue)
    claim = bureau.claim(issue)
    claim = type(claim)(tuple(one for one in claim.deliveries if one.subscriber_id == person), 0, person)
    answer = data.draw(st.sampled_from([State.ACCEPTED, State.UNCERTAIN]))
    told = [(name, float(seconds)) for name, seconds in story]
    heard = data.draw(
        st.permutations([*told, *told, *data.draw(st.lists(st.sampled_from(told)) if told else st.just([]))])
    )
    answered_before = data.draw(st.integers(0, len(heard)))
    size = data.draw(st.integers(1, 7))
    position = 0
    while position < len(heard) or position == 0:
        if position >= answered_before:
            bureau.settle(claim, answer, issue=issue)
        batch = heard[position : position + size]
        bureau.take(*[event(name, person, issue=issue, seconds=seconds) for name, seconds in batch])
        position += size
    bureau.settle(claim, answer, issue=issue)

    expected: dict[str, object] = {"state": "accepted" if told else answer.value, "attempt": 1}
    if told or answer is State.ACCEPTED:
        expected["message_id"] = number(person, issue=issue)
    for fact in FACTS:
        moments = [
            (SENT if name in ("reject", "rendering-failure") else AT) + timedelta(seconds=seconds)
            for name, seconds in told
            if FACT_OF.get(name) == fact
        ]
        if moments:
            expected[fact] = min(moments)
    assert bureau.rows(issue)[person] == expected
    with bureau.database.reading() as connection:
        stored = connection.execute(
            select(func.count()).where(events.c.mailing_id == bureau.mailings[issue])
        ).scalar_one()
        assert stored == len(set(told))
        if told:
            tally = connection.execute(select(tallies).where(tallies.c.mailing_id == bureau.mailings[issue])).one()
            has = expected.keys()
            assert (tally.final, tally.delivered, tally.hard_bounced, tally.complained) == (
                bool(has & set(FACTS)),
                "delivered_at" in has,
                "hard_bounced_at" in has,
                {"delivered_at", "complained_at"} <= has,
            )
