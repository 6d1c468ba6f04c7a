"""The verbs of the book: who comes in, who leaves, and who cannot be brought back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Row, func, select

from subscribers import book, suppressing
from subscribers.address import Address, parse
from subscribers.errors import BadValue, UnknownSubscriber, Unlawful
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.people import Person, newsletters, show
from subscribers.tables import consent_events, subscriber_tags, subscribers, subscriptions, suppressions

NEWS, DAILY = "news", "daily"
NOW = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ADA = parse("Ada@example.org")
HASHES = ("hash-by-the-new-key", "hash-by-the-old-key")


def subscribe(
    connection: Connection,
    address: Address = ADA,
    newsletter: str = NEWS,
    *,
    actor: Actor = Actor.OPERATOR,
    source: str = "paper form, May 2026",
    **more: Any,
) -> book.Subscribed:
    values: dict[str, Any] = {"hashes": HASHES, "now": NOW, **more}
    return book.subscribe(connection, address, newsletter, actor=actor, source=source, **values)


def person(connection: Connection, newsletter: str = NEWS) -> Person:
    found = show(connection, ADA, newsletter)
    assert found is not None
    return found


def standing(connection: Connection, newsletter: str = NEWS) -> tuple[Status | None, SuppressionReason | None]:
    found = person(connection, newsletter)
    return found.status, found.suppressed


def events(connection: Connection) -> list[tuple[str, str | None, str]]:
    rows = connection.execute(select(consent_events).order_by(consent_events.c.id))
    return [(row.action, row.newsletter, row.source) for row in rows]


def one(connection: Connection) -> Row[*tuple[Any, ...]]:
    return connection.execute(select(subscribers)).one()


# --- coming in -------------------------------------------------------------------------------------------------------


def test_an_operator_with_a_consent_source_makes_a_subscriber(connection: Connection) -> None:
    done = subscribe(connection, name=" Ada  Lovelace", tags=["beta", "vip"], fields={"plan": "pro"})
    assert done == book.Subscribed(done.subscriber_id, None, Status.SUBSCRIBED)
    assert person(connection) == Person(
        id=done.subscriber_id,
        email="Ada@example.org",
        name="Ada Lovelace",
        status=Status.SUBSCRIBED,
        suppressed=None,
        tags=("beta", "vip"),
        fields={"plan": "pro"},
    )
    assert events(connection) == [("attested", NEWS, "paper form, May 2026")]


@pytest.mark.parametrize("source", ["", "  "])
def test_an_operator_without_a_consent_source_makes_an_unconfirmed_one(connection: Connection, source: str) -> None:
    assert subscribe(connection, source=source).status is Status.UNCONFIRMED
    assert events(connection) == []


def test_a_form_makes_an_unconfirmed_one_and_the_person_confirms(connection: Connection) -> None:
    done = subscribe(connection, actor=Actor.PERSON, source="/subscribe", evidence={"ip": "192.0.2.1"})
    assert done.status is Status.UNCONFIRMED
    assert book.confirm(connection, done.subscriber_id, NEWS, source="/confirm", now=LATER)
    assert standing(connection) == (Status.SUBSCRIBED, None)
    assert not book.confirm(connection, done.subscriber_id, NEWS, source="/confirm", now=LATER)
    assert events(connection) == [("requested", NEWS, "/subscribe"), ("confirmed", NEWS, "/confirm")]
    evidence = connection.execute(select(consent_events.c.evidence).order_by(consent_events.c.id)).scalars().all()
    assert evidence == [{"ip": "192.0.2.1"}, {}]


def test_a_form_may_say_more_about_somebody_new(connection: Connection) -> None:
    subscribe(connection, actor=Actor.PERSON, source="/subscribe", name="Ada", tags=["beta"], fields={"plan": "pro"})
    found = person(connection)
    assert (found.name, found.tags, found.fields) == ("Ada", ("beta",), {"plan": "pro"})


def test_two_spellings_of_an_address_are_one_person(connection: Connection) -> None:
    first = subscribe(connection)
    assert subscribe(connection, parse("aDA@EXAMPLE.org")).subscriber_id == first.subscriber_id
    assert one(connection).email == "Ada@example.org"


def test_consent_that_comes_later_subscribes_an_unconfirmed_person(connection: Connection) -> None:
    subscribe(connection, source="")
    assert subscribe(connection).before is Status.UNCONFIRMED
    assert standing(connection) == (Status.SUBSCRIBED, None)
    subscribe(connection, source="")
    assert standing(connection) == (Status.SUBSCRIBED, None)
    assert events(connection) == [("attested", NEWS, "paper form, May 2026")]


def test_an_operator_learns_more_about_somebody_and_forgets_nothing(connection: Connection) -> None:
    subscribe(connection, name="Ada", tags=["beta"], fields={"plan": "pro", "city": "London"})
    subscribe(connection, tags=["vip"], fields={"plan": "basic"})
    found = person(connection)
    assert (found.name, found.tags, found.fields) == ("Ada", ("beta", "vip"), {"plan": "basic", "city": "London"})


def test_a_form_changes_nothing_about_somebody_who_is_here(connection: Connection) -> None:
    subscribe(connection, name="Ada", tags=["beta"])
    before = person(connection)
    assert (before.name, before.tags, before.fields) == ("Ada", ("beta",), {})
    subscribe(connection, actor=Actor.PERSON, source="/subscribe", name="Buy pills", tags=["vip"], fields={"a": "b"})
    assert person(connection) == before


def test_nobody_is_confirmed_who_never_asked(connection: Connection) -> None:
    done = subscribe(connection)
    with pytest.raises(Unlawful):
        book.confirm(connection, done.subscriber_id, DAILY, source="/confirm", now=NOW)
    with pytest.raises(UnknownSubscriber):
        book.confirm(connection, done.subscriber_id + 1, NEWS, source="/confirm", now=NOW)


def test_what_cannot_be_kept_is_refused_before_anything_is_written(connection: Connection) -> None:
    refused: list[dict[str, Any]] = [{"name": "a\0b"}, {"tags": ["a,b"]}, {"fields": {"first_name": "Ada"}}]
    for more in refused:
        with pytest.raises(BadValue):
            subscribe(connection, **more)
    assert connection.execute(select(func.count()).select_from(subscribers)).scalar_one() == 0


# --- leaving ---------------------------------------------------------------------------------------------------------


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


# --- suppressions ----------------------------------------------------------------------------------------------------


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


# --- erasing ---------------------------------------------------------------------------------------------------------


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


# --- tags ------------------------------------------------------------------------------------------------------------


def test_tags_are_put_on_and_taken_off(connection: Connection) -> None:
    subscriber_id = subscribe(connection, tags=["beta"]).subscriber_id
    book.tag(connection, subscriber_id, ["beta", "vip", " early  bird "])
    book.untag(connection, subscriber_id, ["vip", "never had"])
    assert person(connection).tags == ("beta", "early bird")
    book.tag(connection, subscriber_id, [])
    book.untag(connection, subscriber_id, [])
    assert person(connection).tags == ("beta", "early bird")


def test_nobody_who_is_gone_by_now_leaves_a_tag_behind(connection: Connection) -> None:
    subscriber_id = subscribe(connection).subscriber_id
    suppressing.erase(connection, ADA, hashes=HASHES, now=NOW)
    book.tag(connection, subscriber_id, ["vip"])
    book.untag(connection, subscriber_id, ["vip"])
    assert connection.execute(select(subscriber_tags)).all() == []
