"""The verbs of the book: who comes in, and their tags."""

from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.errors import BadValue, UnknownSubscriber, Unlawful
from subscribers.lifecycle import Actor, Status
from subscribers.people import Person
from subscribers.tables import consent_events, subscriber_tags, subscribers

from .book_desk import ADA, DAILY, HASHES, LATER, NEWS, NOW, events, one, person, standing, subscribe


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
