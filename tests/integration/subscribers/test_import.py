"""A file becomes subscribers: every row counted once, no bad row in the way of a good one, nobody brought back."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from mailer.database.engine import Database
from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.erasure import keyed_hashes
from subscribers.errors import BadAddress, BadValue, Unlawful
from subscribers.imports.at_once import import_file
from subscribers.imports.gathering import Gathered
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.people import people
from subscribers.tables import consent_events, subscribers, subscriptions, suppressions

NEWS = "news"
NOW = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
FORM = "paper forms, May 2026"

People = dict[str, tuple[str, str, tuple[str, ...]]]


def hasher(key: str) -> Sequence[str]:
    return keyed_hashes(key, [b"the newest secret key", b"the secret key before"])


def load(
    connection: Connection,
    tmp_path: Path,
    content: str | bytes,
    consent_source: str | None = FORM,
    newsletter: str = NEWS,
) -> Gathered:
    path = tmp_path / "people.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return import_file(connection, path, newsletter, consent_source=consent_source, hasher=hasher, now=NOW)


def counts(found: Gathered) -> dict[str, int]:
    """The counts that are not nought, after checking that every row is in exactly one of them."""
    summary = found.summary
    numbers = {name: getattr(summary, name) for name in ("added", "changed", "unchanged", "duplicates")}
    numbers |= {"bad": sum(summary.refused.values()), **summary.kept_out}
    numbers |= {f"ended {reason}": number for reason, number in summary.ended.items()}
    assert summary.rows == sum(numbers.values())
    return {name: number for name, number in numbers.items() if number}


def everybody(connection: Connection, newsletter: str = NEWS) -> People:
    return {
        person.email: (
            person.name,
            f"{person.status}" + (f", {person.suppressed}" if person.suppressed else ""),
            person.tags,
        )
        for person in people(connection, newsletter)
    }


# --- what a file says ------------------------------------------------------------------------------------------------


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


# --- who is kept out -------------------------------------------------------------------------------------------------


def test_nobody_is_brought_back_and_everybody_kept_out_is_counted(connection: Connection, tmp_path: Path) -> None:
    names = ["left", "complained", "bounced", "operator", "undeliverable", "left-all", "erased", "stranger", "fine"]
    addresses = {name: parse(f"{name}@example.org") for name in names}
    load(connection, tmp_path, "email\n" + "".join(f"{name}@example.org\n" for name in names if name != "stranger"))
    book.unsubscribe(connection, addresses["left"], NEWS, source="/unsubscribe", now=NOW)
    for reason in SuppressionReason:
        if reason is SuppressionReason.ERASED:
            suppressing.erase(connection, addresses["erased"], hashes=hasher("erased@example.org")[1:], now=NOW)
        else:
            suppressing.suppress(connection, addresses[reason.value].key, reason, note="", now=NOW)
    suppressing.suppress(connection, addresses["stranger"].key, SuppressionReason.BOUNCED, note="", now=NOW)
    before = everybody(connection), connection.execute(select(subscriptions)).all()

    content = "email,name,tags\n" + "".join(
        f"{name.upper()}@example.org,New,new\n" for name in [*names, "erased"] if name != "fine"
    )
    kept = {
        "complained": 1,
        "bounced": 2,
        "operator": 1,
        "undeliverable": 1,
        "left-all": 1,
        "erased": 1,
        "duplicates": 1,
    }
    for source in (FORM, None):
        assert counts(load(connection, tmp_path, content, source)) == {"unsubscribed": 1, **kept}
    assert (everybody(connection), connection.execute(select(subscriptions)).all()) == before
    # Who left one newsletter may be asked into another; the rest may not.
    assert counts(load(connection, tmp_path, content, newsletter="daily")) == {"added": 1, **kept}
    assert everybody(connection, "daily") == {"left@example.org": ("New", "subscribed", ("new",))}


def test_a_suppression_of_several_reasons_keeps_out_once_for_the_gravest(
    connection: Connection, tmp_path: Path
) -> None:
    for reason in (SuppressionReason.LEFT_ALL, SuppressionReason.BOUNCED):
        suppressing.suppress(connection, "ada@example.org", reason, note="", now=NOW)
    assert counts(load(connection, tmp_path, "email\nada@example.org\n")) == {"bounced": 1}


# --- bad rows --------------------------------------------------------------------------------------------------------


def test_a_bad_row_is_reported_at_its_line_and_stops_no_other(connection: Connection, tmp_path: Path) -> None:
    content = (
        b"email,name,tags\n"
        b"ada@example.org,Ada,beta\n"
        b"nobody,No,\n"  # 3
        b'bob@example.org,"Bob\nthe\nBuilder",beta\n'  # 4-6
        b"cleo@example.org,Cleo\n"  # 7: short
        b"dan@example.org,Dan,beta,staff\n"  # 8: long
        b"eve@example.org,E\xefe,\n"  # 9: Latin-1, which is read as what it is
        b"fay@example.org,F\0ay,\n"  # 10: NUL
        b'gus@example.org,"Gus "the" Great",\n'  # 11: stray quote
        b"hal@example.org,Hal,\n"
        b",Nobody,\n"  # 13
        b'"ida@example.org,Ida,\n'  # 14: never closed
        b"jon@example.org,Jon,\n"
    )
    report = load(connection, tmp_path, content)
    assert [(bad.line, bad.reason.partition(" (")[0]) for bad in sorted(report.refused, key=lambda bad: bad.line)] == [
        (3, '"nobody" is not an e-mail address that can be written to: an email address must have an @-sign'),
        (7, "2 cells, but the header names 3 columns"),
        (8, "4 cells, but the header names 3 columns"),
        (10, "a name contains the character U+0000, which cannot be kept"),
        (11, "a double quote stands inside a quoted cell; write it twice there"),
        (13, "an e-mail address is missing"),
        (14, "a double quote is opened here and not closed"),
    ]
    assert counts(report) == {"added": 5, "bad": 7}
    assert {email: name for email, (name, _, _) in everybody(connection).items()} == {
        "ada@example.org": "Ada",
        "bob@example.org": "Bob the Builder",
        "eve@example.org": "Eïe",
        "hal@example.org": "Hal",
        "jon@example.org": "Jon",
    }


def test_a_huge_cell_is_a_bad_row_and_no_more(connection: Connection, tmp_path: Path) -> None:
    content = f"email,name\nada@example.org,{'x' * 200_000}\nbob@example.org,Bob\n"
    report = load(connection, tmp_path, content)
    assert [(bad.line, bad.reason) for bad in report.refused] == [(2, "a cell is longer than 131,072 characters")]
    assert counts(report) == {"added": 1, "bad": 1}


def test_many_quotes_that_are_never_closed_lose_only_their_own_rows(connection: Connection, tmp_path: Path) -> None:
    rows = "".join(f'"p{n}@example.org,x\nq{n}@example.org,y\n' for n in range(300))
    report = load(connection, tmp_path, "email,name\n" + rows)
    assert [bad.line for bad in report.refused] == [2, 4, 6, 8, 10]
    assert counts(report) == {"added": 300, "bad": 300}


# --- properties ------------------------------------------------------------------------------------------------------

_emails = st.sampled_from(
    [
        *("ada@example.org", "Ada@example.org", "bob@example.org", "left@example.org", "bounced@example.org"),
        *("erased@example.org", "unconfirmed@example.org", "nobody", ""),
    ]
)
_file_rows = st.lists(
    st.tuples(
        _emails, st.sampled_from(["", "Ada", "Bo b", "x\0"]), st.sampled_from(["", "beta", "beta;vip", "vip,new"])
    ),
    max_size=12,
)
_sources = st.sampled_from([FORM, None])


def _fill(connection: Connection) -> None:
    """A book with one person in every standing."""
    for name in ("ada", "left", "bounced", "erased", "unconfirmed"):
        address = parse(f"{name}@example.org")
        source = "" if name == "unconfirmed" else FORM
        hashes = hasher(address.key)
        done = book.subscribe(connection, address, NEWS, actor=Actor.OPERATOR, source=source, hashes=hashes, now=NOW)
        match name:
            case "left":
                book.unsubscribe(connection, done.subscriber_id, NEWS, source="", now=NOW)
            case "bounced":
                suppressing.suppress(connection, address.key, SuppressionReason.BOUNCED, note="", now=NOW)
            case "erased":
                suppressing.erase(connection, address, hashes=hashes, now=NOW)
            case _:
                pass


def _csv(rows: Sequence[tuple[str, str, str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([("email", "name", "tags"), *rows])
    return text.getvalue()


def _one_by_one(connection: Connection, rows: Sequence[tuple[str, str, str]], source: str | None) -> None:
    """What `import_file` is the fast form of; of several names of one person it takes the fullest."""
    names: dict[str, list[str]] = {}
    for email, name, _ in rows:
        if "\0" not in name:
            names.setdefault(email.lower(), []).append(name)
    rows = [
        (email, name if "\0" in name else min(names[email.lower()], key=lambda each: (-len(each), each)), tags)
        for email, name, tags in rows
    ]
    for email, name, tags in rows:
        words = [word for part in tags.split(";") for word in part.split(",") if word]
        more: dict[str, Any] = {"name": name, "tags": words, "source": source or "", "now": NOW}
        try:
            address = parse(email)
            book.subscribe(connection, address, NEWS, actor=Actor.IMPORT, hashes=hasher(address.key), **more)
        except (BadAddress, BadValue, Unlawful):
            continue


def _all(connection: Connection) -> list[Any]:
    book_now = {email.lower(): what for email, what in everybody(connection).items()}
    events = connection.execute(
        select(subscribers.c.email_key, consent_events.c.action, consent_events.c.source)
        .join_from(consent_events, subscribers, subscribers.c.id == consent_events.c.subscriber_id)
        .order_by(subscribers.c.email_key, consent_events.c.id)
    ).all()
    kept = connection.execute(select(suppressions.c.address_key, suppressions.c.reason)).all()
    return [book_now, list(map(tuple, events)), sorted(map(tuple, kept))]


def test_an_import_does_what_entering_its_rows_one_by_one_would(database: Database, tmp_path: Path) -> None:
    @settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.nested_given])
    @given(_file_rows, _sources)
    def does(rows: list[tuple[str, str, str]], source: str | None) -> None:
        found: list[list[Any]] = []
        for set_wise in (True, False):
            with database.engine.connect().execution_options(mailer_writes=True) as connection:
                connection.begin()
                _fill(connection)
                if set_wise:
                    counts(load(connection, tmp_path, _csv(rows), source))
                else:
                    _one_by_one(connection, rows, source)
                found.append(_all(connection))
                connection.rollback()
        assert found[0] == found[1]

    does()


def test_importing_a_file_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    @settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.nested_given])
    @given(_file_rows, _sources)
    def does(rows: list[tuple[str, str, str]], source: str | None) -> None:
        with database.engine.connect().execution_options(mailer_writes=True) as connection:
            connection.begin()
            _fill(connection)
            first = counts(load(connection, tmp_path, _csv(rows), source))
            once = _all(connection)
            second = counts(load(connection, tmp_path, _csv(rows), source))
            assert _all(connection) == once
            assert {"added", "changed"}.isdisjoint(second)
            assert second.get("unchanged", 0) == sum(first.get(name, 0) for name in ("added", "changed", "unchanged"))
            connection.rollback()

    does()


def test_the_order_of_rows_does_not_matter(database: Database, tmp_path: Path) -> None:
    @settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.nested_given])
    @given(_file_rows, st.randoms(use_true_random=False))
    def does(rows: list[tuple[str, str, str]], chance: Any) -> None:
        shuffled = list(rows)
        chance.shuffle(shuffled)
        found: list[Any] = []
        for each in (rows, shuffled):
            with database.engine.connect().execution_options(mailer_writes=True) as connection:
                connection.begin()
                _fill(connection)
                number = counts(load(connection, tmp_path, _csv(each)))
                found.append((number, everybody(connection)))
                connection.rollback()
        assert found[0] == found[1]

    does()


def test_a_status_is_never_lowered_by_a_file_without_consent(connection: Connection, tmp_path: Path) -> None:
    load(connection, tmp_path, "email\nada@example.org\n")
    load(connection, tmp_path, "email\nada@example.org\n", None)
    status = connection.execute(select(subscriptions.c.status, subscriptions.c.changed_at)).one()
    assert tuple(status) == (Status.SUBSCRIBED.value, NOW)
