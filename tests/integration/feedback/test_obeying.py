"""What a hard bounce and a complaint do to an address, and what nothing else does; whose letter it was; the erased."""

import pytest
from sqlalchemy import select, text, update

from mailer.feedback.tables import events
from mailer.ledger import notices
from mailer.ledger.notices import NewNotice
from mailer.ledger.states import State
from subscribers.address import parse
from subscribers.lifecycle import SuppressionReason
from subscribers.merging import merge
from subscribers.suppressing import erase, lift
from subscribers.tables import consent_events, subscribers

from .conftest import NOW, Bureau, address, event, hashes

STRANGER = "stranger@example.com"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bounce-permanent", "bounced"),
        ("bounce-no-email", "bounced"),
        ("bounce-on-account-suppression-list", "bounced"),
        ("complaint", "complained"),
        ("complaint-without-type", "complained"),
        ("complaint-on-account-suppression-list", "complained"),
    ],
)
def test_a_hard_bounce_and_a_complaint_suppress_at_once_and_end_every_subscription(
    bureau: Bureau, name: str, reason: str
) -> None:
    bureau.sent([1, 2])
    assert bureau.take(event(name, 1), event(name, 1)).suppressed == 1
    assert bureau.suppressed() == {(address(1), reason)}
    assert (bureau.statuses(1), bureau.statuses(2)) == ({"unsubscribed"}, {"subscribed"})
    with bureau.database.reading() as connection:
        told = connection.execute(select(consent_events.c.subscriber_id, consent_events.c.action)).all()
    assert told == [(1, reason)]


@pytest.mark.parametrize(
    "name",
    [
        "complaint-not-spam",
        "bounce-out-of-office",
        "bounce-mailbox-full",
        "bounce-message-too-large",
        "bounce-undetermined",
        "delivery-delay",
        "reject",
        "rendering-failure",
        "subscription",
        "of-a-new-type",
    ],
)
def test_nothing_else_suppresses_anybody(bureau: Bureau, name: str) -> None:
    bureau.sent([1])
    assert bureau.take(event("delivery", 1), event(name, 1)).suppressed == 0
    assert (bureau.suppressed(), bureau.statuses(1)) == (set(), {"subscribed"})


def test_a_suppression_that_somebody_lifted_does_not_come_back_with_an_old_event(bureau: Bureau) -> None:
    bureau.sent([1])
    bureau.take(event("bounce-permanent", 1))
    with bureau.database.transaction() as connection:
        lift(connection, address(1), SuppressionReason.BOUNCED, note="a new mailbox", now=NOW)
    bureau.take(event("bounce-permanent", 1))
    assert bureau.suppressed() == set()
    bureau.take(event("bounce-permanent", 1, seconds=86_400))
    assert bureau.suppressed() == {(address(1), "bounced")}


# --- whose letter it was --------------------------------------------------------------------------------------------


def test_a_letter_that_was_forwarded_condemns_the_address_that_we_wrote_to_and_no_other(bureau: Bureau) -> None:
    bureau.sent([1, 2])
    bureau.take(event("bounce-permanent", 1, named=address(2)))
    assert bureau.suppressed() == {(address(1), "bounced")}
    assert "hard_bounced_at" in bureau.rows()[1]
    assert "hard_bounced_at" not in bureau.rows()[2]


def test_an_address_that_was_changed_meanwhile_is_not_condemned_by_the_old_ones_bounce(bureau: Bureau) -> None:
    bureau.sent([1])
    _move(bureau, 1, "new@example.org")
    bureau.take(event("bounce-permanent", 1))
    assert bureau.suppressed() == {(address(1), "bounced")}
    assert bureau.statuses(1) == {"subscribed"}


def test_a_complaint_holds_for_the_person_whatever_their_address_is_now(bureau: Bureau) -> None:
    bureau.sent([1])
    _move(bureau, 1, "new@example.org")
    bureau.take(event("complaint", 1))
    assert bureau.suppressed() == {(address(1), "complained"), ("new@example.org", "complained")}
    assert bureau.statuses(1) == {"unsubscribed"}


def test_a_complaint_of_somebody_who_was_merged_holds_for_who_was_kept_and_a_bounce_does_not(bureau: Bureau) -> None:
    bureau.sent([1, 2, 3, 4])
    with bureau.database.transaction() as connection:
        merge(connection, parse(address(1)), parse(address(2)), now=NOW)
        merge(connection, parse(address(3)), parse(address(4)), now=NOW)
    bureau.take(event("complaint", 2), event("bounce-permanent", 4))
    assert bureau.suppressed() - {(address(2), "operator"), (address(4), "operator")} == {
        (address(1), "complained"),
        (address(2), "complained"),
        (address(4), "bounced"),
    }
    assert (bureau.statuses(1), bureau.statuses(3)) == ({"unsubscribed"}, {"subscribed"})


def _move(bureau: Bureau, person: int, new: str) -> None:
    with bureau.database.transaction() as connection:
        connection.execute(update(subscribers).where(subscribers.c.id == person).values(email=new, email_key=new))


