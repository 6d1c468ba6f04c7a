"""Imports as a whole: services' exports, standings that are honoured, slices that can be killed, and taking back."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Table, false, select

from mailer.database.engine import Database
from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.erasure import keyed_hashes
from subscribers.errors import BadImport, ImportStopped
from subscribers.imports import records
from subscribers.imports.at_once import import_file
from subscribers.imports.gathering import Gathered, Gathering, Request
from subscribers.imports.intake import Erased, Intake
from subscribers.imports.records import ImportState
from subscribers.imports.staging import Staging
from subscribers.imports.undoing import Undoing
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.people import people
from subscribers.tables import consent_events, subscriber_tags, subscribers, subscriptions, suppressions

from .exports_of_services import EXPORTS

NEWS = "news"
NOW = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
FORM = "paper forms, May 2026"


def hasher(key: str) -> Sequence[str]:
    return keyed_hashes(key, [b"the newest secret key"])


def load(
    connection: Connection, tmp_path: Path, content: str, name: str = "people.csv", source: str = FORM
) -> Gathered:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8", newline="")
    return import_file(connection, path, NEWS, consent_source=source, hasher=hasher, now=NOW)


def take_back(connection: Connection, import_id: int | None) -> None:
    assert import_id is not None
    row = records.to_undo(connection, import_id)
    undoing, after = Undoing(row, false()), 0
    while True:
        done = undoing.undo(connection, after, 2, LATER)
        if done.ended:
            return
        after = done.after


def standings(connection: Connection) -> dict[str, str]:
    """What is known of everybody: status, reason, name, tags; and of addresses without a person the reason."""
    found = {
        person.email: " ".join(
            filter(None, [person.status, person.suppressed, person.name, *(f"#{tag}" for tag in person.tags)])
        )
        for person in people(connection, NEWS)
    }
    kept = connection.execute(select(suppressions.c.address_key, suppressions.c.reason)).all()
    return {**{key: f"({reason})" for key, reason in kept if key not in found}, **found}


# --- exports of services ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPORTS)
def test_the_export_of_a_service_is_known_and_its_standings_are_honoured(
    connection: Connection, tmp_path: Path, name: str
) -> None:
    content, expected = EXPORTS[name]
    found = load(connection, tmp_path, content, name)
    assert standings(connection) == expected
    assert found.undated == 0
    refused = {"a status that is not known": 1} if name == "kit.csv" else {}
    assert found.summary.refused == refused
    again = load(connection, tmp_path, content, name)
    assert (again.summary.added, again.summary.changed, again.summary.ended) == (0, 0, {})
    take_back(connection, again.import_id)
    assert standings(connection) == expected
    take_back(connection, found.import_id)
    assert standings(connection) == {}
    tables: list[Table] = [subscribers, subscriptions, consent_events, subscriber_tags, suppressions]
    assert [connection.execute(select(table)).all() for table in tables] == [[]] * 5


def test_the_name_of_a_mailchimp_file_says_what_its_rows_do_not(connection: Connection, tmp_path: Path) -> None:
    content, _ = EXPORTS["subscribed_members_export_1.csv"]
    load(connection, tmp_path, content, "cleaned_members_export_1.csv")
    assert standings(connection) == {"ada@example.org": "(bounced)"}


def test_a_file_that_lost_its_columns_in_a_spreadsheet_still_says_by_its_name_who_left(
    connection: Connection, tmp_path: Path
) -> None:
    content = "Email Address,First Name\nada@example.org,Ada\n"
    assert load(connection, tmp_path, content, "unsubscribed_members_export_1.csv").summary.ended == {"unsubscribed": 1}
    assert load(connection, tmp_path, content, "cleaned_members_export_1.csv").summary.ended == {"bounced": 1}
    assert load(connection, tmp_path, "email\nbob@example.org\n", "cleaned_list.csv").summary.added == 1


@pytest.mark.parametrize(
    "column", ["EMAIL_BLACKLISTED", "Unsubscribe reason", "Opted-out at", "bounced", "do not email"]
)
def test_a_column_that_may_say_who_left_is_not_passed_over(connection: Connection, tmp_path: Path, column: str) -> None:
    with pytest.raises(BadImport, match="may say who is not to be mailed"):
        load(connection, tmp_path, f"email,{column}\nada@example.org,1\n")
    assert standings(connection) == {}


def test_what_a_listing_of_ours_says_of_suppressions_is_honoured(connection: Connection, tmp_path: Path) -> None:
    lines = '{"email":"a@example.org","status":"subscribed","suppressed":"bounced"}\n'
    lines += '{"email":"b@example.org","status":"subscribed","suppressed":null}\n'
    load(connection, tmp_path, lines, "listed.jsonl")
    assert standings(connection) == {"a@example.org": "(bounced)"} | {"b@example.org": "subscribed"}


def test_the_figures_say_how_many_are_subscribed(connection: Connection, tmp_path: Path) -> None:
    content = "email,subscribed\na@example.org,yes\nb@example.org,no\n"
    summary = load(connection, tmp_path, content).summary
    assert (summary.added, summary.subscribed, summary.ended) == (1, 1, {"unsubscribed": 1})
    summary = load(connection, tmp_path, "email,status\nc@example.org,subscribed\nd@example.org,pending\n").summary
    assert (summary.added, summary.subscribed) == (2, 1)
    summary = load(connection, tmp_path, "email\ne@example.org\n", source="").summary
    assert (summary.added, summary.subscribed) == (1, 0)


def test_consent_is_dated_by_the_file(connection: Connection, tmp_path: Path) -> None:
    name = "subscribed_members_export_1.csv"
    content, _ = EXPORTS[name]
    load(connection, tmp_path, content, name)
    given = datetime(2020, 1, 2, 10, tzinfo=UTC)
    assert connection.execute(select(consent_events.c.source, consent_events.c.at)).one() == (FORM, given)
    assert connection.execute(select(subscriptions.c.changed_at)).scalar_one() == given


def test_whoever_complained_or_bounced_elsewhere_leaves_every_newsletter_here(
    connection: Connection, tmp_path: Path
) -> None:
    for newsletter in (NEWS, "daily"):
        address = parse("di@example.org")
        more: dict[str, Any] = {"actor": Actor.OPERATOR, "source": FORM, "hashes": [], "now": NOW}
        book.subscribe(connection, address, newsletter, **more)
    before = _everything(connection)
    found = load(connection, tmp_path, "email,status\ndi@example.org,complained\n")
    assert found.summary.ended == {"complained": 1}
    assert set(connection.execute(select(subscriptions.c.status)).scalars()) == {Status.UNSUBSCRIBED.value}
    take_back(connection, found.import_id)
    assert _everything(connection) == before


# --- taking back -----------------------------------------------------------------------------------------------------


def _everything(connection: Connection) -> list[list[tuple[Any, ...]]]:
    tables = (subscribers, subscriptions, subscriber_tags, consent_events, suppressions)
    return [
        sorted((tuple(map(str, row)) for row in connection.execute(select(table)).all()), key=str) for table in tables
    ]


def _fill(connection: Connection) -> None:
    for name in ("ada", "left", "bounced", "erased", "unconfirmed"):
        address = parse(f"{name}@example.org")
        source = "" if name == "unconfirmed" else FORM
        more: dict[str, Any] = {"source": source, "hashes": [], "now": NOW - timedelta(days=9)}
        done = book.subscribe(connection, address, NEWS, actor=Actor.OPERATOR, fields={"city": "Ulm"}, **more)
        if name == "left":
            book.unsubscribe(connection, done.subscriber_id, NEWS, source="", now=NOW)
        if name == "bounced":
            suppressing.suppress(connection, address.key, SuppressionReason.BOUNCED, note="", now=NOW)
        if name == "erased":
            suppressing.erase(connection, address, hashes=hasher(address.key), now=NOW)


_names = st.sampled_from(["ada", "left", "bounced", "erased", "unconfirmed", "new", "other"])
_rows = st.lists(
    st.tuples(
        _names.map(lambda name: f"{name}@example.org"),
        st.sampled_from(["", "Ada", "Adele"]),
        st.sampled_from(["", "beta", "vip;beta"]),
        st.sampled_from(["subscribed", "unconfirmed", "unsubscribed", "bounced", "complained"]),
        st.sampled_from(["", "2020-01-02", "2021-02-03"]),
    ),
    max_size=10,
)


def _csv(rows: Sequence[tuple[str, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([("email", "name", "tags", "status", "date"), *rows])
    return text.getvalue()


def _each(database: Database, check: Callable[[Connection, str], None]) -> None:
    @settings(deadline=None, max_examples=60 if database.path else 15, suppress_health_check=[HealthCheck.nested_given])
    @given(_rows)
    def does(rows: list[tuple[str, ...]]) -> None:
        with database.engine.connect().execution_options(mailer_writes=True) as connection:
            connection.begin()
            _fill(connection)
            check(connection, _csv(rows))
            connection.rollback()

    does()


def test_an_import_taken_back_leaves_everything_as_it_was(database: Database, tmp_path: Path) -> None:
    def check(connection: Connection, content: str) -> None:
        before = _everything(connection)
        take_back(connection, load(connection, tmp_path, content).import_id)
        assert _everything(connection) == before

    _each(database, check)


def test_the_same_file_again_changes_nothing_whatever_it_says(database: Database, tmp_path: Path) -> None:
    def check(connection: Connection, content: str) -> None:
        load(connection, tmp_path, content)
        once = _everything(connection)
        load(connection, tmp_path, content)
        assert _everything(connection) == once

    _each(database, check)


def test_what_people_did_since_an_import_is_not_taken_back(connection: Connection, tmp_path: Path) -> None:
    names = ("left", "confirmed", "tagged", "elsewhere", "still")
    content = "email,name\n" + "".join(f"{name}@example.org,Imported\n" for name in names)
    found = load(connection, tmp_path, content, source="")
    numbers = dict(connection.execute(select(subscribers.c.email, subscribers.c.id)).all())
    book.unsubscribe(connection, numbers["left@example.org"], NEWS, source="", now=LATER)
    book.confirm(connection, numbers["confirmed@example.org"], NEWS, source="", now=LATER)
    book.tag(connection, numbers["tagged@example.org"], ["vip"])
    more: dict[str, Any] = {"actor": Actor.PERSON, "source": "/", "hashes": [], "now": LATER}
    book.subscribe(connection, parse("elsewhere@example.org"), "daily", **more)
    take_back(connection, found.import_id)
    assert standings(connection) == {
        "left@example.org": "unsubscribed Imported",
        "confirmed@example.org": "subscribed Imported",
    }
    here = set(connection.execute(select(subscribers.c.email)).scalars())
    assert here == {f"{name}@example.org" for name in names if name != "still"}


# --- slices ----------------------------------------------------------------------------------------------------------


def opened(connection: Connection, path: Path) -> tuple[Intake, Gathered]:
    staging, erased = Staging(connection), Erased(connection, hasher)
    request = Request([path], NEWS, FORM, {}, keep_fields=False, refused_folder=None)
    found = Gathering(
        request, staging, erased.asked, NOW, lambda _sheet, _layout: True, lambda _size: None, io.BytesIO()
    ).gather()
    intake = Intake(connection, staging, erased, newsletter=NEWS, consent_source=FORM, read=found.summary)
    return intake, found


def test_an_import_that_was_killed_after_any_slice_goes_on_to_the_same_end(
    connection: Connection, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email,tags\n" + "".join(f"p{n}@example.org,beta\n" for n in range(9)) + "p1@example.org,vip\n")
    for killed_after in range(5):
        intake, found = opened(connection, path)
        row = intake.begin(found.digest, found.names, NOW)
        assert row.position == 2 * killed_after
        intake.apply(row, 2, LATER)
    row = records.find(connection, 1)
    assert row.state is ImportState.DONE
    assert (row.id, row.counts.rows, row.counts.added, row.counts.duplicates) == (1, 10, 9, 1)
    assert len(standings(connection)) == 9


def test_two_processes_do_not_apply_one_import_at_the_same_time(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email\na@example.org\nb@example.org\n")
    intake, found = opened(connection, path)
    row = intake.begin(found.digest, found.names, NOW)
    intake.apply(row, 1, LATER)
    with pytest.raises(ImportStopped, match="by another process"):
        intake.apply(row, 1, LATER)


def test_whoever_is_erased_between_two_slices_does_not_come_in(connection: Connection, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email\na@example.org\nb@example.org\n")
    intake, found = opened(connection, path)
    row = intake.apply(intake.begin(found.digest, found.names, NOW), 1, LATER)
    suppressing.erase(connection, parse("b@example.org"), hashes=hasher("b@example.org"), now=LATER)
    row = intake.apply(row, 1, LATER)
    assert row.counts.kept_out == {"erased": 1}
    assert [person.email for person in people(connection, NEWS)] == ["a@example.org"]
