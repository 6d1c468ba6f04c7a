"""Two who change the book at once: nobody is entered twice, and whoever leaves stays gone."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from mailer.database.engine import Database, viewing, writing
from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.errors import Unlawful
from subscribers.imports.at_once import import_file
from subscribers.imports.intake import Erased, Intake
from subscribers.imports.staged import Page
from subscribers.imports.staging import Staging
from subscribers.imports.summary import Summary
from subscribers.lifecycle import Actor, Status
from subscribers.people import count, show

NEWS = "news"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
ADA = parse("ada@example.org")


def enter(database: Database, tag: str, source: str = "paper form") -> int:
    with database.transaction() as connection:
        done = book.subscribe(
            connection, ADA, NEWS, actor=Actor.OPERATOR, source=source, hashes=["ada"], now=NOW, tags=[tag]
        )
    return done.subscriber_id


def test_many_who_enter_one_address_at_once_make_one_person(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        numbers = [done.result() for done in [pool.submit(enter, database, f"t{number}") for number in range(12)]]
    assert len(set(numbers)) == 1
    with database.reading() as connection:
        assert count(connection, NEWS) == 1
        person = show(connection, ADA, NEWS)
    assert person is not None
    assert person.tags == tuple(sorted(f"t{number}" for number in range(12)))


def test_nobody_is_entered_while_they_are_erased(database: Database, tmp_path: Path) -> None:
    def erase() -> None:
        with database.transaction() as connection:
            suppressing.erase(connection, ADA, hashes=["ada"], now=NOW)

    def try_to_enter(number: int) -> None:
        with contextlib.suppress(Unlawful):
            enter(database, f"t{number}")

    def try_to_import(_: int) -> None:
        with database.transaction() as connection:
            import_file(connection, people_csv, NEWS, consent_source="x", hasher=lambda _: ["ada"], now=NOW)

    people_csv = tmp_path / "people.csv"
    people_csv.write_text("email\nada@example.org\n")
    ways: list[Callable[[int], None]] = [try_to_enter, try_to_import]
    with ThreadPoolExecutor(6) as pool:
        doing = [pool.submit(act, number) for number in range(6) for act in ways]
        doing.insert(6, pool.submit(erase))
        doing += [pool.submit(act, number) for number in range(6) for act in ways]
        for done in doing:
            done.result()
    with database.reading() as connection:
        assert show(connection, ADA, NEWS) is None


def test_whoever_leaves_between_the_plan_and_the_slice_of_an_import_stays_gone(database: Database) -> None:
    number = enter(database, "beta", source="")
    with database.connected() as connection:
        with viewing(connection):
            staging = Staging(connection)
            staging.add(Page([ADA.key, "Ada", 0]))
            staging.arrange()
            erased = Erased(connection, lambda _: ["ada"])
            intake = Intake(
                connection, staging, erased, newsletter=NEWS, consent_source="paper form", read=Summary(rows=1)
            )
            [plan] = intake.plan()
            assert plan.summary == Summary(rows=1, changed=1)
        with database.transaction() as other:
            book.unsubscribe(other, number, NEWS, source="/unsubscribe", now=NOW)
        with writing(connection):
            row = intake.apply(intake.begin("digest", ["people.csv"], NOW), 1, NOW)
    assert row.counts == Summary(rows=1, kept_out={"unsubscribed": 1})
    with database.reading() as connection:
        person = show(connection, ADA, NEWS)
    assert person is not None
    assert person.status is Status.UNSUBSCRIBED
