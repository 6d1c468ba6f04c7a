"""The verbs of the book about an address as a whole: suppressed, lifted, erased."""

import pytest
from sqlalchemy import Connection, func, select

from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.errors import Unlawful
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.people import show
from subscribers.tables import consent_events, subscriber_tags, subscriptions, suppressions

from .book_desk import ADA, HASHES, LATER, NEWS, NOW, events, one, person, standing, subscribe


@pytest.mark.parametrize("reason", [SuppressionReason.OPERATOR, SuppressionReason.UNDELIVERABLE])
def test_a_suppression_outlives_its_subscriber_and_is_lifted(connection: Connection, reason: SuppressionReason) -> None:
    subscribe(connection)
    assert suppressing.suppress(connection, ADA.key, reason, note="said SES", now=NOW)
    assert not suppressing.suppress(connection, ADA.key, reason, note="said again", now=LATER)
    assert standing(connection) == (Status.SUBSCRIBED, reason)
    with pytest.raises(Unlawful, match=reason.value):
        subscribe(connection)
    row = connection.execute(select(suppressions)).one()
    assert tuple(row) == (ADA.key, reason.value, NOW, "said SES")
    assert suppressing.lift(connection, ADA.key, reason, note="their mailbox is back", now=LATER)
    assert not suppressing.lift(connection, ADA.key, reason, note="their mailbox is back", now=LATER)
    assert standing(connection) == (Status.SUBSCRIBED, None)
    assert events(connection)[1:] == [("lifted", None, "operator")]


@pytest.mark.parametrize("reason", [SuppressionReason.COMPLAINED, SuppressionReason.BOUNCED])
def test_a_complaint_or_a_hard_bounce_ends_every_subscription(
    connection: Connection, reason: SuppressionReason
) -> None:
    subscriber_id = subscribe(connection).subscriber_id
    suppressing.suppress(connection, ADA.key, reason, note="SES feedback 17", now=NOW)
    assert standing(connection) == (Status.UNSUBSCRIBED, reason)
    suppressing.lift(connection, ADA.key, reason, note="they wrote: by mistake", now=NOW)
    assert standing(connection) == (Status.UNSUBSCRIBED, None)
    book.confirm(connection, subscriber_id, NEWS, source="/confirm", now=LATER)
    assert standing(connection) == (Status.SUBSCRIBED, None)
    suppressing.suppress(connection, ADA.key, reason, note="SES feedback 18", now=LATER)
    assert standing(connection) == (Status.UNSUBSCRIBED, reason)


def test_a_second_complaint_after_coming_back_ends_it_again(connection: Connection) -> None:
    subscriber_id = subscribe(connection).subscriber_id
    complain = SuppressionReason.COMPLAINED
    suppressing.suppress(connection, ADA.key, complain, note="", now=NOW)
    book.confirm(connection, subscriber_id, NEWS, source="/confirm", now=LATER)
    assert standing(connection) == (Status.SUBSCRIBED, complain)
    assert suppressing.suppress(connection, ADA.key, complain, note="", now=LATER)
    assert standing(connection) == (Status.UNSUBSCRIBED, complain)


@pytest.mark.parametrize(
    ("reason", "left"),
    [
        (SuppressionReason.LEFT_ALL, None),
        (SuppressionReason.UNDELIVERABLE, None),
        (SuppressionReason.OPERATOR, SuppressionReason.OPERATOR),
        (SuppressionReason.BOUNCED, SuppressionReason.BOUNCED),
        (SuppressionReason.COMPLAINED, SuppressionReason.COMPLAINED),
    ],
)
def test_a_confirmation_lifts_only_what_it_disproves(
    connection: Connection, reason: SuppressionReason, left: SuppressionReason | None
) -> None:
    subscriber_id = subscribe(connection).subscriber_id
    suppressing.suppress(connection, ADA.key, reason, note="", now=NOW)
    book.confirm(connection, subscriber_id, NEWS, source="/confirm", now=LATER)
    assert standing(connection) == (Status.SUBSCRIBED, left)


def test_of_several_reasons_the_gravest_is_shown_and_lifting_one_leaves_the_others(connection: Connection) -> None:
    subscribe(connection)
    for reason in (SuppressionReason.OPERATOR, SuppressionReason.BOUNCED, SuppressionReason.LEFT_ALL):
        suppressing.suppress(connection, ADA.key, reason, note="", now=NOW)
    assert person(connection).suppressed is SuppressionReason.BOUNCED
    suppressing.lift(connection, ADA.key, SuppressionReason.BOUNCED, note="a new mailbox", now=NOW)
    assert person(connection).suppressed is SuppressionReason.OPERATOR


def test_erased_is_nothing_that_can_be_set(connection: Connection) -> None:
    with pytest.raises(Unlawful):
        suppressing.suppress(connection, ADA.key, SuppressionReason.ERASED, note="", now=NOW)


def test_an_address_can_be_suppressed_that_nobody_here_has(connection: Connection) -> None:
    assert suppressing.suppress(connection, ADA.key, SuppressionReason.BOUNCED, note="", now=NOW)
    with pytest.raises(Unlawful):
        subscribe(connection)
    assert show(connection, ADA, NEWS) is None


def test_erasing_leaves_nothing_but_a_hash(connection: Connection) -> None:
    subscribe(connection, name="Ada", tags=["beta"], fields={"plan": "pro"})
    subscribe(connection, parse("bob@example.org"), hashes=["other"])
    suppressing.suppress(connection, ADA.key, SuppressionReason.BOUNCED, note="", now=NOW)
    assert suppressing.erase(connection, ADA, hashes=HASHES, now=LATER)
    assert show(connection, ADA, NEWS) is None
    assert [tuple(row) for row in connection.execute(select(suppressions))] == [
        ("erased:hash-by-the-new-key", "erased", LATER, "")
    ]
    assert one(connection).email == "bob@example.org"
    for table, rows in ((subscriptions, 1), (consent_events, 1), (subscriber_tags, 0)):
        assert connection.execute(select(func.count()).select_from(table)).scalar_one() == rows
    assert not suppressing.erase(connection, ADA, hashes=HASHES, now=LATER)


def test_an_erased_address_is_not_entered_again_even_after_the_key_changed(connection: Connection) -> None:
    suppressing.erase(connection, ADA, hashes=HASHES, now=NOW)
    for actor in Actor:
        with pytest.raises(Unlawful, match="was erased"):
            subscribe(connection, actor=actor, hashes=("hash-by-the-newest-key", *HASHES))
    assert show(connection, ADA, NEWS) is None


def test_an_operator_can_let_an_erased_person_come_back(connection: Connection) -> None:
    suppressing.erase(connection, ADA, hashes=HASHES, now=NOW)
    erased = SuppressionReason.ERASED
    with pytest.raises(Unlawful, match="needs a reason"):
        suppressing.lift(connection, ADA.key, erased, note="", now=NOW, hashes=HASHES)
    assert not suppressing.lift(connection, ADA.key, erased, note="they asked", now=NOW, hashes=["other"])
    assert suppressing.lift(connection, ADA.key, erased, note="they asked", now=NOW, hashes=HASHES)
    assert subscribe(connection).status is Status.SUBSCRIBED


def test_an_erased_persons_number_is_never_given_to_another(connection: Connection) -> None:
    erased = subscribe(connection).subscriber_id
    suppressing.erase(connection, ADA, hashes=HASHES, now=NOW)
    assert subscribe(connection, parse("bob@example.org"), hashes=["other"]).subscriber_id > erased
