"""The verbs of the book: who leaves one newsletter or all of them, and who cannot be brought back."""

import pytest
from sqlalchemy import Connection

from subscribers import book, suppressing
from subscribers.errors import UnknownSubscriber, Unlawful
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.people import newsletters

from .book_desk import ADA, DAILY, LATER, NEWS, NOW, events, standing, subscribe


def test_a_person_leaves_once_and_for_good(connection: Connection) -> None:
    subscriber_id = subscribe(connection).subscriber_id
    assert book.unsubscribe(connection, subscriber_id, NEWS, source="/unsubscribe", now=LATER)
    assert not book.unsubscribe(connection, ADA, NEWS, source="/unsubscribe", now=LATER)
    assert standing(connection) == (Status.UNSUBSCRIBED, None)
    assert events(connection)[1:] == [("left", NEWS, "/unsubscribe")]
    for actor in (Actor.OPERATOR, Actor.IMPORT):
        for source in ("paper form", ""):
            with pytest.raises(Unlawful, match="only the person"):
                subscribe(connection, actor=actor, source=source)
    assert standing(connection) == (Status.UNSUBSCRIBED, None)


def test_only_their_own_confirmation_brings_a_person_back(connection: Connection) -> None:
    subscriber_id = subscribe(connection).subscriber_id
    book.unsubscribe(connection, subscriber_id, NEWS, source="/unsubscribe", now=NOW)
    again = subscribe(connection, actor=Actor.PERSON, source="/subscribe")
    assert (again.before, again.status) == (Status.UNSUBSCRIBED, Status.UNSUBSCRIBED)
    book.confirm(connection, subscriber_id, NEWS, source="/confirm", now=LATER)
    assert standing(connection) == (Status.SUBSCRIBED, None)
    assert [action for action, _, _ in events(connection)] == ["attested", "left", "requested", "confirmed"]


def test_leaving_what_one_never_had_keeps_it_from_beginning(connection: Connection) -> None:
    subscriber_id = subscribe(connection).subscriber_id
    assert book.unsubscribe(connection, subscriber_id, DAILY, source="/unsubscribe", now=NOW)
    with pytest.raises(Unlawful):
        subscribe(connection, newsletter=DAILY)
    assert newsletters(connection, subscriber_id) == {DAILY: Status.UNSUBSCRIBED, NEWS: Status.SUBSCRIBED}


def test_a_stranger_who_leaves_is_no_error(connection: Connection) -> None:
    assert not book.unsubscribe(connection, ADA, NEWS, source="/unsubscribe", now=NOW)
    assert not book.unsubscribe(connection, 17, NEWS, source="/unsubscribe", now=NOW)
    assert not suppressing.leave_all(connection, 17, source="/unsubscribe", now=NOW)


def test_leaving_all_ends_every_subscription_and_any_to_come(connection: Connection) -> None:
    subscriber_id = subscribe(connection).subscriber_id
    subscribe(connection, newsletter=DAILY)
    assert suppressing.leave_all(connection, subscriber_id, source="/unsubscribe", now=NOW)
    assert not suppressing.leave_all(connection, ADA, source="/unsubscribe", now=NOW)
    assert standing(connection) == (Status.UNSUBSCRIBED, SuppressionReason.LEFT_ALL)
    assert standing(connection, DAILY) == (Status.UNSUBSCRIBED, SuppressionReason.LEFT_ALL)
    assert events(connection)[2:] == [("left-all", None, "/unsubscribe")]
    with pytest.raises(Unlawful, match="left all newsletters"):
        subscribe(connection, newsletter="weekly")
    with pytest.raises(Unlawful, match="left all newsletters"):
        suppressing.lift(connection, ADA.key, SuppressionReason.LEFT_ALL, note="please", now=NOW)


def test_coming_back_to_one_newsletter_brings_back_no_other(connection: Connection) -> None:
    subscriber_id = subscribe(connection).subscriber_id
    subscribe(connection, newsletter=DAILY)
    suppressing.leave_all(connection, subscriber_id, source="/unsubscribe", now=NOW)
    book.confirm(connection, subscriber_id, DAILY, source="/confirm", now=LATER)
    assert standing(connection, DAILY) == (Status.SUBSCRIBED, None)
    assert standing(connection) == (Status.UNSUBSCRIBED, None)


def test_an_operator_removes_a_person_from_one_newsletter(connection: Connection) -> None:
    subscriber_id = subscribe(connection).subscriber_id
    subscribe(connection, newsletter=DAILY)
    assert book.remove(connection, ADA, NEWS, now=NOW)
    assert not book.remove(connection, subscriber_id, NEWS, now=NOW)
    assert newsletters(connection, subscriber_id) == {DAILY: Status.SUBSCRIBED, NEWS: Status.UNSUBSCRIBED}
    assert events(connection)[2:] == [("removed", NEWS, "operator")]
    with pytest.raises(Unlawful):
        subscribe(connection)


def test_nobody_can_be_removed_from_what_they_never_had(connection: Connection) -> None:
    with pytest.raises(UnknownSubscriber, match="nobody here has the address Ada"):
        book.remove(connection, ADA, NEWS, now=NOW)
    subscribe(connection)
    with pytest.raises(UnknownSubscriber, match="no subscription to daily"):
        book.remove(connection, ADA, DAILY, now=NOW)
