"""Plain files of people: every row counted once, and read as it was meant."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from subscribers.tables import consent_events, subscribers

from .plain_files import FORM, NEWS, NOW, counts, everybody, load


def test_a_plain_file_with_a_consent_source_makes_subscribers(connection: Connection, tmp_path: Path) -> None:
    content = 'email,name,tags\nAda@Example.org,Ada Lovelace,"beta,staff"\nbob@example.org,,beta; early bird\ncleo@bücher.example,Cleo,\n'
    assert counts(load(connection, tmp_path, content)) == {"added": 3}
    assert everybody(connection) == {
        "Ada@example.org": ("Ada Lovelace", "subscribed", ("beta", "staff")),
        "bob@example.org": ("", "subscribed", ("beta", "early bird")),
        "cleo@xn--bcher-kva.example": ("Cleo", "subscribed", ()),
    }
    events = connection.execute(select(consent_events).order_by(consent_events.c.subscriber_id)).all()
    assert [(row.action, row.newsletter, row.source, row.at, row.evidence) for row in events] == [
        ("attested", NEWS, FORM, NOW, {"import": "1"})
    ] * 3
    assert set(connection.execute(select(subscribers.c.created_at, subscribers.c.updated_at)).all()) == {(NOW, NOW)}
    assert connection.execute(select(subscribers.c.fields).distinct()).scalars().all() == [{}]


@pytest.mark.parametrize("source", [None, "", "  "])
def test_without_a_consent_source_people_are_unconfirmed(
    connection: Connection, tmp_path: Path, source: str | None
) -> None:
    assert counts(load(connection, tmp_path, "email\nada@example.org\n", source)) == {"added": 1}
    assert everybody(connection) == {"ada@example.org": ("", "unconfirmed", ())}
    assert connection.execute(select(consent_events)).all() == []


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfemail,name,tags\r\nada@example.org,Ada,beta\r\n",
        b"EMAIL , Name,TAGS\nada@example.org,Ada,beta",
        b"Tags,Email,Name\rbeta,ada@example.org,Ada\r",
        b'\n\n"email","name","tags"\n\n"ada@example.org","Ada","beta"\n,,\n\n',
    ],
)
def test_a_mark_line_ends_order_and_empty_lines_do_not_matter(
    connection: Connection, tmp_path: Path, content: bytes
) -> None:
    assert counts(load(connection, tmp_path, content)) == {"added": 1}
    assert everybody(connection) == {"ada@example.org": ("Ada", "subscribed", ("beta",))}


def test_a_file_with_only_a_header_is_a_file_of_nobody(connection: Connection, tmp_path: Path) -> None:
    assert counts(load(connection, tmp_path, "email,name,tags\n")) == {}


def test_of_a_person_who_is_there_twice_the_fuller_name_counts_and_every_tag(
    connection: Connection, tmp_path: Path
) -> None:
    content = "email,name,tags\nada@example.org,,beta\nADA@example.org,Ada,vip\nada@EXAMPLE.org,Adele,beta\n"
    assert counts(load(connection, tmp_path, content)) == {"added": 1, "duplicates": 2}
    assert everybody(connection) == {"ada@example.org": ("Adele", "subscribed", ("beta", "vip"))}


def test_somebody_who_is_here_keeps_what_is_known_of_them(connection: Connection, tmp_path: Path) -> None:
    load(connection, tmp_path, "email,name,tags\nada@example.org,Ada,beta\nbob@example.org,,\ncleo@example.org,,\n")
    report = load(
        connection, tmp_path, "email,name,tags\nADA@example.org,Adele,vip\nbob@example.org,Bob,\ncleo@example.org,,\n"
    )
    assert counts(report) == {"changed": 2, "unchanged": 1}
    assert everybody(connection) == {
        "ada@example.org": ("Ada", "subscribed", ("beta", "vip")),
        "bob@example.org": ("Bob", "subscribed", ()),
        "cleo@example.org": ("", "subscribed", ()),
    }


def test_consent_that_comes_later_subscribes_the_unconfirmed(connection: Connection, tmp_path: Path) -> None:
    content = "email\nada@example.org\n"
    load(connection, tmp_path, content, None)
    assert counts(load(connection, tmp_path, content)) == {"changed": 1}
    assert counts(load(connection, tmp_path, content, None)) == {"unchanged": 1}
    assert everybody(connection) == {"ada@example.org": ("", "subscribed", ())}
    assert len(connection.execute(select(consent_events)).all()) == 1


def test_a_person_of_another_newsletter_is_added_to_this_one(connection: Connection, tmp_path: Path) -> None:
    load(connection, tmp_path, "email,name\nada@example.org,Ada\n", newsletter="daily")
    assert counts(load(connection, tmp_path, "email\nada@example.org\n")) == {"added": 1}
    assert everybody(connection) == everybody(connection, "daily") == {"ada@example.org": ("Ada", "subscribed", ())}
