"""Whatever happens between two slices of an import, or of its taking back: nobody comes in, or back, who went."""

import contextlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from mailer.database.engine import Database, viewing, writing
from subscribers import book, describing, suppressing
from subscribers.address import parse
from subscribers.errors import ImportStopped, UnknownSubscriber
from subscribers.lifecycle import Actor, SuppressionReason
from subscribers.merging import merge
from subscribers.rows import hold
from subscribers.tables import subscriber_tags, subscribers, suppressions

from .test_imports import hasher, opened
from .undoing_desk import (
    EVERYTHING,
    JOURNAL,
    LATER,
    NEWS,
    NOW,
    begin_undoing,
    load,
    mailed,
    rows,
    take_back,
)

BOB = parse("bob@example.org")


def _leaves(connection: Connection) -> None:
    book.unsubscribe(connection, BOB, NEWS, source="link", now=LATER)


def _complains(connection: Connection) -> None:
    suppressing.suppress(connection, BOB.key, SuppressionReason.COMPLAINED, note="a letter", now=LATER)


def _is_erased(connection: Connection) -> None:
    suppressing.erase(connection, BOB, hashes=hasher(BOB.key), now=LATER)


def _is_merged(connection: Connection) -> None:
    with contextlib.suppress(UnknownSubscriber):
        merge(connection, parse("lady@example.org"), BOB, now=LATER)


def _moves(connection: Connection) -> None:
    person = hold(connection, BOB)
    if person is not None:
        describing.move(connection, person.id, parse("new@example.org"), source="", now=LATER, evidence={})


ACTS = [_leaves, _complains, _is_erased, _is_merged, _moves]


@pytest.mark.parametrize("slices", [1, 2])
@pytest.mark.parametrize("act", ACTS)
def test_whatever_happens_between_two_slices_of_an_import_nobody_comes_in_who_went(
    database: Database, tmp_path: Path, act: Callable[[Connection], None], slices: int
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email,tags\n" + "".join(f"{name}@example.org,beta\n" for name in ("ada", "bob", "cy")))
    more: dict[str, Any] = {"actor": Actor.OPERATOR, "hashes": ["none"], "now": NOW - timedelta(days=1)}
    with database.connected() as connection:
        with writing(connection):
            for name in ("lady", "bob"):
                book.subscribe(connection, parse(f"{name}@example.org"), NEWS, source="a form", **more)
        with viewing(connection):
            intake, found = opened(connection, path)
        with writing(connection):
            row = intake.begin(found.digest, found.names, NOW)
        for number in range(3):
            if number == slices:
                with database.transaction() as other:
                    act(other)
            with writing(connection):
                row = intake.apply(row, 1, NOW)
    moved = act is _moves
    expected = {"ada", "cy", "lady"} | ({"new"} if moved else set[str]())
    assert mailed(database) == expected
    take_back(database, row.id)
    assert mailed(database) == expected - {"ada", "cy"}
    assert rows(database, *(table.c.import_id for table in JOURNAL)) == [[], [], []]
    if act is _is_erased:
        assert BOB.email not in str(rows(database, subscribers.c.email, suppressions.c.address_key))


@pytest.mark.parametrize("slices", [0, 1])
@pytest.mark.parametrize("act", ACTS)
def test_whatever_happens_between_two_slices_of_an_undoing_what_is_over_stays_over(
    database: Database, tmp_path: Path, act: Callable[[Connection], None], slices: int
) -> None:
    with database.transaction() as connection:
        more: dict[str, Any] = {"actor": Actor.OPERATOR, "hashes": ["none"], "now": NOW - timedelta(days=1)}
        for name in ("lady", "bob"):
            book.subscribe(connection, parse(f"{name}@example.org"), NEWS, source="a form", **more)
    lines = "".join(f"{name}@example.org,unsubscribed,beta\n" for name in ("ada", "bob", "cy"))
    found = load(database, tmp_path, f"email,status,tags\n{lines}")
    undoing, after = begin_undoing(database, found), 0
    for number in range(2):
        if number == slices:
            with database.transaction() as connection:
                act(connection)
        with database.transaction() as connection:
            after = undoing.undo(connection, after, 1, LATER).after
    take_back(database, found)
    # A departure that the import had told of when they were made one counts for both, and a merge is not taken back.
    ended = act is _is_merged and slices == 0
    assert mailed(database) == (set[str]() if ended else {"lady"}) | ({"new"} if act is _moves else set[str]())
    assert rows(database, subscriber_tags.c.tag, *(table.c.import_id for table in JOURNAL)) == [[], [], [], []]


def test_an_import_that_is_taken_back_while_it_is_applied_stops_and_leaves_nothing(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email,tags\n" + "".join(f"p{number}@example.org,beta\n" for number in range(9)))
    with database.connected() as connection:
        with viewing(connection):
            intake, found = opened(connection, path)
        with writing(connection):
            row = intake.begin(found.digest, found.names, NOW)
        with writing(connection):
            row = intake.apply(row, 3, NOW)
        undoing = begin_undoing(database, row.id)
        with database.transaction() as other:
            after = undoing.undo(other, 0, 2, LATER).after
        with pytest.raises(ImportStopped, match="by another process"), writing(connection):
            intake.apply(row, 3, NOW)
        # The same command again is an import of its own, and stands when the first one has gone altogether.
        with viewing(connection):
            intake, found = opened(connection, path)
        with writing(connection):
            second = intake.begin(found.digest, found.names, LATER)
            intake.apply(second, 9, LATER)
    with database.transaction() as other:
        while not (done := undoing.undo(other, after, 2, LATER)).ended:
            after = done.after
    assert second.id != row.id
    assert len(mailed(database)) == 8  # the second one said nothing of the one whom the first had still subscribed
    take_back(database, second.id)
    keys = [table.c[table.primary_key.columns.keys()[0]] for table in EVERYTHING]
    assert rows(database, *keys) == [[]] * len(EVERYTHING)


def test_a_file_that_was_mended_before_its_import_was_ended_is_an_import_of_its_own_and_both_can_be_taken_back(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    lines = [f"p{number}@example.org,subscribed\n" for number in range(6)]
    path.write_text("email,status\n" + "".join(lines))
    with database.connected() as connection:
        with viewing(connection):
            intake, found = opened(connection, path)
        with writing(connection):
            first = intake.begin(found.digest, found.names, NOW)
        with writing(connection):
            intake.apply(first, 3, NOW)
    lines[1] = "p1@example.org,unsubscribed\n"
    second = load(database, tmp_path, "email,status\n" + "".join(lines))
    assert second != first.id
    assert mailed(database) == {"p0", "p2", "p3", "p4", "p5"}
    take_back(database, first.id)
    assert mailed(database) == {"p3", "p4", "p5"}
    take_back(database, second)
    keys = [table.c[table.primary_key.columns.keys()[0]] for table in EVERYTHING]
    assert rows(database, *keys) == [[]] * len(EVERYTHING)