def test_the_dialect_without_tags_is_attributed_by_the_letters_number(bureau: Bureau) -> None:
    bureau.sent([1, 2])
    taken = bureau.take(event("notification-bounce", 1), event("notification-delivery", 2))
    assert taken.orphans == 0
    assert "hard_bounced_at" in bureau.rows()[1]
    assert "delivered_at" in bureau.rows()[2]
    assert bureau.suppressed() == {(address(1), "bounced")}


def test_both_dialects_of_one_bounce_are_one_fact_and_the_tagged_one_heals(bureau: Bureau) -> None:
    bureau.sent([1], state=State.UNCERTAIN)
    assert bureau.take(event("notification-bounce", 1)).orphans == 1
    assert bureau.take(event("bounce-permanent", 1)).settled == 1
    assert bureau.rows()[1]["state"] == "accepted"


# --- orphans --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "suppressed"),
    [
        ("bounce-permanent", {(STRANGER, "bounced")}),
        ("complaint", {(STRANGER, "complained")}),
        ("notification-complaint", {(STRANGER, "complained")}),
        ("complaint-not-spam", set[tuple[str, str]]()),
        ("bounce-mailbox-full", set[tuple[str, str]]()),
        ("delivery", set[tuple[str, str]]()),
    ],
)
def test_an_event_of_a_letter_that_is_not_ours_is_kept_and_obeyed_if_it_is_grave(
    bureau: Bureau, name: str, suppressed: set[tuple[str, str]]
) -> None:
    bureau.sent([1])
    text_ = event(name, 99, issue=7, destination=[STRANGER], named=STRANGER)
    assert bureau.take(text_).orphans == 1
    assert bureau.suppressed() == suppressed
    with bureau.database.reading() as connection:
        assert connection.execute(select(events.c.raw)).scalars().all() == [text_]


def test_of_a_letter_to_several_people_those_are_condemned_whom_it_was_sent_to_and_who_bounced(bureau: Bureau) -> None:
    to = ["ada@example.com", "bob@example.org", "cleo@example.com"]
    bureau.take(event("bounce-several", 1, destination=to, named="forwarded@example.net"))
    assert bureau.suppressed() == {("bob@example.org", "bounced")}


def test_what_is_no_address_condemns_nobody(bureau: Bureau) -> None:
    assert bureau.take(event("complaint", 1, destination=["undisclosed"], named="nobody")).suppressed == 0


# --- the erased -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bounce-permanent", "complaint", "delivery", "notification-bounce"])
def test_nothing_of_somebody_who_was_erased_is_stored_in_clear_again(bureau: Bureau, name: str) -> None:
    bureau.sent([1, 2])
    with bureau.database.transaction() as connection:
        erase(connection, parse(address(1)), hashes=hashes(address(1)), now=NOW)
    bureau.take(event(name, 1), event(name, 1, issue=9, seconds=1), event("delivery", 2))
    assert bureau.rows()[1].keys() & {"hard_bounced_at", "complained_at", "delivered_at"}  # the fact is a number's
    assert address(1) not in _everything(bureau)
    assert address(2) in _everything(bureau)


def test_a_letter_that_was_forwarded_to_somebody_who_was_erased_does_not_write_them_down_again(bureau: Bureau) -> None:
    bureau.sent([1, 2])
    with bureau.database.transaction() as connection:
        erase(connection, parse(address(1)), hashes=hashes(address(1)), now=NOW)
    bureau.take(event("bounce-permanent", 2, named=address(1)))
    assert "hard_bounced_at" in bureau.rows()[2]
    assert address(1) not in _everything(bureau)


def _everything(bureau: Bureau) -> str:
    tables = ("event", "event_error", "suppression", "consent_event", "subscriber")
    with bureau.database.reading() as connection:
        rows = [connection.execute(text(f"SELECT * FROM {name}")).all() for name in tables]  # noqa: S608  # our own names
    # As tuples: a Row leaves out the middle of a long text.
    return "".join(str(tuple(row)) for some in rows for row in some)


# --- notices --------------------------------------------------------------------------------------------------------


def test_a_notices_events_settle_it_and_condemn_its_address(bureau: Bureau) -> None:
    with bureau.database.transaction() as connection:
        new = NewNotice(2**40, notices.Kind.CONFIRM, "news", "New@example.org", NOW.replace(year=2027))
        notices.add(connection, [new], NOW)
        (claimed,) = notices.claim(connection, kinds=notices.READERS, size=1, sender_id=1, now=NOW)
        notices.settle(connection, claimed, 1, State.UNCERTAIN, NOW)
    tags = {"mailing": [notices.TAG], "delivery": [claimed.tag]}
    taken = bureau.take(event("bounce-permanent", 1, tags=tags, destination=["New@example.org"]))
    assert (taken.settled, taken.orphans, taken.suppressed) == (1, 0, 1)
    with bureau.database.reading() as connection:
        (row,) = notices.look(connection, [claimed.id])
    assert row.state == State.ACCEPTED
    assert bureau.suppressed() == {("new@example.org", "bounced")}
