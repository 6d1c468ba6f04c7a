"""New people get their numbers before they are entered; nobody is passed over because a number is another's already."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select, text

from mailer.database.engine import Database
from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.erasure import Hasher
from subscribers.imports.applying import Overtaken
from subscribers.imports.at_once import import_file
from subscribers.imports.gathering import Gathering, Request
from subscribers.imports.intake import Erased, Intake
from subscribers.imports.records import ImportRow, ImportState
from subscribers.imports.staging import Staging
from subscribers.lifecycle import Actor
from subscribers.tables import subscribers, subscriptions

NEWS = "news"
NOW = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
FILE = "email\nada@example.org\nbob@example.org\ncleo@example.org\n"


def restore(connection: Connection, *numbers: int) -> None:
    """Enter people with numbers of their own, as a restore does; PostgreSQL's sequence learns nothing of it."""
    connection.execute(
        insert(subscribers),
        [
            {
                "id": number,
                "email": f"old{number}@example.org",
                "email_key": f"old{number}@example.org",
                "name": "",
                "fields": {},
                "created_at": NOW,
                "updated_at": NOW,
            }
            for number in numbers
        ],
    )


def nobody(_: str) -> list[str]:
    return []


def intake_of(connection: Connection, path: Path, hasher: Hasher = nobody) -> tuple[Intake, str]:
    request = Request([path], NEWS, "a form", {}, keep_fields=False, refused_folder=None)
    staging, erased = Staging(connection), Erased(connection, hasher)
    found = Gathering(
        request,
        staging,
        None,
        NOW,
        agreed=lambda _sheet, _layout: True,
        progress=lambda _size: None,
        standard_input=io.BytesIO(),
    ).gather()
    given = Intake(connection, staging, erased, newsletter=NEWS, consent_source="a form", read=found.summary)
    return given, found.digest


def addresses(connection: Connection) -> list[str]:
    chosen = select(subscribers.c.email).join_from(subscribers, subscriptions).order_by(subscribers.c.email)
    return list(connection.execute(chosen).scalars())


def test_people_with_numbers_of_their_own_cost_no_person_of_a_file_their_place(
    connection: Connection, tmp_path: Path
) -> None:
    restore(connection, 1, 2, 3, 7)
    path = tmp_path / "people.csv"
    path.write_text(FILE, encoding="utf-8")
    found = import_file(connection, path, NEWS, consent_source="a form", hasher=lambda _: [], now=NOW)
    assert found.summary.added == 3
    assert addresses(connection) == ["ada@example.org", "bob@example.org", "cleo@example.org"]
    new = select(subscribers.c.id).join_from(subscribers, subscriptions).order_by(subscribers.c.email)
    assert list(connection.execute(new).scalars()) == [8, 9, 10]


def test_a_number_that_is_taken_in_the_middle_of_an_import_stops_the_slice_and_passes_nobody_over(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(FILE, encoding="utf-8")
    with database.engine.connect().execution_options(mailer_writes=True) as connection:
        with connection.begin():
            intake, digest = intake_of(connection, path)
            row = intake.begin(digest, ["people.csv"], NOW)
            row = intake.apply(row, 1, NOW)
            restore(connection, 2, 3)
        overtaken = 0
        while row.state is ImportState.APPLYING:
            try:
                with connection.begin():
                    row = intake.apply(row, 2, NOW)
            except Overtaken:
                overtaken += 1
        with connection.begin():
            assert addresses(connection) == ["ada@example.org", "bob@example.org", "cleo@example.org"]
        assert row.counts.added == 3
        # The lone writer of SQLite sees every number that there is.
        assert overtaken == (0 if database.path else 1)


def test_whoever_is_entered_by_somebody_else_at_this_moment_is_met_again(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(FILE, encoding="utf-8")
    if database.path is not None:
        return  # the lone writer of SQLite lets nobody in between
    with database.engine.connect() as connection, ThreadPoolExecutor(1) as thread:
        with connection.begin():
            intake, digest = intake_of(connection, path)
            row = intake.begin(digest, ["people.csv"], NOW)

        def apply() -> ImportRow:
            with connection.begin():
                return intake.apply(row, 3, NOW)

        with database.transaction() as other:
            address = parse("bob@example.org")
            book.subscribe(other, address, NEWS, actor=Actor.OPERATOR, source="by hand", hashes=[], now=NOW)
            applied = thread.submit(apply)
            while not other.execute(text("SELECT 1 FROM pg_locks WHERE NOT granted")).first():
                assert not applied.done(), "it did not wait for the other one"
        with pytest.raises(Overtaken):
            applied.result()
        counts = apply().counts
    assert (counts.added, counts.changed + counts.unchanged) == (2, 1)


def test_whoever_was_erased_stays_out_also_when_the_slice_has_to_meet_the_book_again(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text(FILE, encoding="utf-8")
    with database.engine.connect().execution_options(mailer_writes=True) as connection:
        with connection.begin():
            intake, digest = intake_of(connection, path, hasher=lambda key: [key])
            row = intake.begin(digest, ["people.csv"], NOW)
        with database.transaction() as other:
            suppressing.erase(other, parse("bob@example.org"), hashes=["bob@example.org"], now=NOW)
        with connection.begin() as overtaken:
            intake.apply(row, 3, NOW)
            overtaken.rollback()
        with connection.begin():
            assert intake.apply(row, 3, NOW).counts.kept_out == {"erased": 1}
            assert addresses(connection) == ["ada@example.org", "cleo@example.org"]
