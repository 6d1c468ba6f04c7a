"""What a person's letters have to tell, and what is forgotten of it when its time is over, or when the person is erased."""

from datetime import timedelta

from sqlalchemy import func, select

from mailer.feedback.retention import forget_old, forget_person
from mailer.feedback.stories import Moment, Story, stories
from mailer.feedback.tables import event_errors, events
from mailer.ledger.states import State

from .conftest import NOW, Bureau, address, event, number

MAY = NOW + timedelta(days=60)


def _told(bureau: Bureau, person: int = 1) -> list[Story]:
    with bureau.database.reading() as connection:
        return list(stories(connection, person))


def _lines(bureau: Bureau, person: int = 1) -> list[str]:
    return [moment.what for story in _told(bureau, person) for moment in story.moments]


def test_a_letters_story_is_told_in_order_of_time_whatever_the_order_of_hearing(bureau: Bureau) -> None:
    bureau.sent([1])
    bureau.take(
        event("complaint", 1, seconds=90),
        event("bounce-out-of-office", 1, seconds=60),
        event("delivery", 1, seconds=30),
        event("delivery-delay", 1),
        event("send", 1),
    )
    (story,) = _told(bureau)
    assert (story.newsletter, story.issue, story.standing) == ("news", 1, "complained")
    assert [moment.what for moment in story.moments] == [
        "claimed by a sender",
        f"accepted: {number(1)}",
        "the carrier took it",
        "delayed (TransientCommunicationFailure): 4.4.1 smtp; 421 4.4.1 unable to connect",
        "delivered: 250 2.6.0 Message received",
        "an automatic answer, such as out of office (Transient/General)",
        "complaint: the reader called it spam (abuse)",
    ]
    assert story.moments[0] == Moment(NOW, "claimed by a sender")
    assert all(moment.at for moment in story.moments)


def test_each_kind_of_end_has_its_words(bureau: Bureau) -> None:
    bureau.sent(range(1, 7))
    names = [
        "bounce-permanent",
        "bounce-mailbox-full",
        "reject",
        "rendering-failure",
        "bounce-message-too-large",
        "complaint-not-spam",
    ]
    bureau.take(*[event(name, person) for person, name in enumerate(names, start=1)])
    assert [_lines(bureau, person)[-1] for person in range(1, 7)] == [
        "hard bounce (Permanent/General): 5.1.1 smtp; 550 5.1.1 user unknown",
        "soft bounce (Transient/MailboxFull): 4.2.2 smtp; 452 4.2.2 mailbox full",
        "rejected: it never went out: Bad content",
        "rejected: it never went out (Rendering Failure): Attribute 'first_name' is not present in the rendering data.",
        "returned because of the letter itself (Transient/MessageTooLarge): 5.3.4 smtp; 552 5.3.4 message too big",
        "the reader said that it is no spam (not-spam)",
    ]


def test_uncertainty_is_told_and_so_is_its_end(bureau: Bureau) -> None:
    bureau.sent([1], state=State.UNCERTAIN)
    assert _lines(bureau) == ["claimed by a sender", "uncertain: the answer was lost"]
    bureau.take(event("send", 1))
    assert _lines(bureau) == ["claimed by a sender", f"accepted: {number(1)}", "the carrier took it"]


def test_the_latest_mailing_comes_first_and_whoever_was_left_out_is_told_so(bureau: Bureau) -> None:
    bureau.sent([1])
    bureau.take(event("bounce-permanent", 1))
    bureau.open(2)
    assert [(story.issue, story.standing) for story in _told(bureau)] == [(2, "excluded"), (1, "bounced")]
    assert _lines(bureau)[0] == "left out: bounced"
    assert _told(bureau, 99) == []


def test_a_diagnosis_commands_no_terminal_and_fills_no_page(bureau: Bureau) -> None:
    bureau.sent([1])
    hostile = event("bounce-permanent", 1).replace("user unknown", "\\u001b[2J\\r\\nFrom: x\\u202e" + "y" * 5000)
    bureau.take(hostile)
    line = _lines(bureau)[-1]
    assert line.startswith("hard bounce (Permanent/General): 5.1.1 smtp; 550 5.1.1 �[2J From: x�yyy")
    assert line.isprintable()
    assert len(line) < 400


def test_a_second_letter_of_one_attempt_is_in_the_story(bureau: Bureau) -> None:
    bureau.sent([1])
    bureau.take(event("send", 1, messageId="0100-1-999999-1-000000"))
    assert "a second letter of the same attempt was heard of: 0100-1-999999-1-000000" in _lines(bureau)


# --- forgetting -----------------------------------------------------------------------------------------------------


def test_what_is_old_is_forgotten_and_the_story_remains(bureau: Bureau) -> None:
    bureau.sent([1, 2])
    told = [event("send", 1), event("delivery", 1), event("bounce-permanent", 2)]
    bureau.take(*told, "garbage")
    assert forget_old(bureau.database, now=NOW + timedelta(days=29), keep_days=30) == 0
    assert forget_old(bureau.database, now=MAY, keep_days=30) == 4
    assert forget_old(bureau.database, now=MAY, keep_days=30) == 0
    with bureau.database.reading() as connection:
        assert connection.execute(select(events.c.kind, events.c.raw)).all() == [("hard-bounced", "")]
        assert connection.execute(select(func.count()).select_from(event_errors)).scalar_one() == 0
    assert _lines(bureau, 1)[-1] == "delivered"
    assert _lines(bureau, 2)[-1] == "hard bounce (Permanent/General): 5.1.1 smtp; 550 5.1.1 user unknown"
    before = bureau.rows()
    bureau.take(*told)  # a replay of what was forgotten changes nothing
    assert bureau.rows() == before


def test_more_than_a_slice_is_forgotten_slice_by_slice(bureau: Bureau) -> None:
    bureau.sent(range(1, 1101))
    for name in ("send", "delivery"):
        bureau.take(*[event(name, person) for person in range(1, 1101)])
    assert forget_old(bureau.database, now=MAY, keep_days=30) == 2200


def test_nothing_that_came_in_names_a_person_who_was_erased(bureau: Bureau) -> None:
    bureau.sent([1, 2])
    bureau.take(
        event("delivery", 1),
        event("bounce-permanent", 1),
        event("delivery", 2),
        event("bounce-permanent", 2, named=address(1)),
        event("complaint", 99, issue=9, destination=[address(1).upper()]),
        f"garbage about {address(1)}",
    )
    with bureau.database.transaction() as connection:
        assert forget_person(connection, 1, address(1)) == 5
    with bureau.database.reading() as connection:
        left = connection.execute(select(events.c.subscriber_id, events.c.kind, events.c.raw)).all()
        aside = connection.execute(select(func.count()).select_from(event_errors)).scalar_one()
    assert sorted((kind, bool(raw)) for _, kind, raw in left) == [
        ("complained", False),
        ("delivered", True),
        ("hard-bounced", False),
    ]
    assert (aside, address(1) in str(left)) == (0, False)
    assert bureau.rows()[1].keys() >= {"delivered_at", "hard_bounced_at"}
