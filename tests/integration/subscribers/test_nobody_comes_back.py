"""Taking an import back, or reading two files together, brings nobody back who left, bounced or complained."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from sqlalchemy import Connection, false, select

from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.exports import as_csv
from subscribers.imports import records
from subscribers.imports.at_once import import_file
from subscribers.imports.gathering import Gathered
from subscribers.imports.undoing import Undoing
from subscribers.lifecycle import Actor, SuppressionReason
from subscribers.many import remove_slice
from subscribers.people import people
from subscribers.records import field_names
from subscribers.records import records as exported
from subscribers.suppressing import Suppressing
from subscribers.tables import subscribers, subscriptions, suppressions

NEWS = "news"
NOW = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ADA = parse("ada@example.org")


def _subscribe(connection: Connection) -> int:
    more: dict[str, Any] = {"actor": Actor.OPERATOR, "source": "a form", "hashes": [], "now": NOW - timedelta(days=9)}
    return book.subscribe(connection, ADA, NEWS, **more).subscriber_id


def _load(connection: Connection, path: Path, content: str, *, now: datetime = NOW) -> Gathered:
    path.write_text(content, encoding="utf-8", newline="")
    return import_file(connection, path, NEWS, consent_source="a form", hasher=lambda _: [], now=now)


def _take_back(connection: Connection, found: Gathered) -> None:
    assert found.import_id is not None
    undoing, after = Undoing(records.to_undo(connection, found.import_id), false()), 0
    while not (done := undoing.undo(connection, after, 2, LATER)).ended:
        after = done.after


def _standing(connection: Connection) -> list[tuple[str | None, str | None]]:
    return [(person.status, person.suppressed) for person in people(connection, NEWS)]


def _presses_the_button(connection: Connection, number: int) -> None:
    book.unsubscribe(connection, number, NEWS, source="link", now=LATER)


def _is_removed(connection: Connection, number: int) -> None:
    assert number
    book.remove(connection, ADA, NEWS, now=LATER)


def _is_removed_with_others(connection: Connection, number: int) -> None:
    remove_slice(connection, NEWS, subscribers.c.id == number, after=0, now=LATER)


@pytest.mark.parametrize("leaves", [_presses_the_button, _is_removed, _is_removed_with_others])
def test_whoever_leaves_after_a_file_said_so_stays_gone_when_the_import_is_taken_back(
    connection: Connection, tmp_path: Path, leaves: Callable[[Connection, int], None]
) -> None:
    number = _subscribe(connection)
    found = _load(connection, tmp_path / "left.csv", "email,status\nada@example.org,unsubscribed\n")
    leaves(connection, number)
    _take_back(connection, found)
    assert _standing(connection) == [("unsubscribed", None)]


def test_leaving_all_after_a_file_said_so_ends_every_subscription_for_good(
    connection: Connection, tmp_path: Path
) -> None:
    number = _subscribe(connection)
    found = _load(connection, tmp_path / "left.csv", "email,status\nada@example.org,unsubscribed\n")
    suppressing.leave_all(connection, number, source="link", now=LATER)
    _take_back(connection, found)
    assert _standing(connection) == [("unsubscribed", "left-all")]


def _bounces(connection: Connection) -> None:
    suppressing.suppress(connection, ADA.key, SuppressionReason.BOUNCED, note="a letter", now=LATER)


def _bounces_among_others(connection: Connection) -> None:
    one = Suppressing(ADA.key, SuppressionReason.BOUNCED, "a letter", {})
    suppressing.suppress_many(connection, [one], now=LATER)


@pytest.mark.parametrize("bounces", [_bounces, _bounces_among_others])
def test_a_bounce_that_was_heard_after_a_file_told_of_it_outlives_the_import(
    connection: Connection, tmp_path: Path, bounces: Callable[[Connection], None]
) -> None:
    _subscribe(connection)
    found = _load(connection, tmp_path / "cleaned.csv", "email,status\nada@example.org,bounced\n")
    bounces(connection)
    _take_back(connection, found)
    assert _standing(connection) == [("unsubscribed", "bounced")]


def _our_export(connection: Connection) -> str:
    return "".join(as_csv(exported(connection, NEWS), field_names(connection, NEWS)))


def _emptied(connection: Connection) -> None:
    for table in (subscriptions, subscribers, suppressions):
        connection.execute(table.delete())


def test_what_was_suppressed_before_our_own_export_came_in_stays_so_when_that_is_taken_back(
    connection: Connection, tmp_path: Path
) -> None:
    _subscribe(connection)
    for reason in (SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED):
        suppressing.suppress(connection, ADA.key, reason, note="", now=NOW)
    export = _our_export(connection)
    _emptied(connection)
    suppressing.suppress(connection, ADA.key, SuppressionReason.BOUNCED, note="by hand", now=NOW)
    _take_back(connection, _load(connection, tmp_path / "ours.csv", export, now=LATER))
    assert connection.execute(select(suppressions.c.reason)).scalars().all() == ["bounced"]


@pytest.mark.parametrize(("said", "standing"), [("unsubscribed", None), ("bounced", "bounced")])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_our_export_and_a_file_that_says_who_left_the_graver_counts(
    connection: Connection, tmp_path: Path, said: str, standing: str | None, order: Sequence[int]
) -> None:
    _subscribe(connection)
    contents = [_our_export(connection), f"email,status\nada@example.org,{said}\n"]
    _emptied(connection)
    archive = tmp_path / "both.zip"
    _zip(archive, [contents[position] for position in order])
    import_file(connection, archive, NEWS, consent_source="a form", hasher=lambda _: [], now=LATER)
    left = [("unsubscribed", standing)] if standing is None else []
    assert _standing(connection) == left
    assert connection.execute(select(suppressions.c.reason)).scalars().all() == ([standing] if standing else [])


def _zip(path: Path, contents: Sequence[str]) -> None:
    with ZipFile(path, "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.csv", content)
