"""Imports that name the same people are taken back in any order: nobody comes back of whom one that stands says that they left."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.exports import as_csv
from subscribers.imports import records
from subscribers.lifecycle import Actor, SuppressionReason
from subscribers.many import tag_slice
from subscribers.merging import merge
from subscribers.people import people
from subscribers.records import field_names
from subscribers.records import records as exported
from subscribers.tables import consent_events, subscribers, suppressions

from .import_desk import BOOK, ENDED, JOURNAL, NEWS, Desk, row
from .test_imports import opened


def test_whom_a_later_import_ended_stays_gone_when_the_one_that_brought_them_is_taken_back(desk: Desk) -> None:
    nothing = desk.everything()
    first = desk.load([row("ada")])
    second = desk.load([row("ada", "unsubscribed")])
    desk.undo(first)
    assert desk.standings() == {"ada": "unsubscribed"}
    desk.undo(second)
    assert desk.standings() == {}
    assert desk.everything() == nothing


@pytest.mark.parametrize("status", ENDED)
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
def test_whoever_is_said_three_times_to_have_left_comes_back_with_the_last_of_them(
    desk: Desk, status: str, order: Sequence[int]
) -> None:
    desk.enter("ada")
    before = desk.everything()
    imports = [desk.load([row("ada", status, date="2020-01-02")]) for _ in range(3)]
    for number in order:
        assert desk.mailed() == set()
        desk.undo(imports[number])
    assert desk.mailed() == {"ada"}
    assert desk.everything() == before


@pytest.mark.parametrize("first", [0, 1])
def test_an_address_that_two_files_call_bounced_is_suppressed_until_both_are_taken_back(desk: Desk, first: int) -> None:
    imports = [desk.load([row("ada", "bounced")]) for _ in range(2)]
    desk.undo(imports[first])
    assert desk.connection.execute(select(suppressions.c.reason)).scalars().all() == ["bounced"]
    desk.undo(imports[1 - first])
    assert desk.everything((suppressions, *JOURNAL)) == [[], [], [], []]


def test_a_suppressed_address_that_a_file_says_to_have_left_is_remembered_to_have_left(desk: Desk) -> None:
    bounced = desk.load([row("ada", "bounced")])
    desk.load([row("ada", "unsubscribed")])
    desk.undo(bounced)
    desk.load([row("ada")])
    assert desk.standings() == {"ada": "unsubscribed"}


def test_a_graver_word_of_a_later_import_holds_what_an_earlier_one_ended(desk: Desk) -> None:
    desk.enter("ada")
    left = desk.load([row("ada", "unsubscribed")])
    complained = desk.load([row("ada", "complained")])
    desk.undo(left)
    suppressing.lift(desk.connection, "ada@example.org", SuppressionReason.COMPLAINED, note="asked", now=desk.now())
    assert desk.standings() == {"ada": "unsubscribed"}
    desk.undo(complained)
    assert desk.standings() == {"ada": "subscribed"}


def test_names_fields_and_tags_go_with_the_import_that_gave_them(desk: Desk) -> None:
    desk.enter("ada")
    before = desk.everything()
    first = desk.load([row("ada", name="Ada", tags="beta")])
    second = desk.load([row("ada", name="Adele", tags="beta;vip", city="Ulm")])
    assert desk.standings() == {"ada": "subscribed Ada #beta #vip city=Ulm"}
    desk.undo(first)
    assert desk.standings() == {"ada": "subscribed #vip city=Ulm"}
    desk.undo(second)
    assert desk.everything() == before


def test_a_field_that_somebody_wrote_since_stays_and_the_others_go(desk: Desk) -> None:
    number = desk.enter("ada")
    found = desk.load([row("ada", name="Ada", city="Ulm")])
    more: dict[str, Any] = {"actor": Actor.OPERATOR, "source": "", "hashes": [], "fields": {"plan": "pro"}}
    assert (
        book.subscribe(desk.connection, parse("ada@example.org"), NEWS, **more, now=desk.now()).subscriber_id == number
    )
    desk.undo(found)
    assert desk.standings() == {"ada": "subscribed plan=pro"}


def test_a_proof_that_an_export_brought_along_is_no_proof_of_the_import_whose_number_it_bears(desk: Desk) -> None:
    desk.load([row("bob")])
    desk.load([row("ada")])
    export = "".join(as_csv(exported(desk.connection, NEWS), field_names(desk.connection, NEWS)))
    for table in (*BOOK, *JOURNAL):
        desk.connection.execute(table.delete())
    desk.connection.execute(records.imports.delete())
    desk.load_text(export)
    before = desk.everything()
    # Of this book it is the second import too, and it ends what the other book's second import had begun.
    desk.undo(desk.load([row("ada", "unsubscribed")]))
    assert desk.everything() == before


@pytest.mark.parametrize("status", ["unsubscribed", "complained"])
def test_an_import_that_paused_comes_behind_those_that_ran_meanwhile(desk: Desk, status: str) -> None:
    """Imports are taken back by what they did last, not by their numbers."""
    desk.enter("ada")
    path = desk.folder / "paused.csv"
    path.write_text(f"email,status\nada@example.org,{status}\n")
    intake, found = opened(desk.connection, path)
    intake.begin(found.digest, found.names, desk.now())
    other = desk.load([row("ada", status)])
    intake, found = opened(desk.connection, path)  # what was staged lives as long as its process
    paused = intake.begin(found.digest, found.names, desk.now())
    intake.apply(paused, 10, desk.now())
    desk.undo(other)
    assert desk.mailed() == set()
    desk.undo(paused.id)
    assert desk.mailed() == {"ada"}


def test_what_one_of_two_who_are_merged_did_themselves_outlives_what_an_import_said_of_the_other(desk: Desk) -> None:
    desk.enter("ada")
    other = desk.enter("lady")
    found = desk.load([row("ada", "unsubscribed")])
    book.unsubscribe(desk.connection, other, NEWS, source="link", now=desk.now())
    merge(desk.connection, parse("ada@example.org"), parse("lady@example.org"), now=desk.now())
    desk.undo(found)
    assert desk.standings() == {"ada": "unsubscribed"}


def test_the_address_that_went_in_a_merge_stays_away_although_an_import_said_so_before(desk: Desk) -> None:
    for name in ("ada", "lady"):
        desk.enter(name)
    found = desk.load([("lady@example.org", "blocklisted", "", "", "", "")])
    merge(desk.connection, parse("ada@example.org"), parse("lady@example.org"), now=desk.now())
    desk.undo(found)
    desk.load([row("lady")])
    assert desk.standings() == {"ada": "subscribed operator"}


def test_a_tag_that_somebody_put_on_again_or_took_off_is_no_imports_any_more(desk: Desk) -> None:
    numbers = {name: desk.enter(name) for name in ("ada", "bob")}
    found = desk.load([row("ada", tags="beta"), row("bob", tags="beta")])
    book.tag(desk.connection, numbers["ada"], ["beta"])
    book.untag(desk.connection, numbers["bob"], ["beta"])
    tag_slice(desk.connection, NEWS, subscribers.c.id == numbers["bob"], after=0, add=["beta"], remove=[])
    desk.undo(found)
    assert desk.standings() == {"ada": "subscribed #beta", "bob": "subscribed #beta"}


def test_whoever_confirmed_what_an_import_said_already_stays_when_it_is_taken_back(desk: Desk) -> None:
    found = desk.load([row("ada")])
    number = next(person.id for person in people(desk.connection, NEWS))
    assert book.confirm(desk.connection, number, NEWS, source="a letter", now=desk.now())
    assert not book.confirm(desk.connection, number, NEWS, source="a letter", now=desk.now())
    desk.undo(found)
    assert desk.mailed() == {"ada"}
    events = desk.connection.execute(select(consent_events.c.action).order_by(consent_events.c.id)).scalars().all()
    assert events == ["attested", "confirmed"]


def test_a_tag_that_a_merge_brought_is_no_imports_any_more(desk: Desk) -> None:
    desk.enter("ada")
    book.tag(desk.connection, desk.enter("lady"), ["vip"])
    found = desk.load([row("ada", tags="vip")])
    merge(desk.connection, parse("ada@example.org"), parse("lady@example.org"), now=desk.now())
    desk.undo(found)
    assert desk.standings() == {"ada": "subscribed #vip"}


def test_a_suppression_that_was_lifted_is_no_imports_any_more(desk: Desk) -> None:
    first = desk.load([row("ada", "bounced")])
    suppressing.lift(desk.connection, "ada@example.org", SuppressionReason.BOUNCED, note="asked", now=desk.now())
    second = desk.load([row("ada", "bounced")])
    desk.undo(second)
    assert desk.everything((suppressions,)) == [[]]
    desk.undo(first)
    assert desk.everything((suppressions, *JOURNAL)) == [[], [], [], []]
