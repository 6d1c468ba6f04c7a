"""A reader has another address now: no old file enters the one that they left, and what they have is theirs."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import select, text

from mailer.cli.applying import take_back
from subscribers.imports.at_once import import_file
from subscribers.people import people
from subscribers.tables import subscribers, suppressions

from .conftest import SLUG, Opening, Web
from .joining import ask
from .joining import link as confirming
from .readers import OTHER, actions, attend, letters, moving, page, post, two_newsletters

NEW = "ada@new.example.org"


@pytest.fixture
def web(open_web: Opening, tmp_path: Path) -> Web:
    return two_newsletters(open_web, tmp_path)


def _import(web: Web, folder: Path, email: str = "ada@example.org", status: str = "subscribed") -> int:
    path = folder / "old.csv"
    path.write_text(f"email,status\n{email},{status}\n")
    with web.workspace.transaction() as connection:
        hasher = web.workspace.erasure_hashes
        found = import_file(connection, path, SLUG, consent_source="paper", hasher=hasher, now=web.clock())
    assert found.import_id is not None
    web.clock.later(minutes=1)
    return found.import_id


def _standing(web: Web) -> Mapping[str, tuple[str | None, str | None]]:
    with web.workspace.reading() as connection:
        return {person.email: (person.status, person.suppressed) for person in people(connection, SLUG)}


def _move(web: Web, number: int, email: str = NEW) -> None:
    web.client.post(moving(web, number, email))
    web.clock.later(days=2)


def test_an_old_file_does_not_bring_a_second_letter_to_the_address_that_somebody_left(web: Web, tmp_path: Path) -> None:
    _move(web, web.person())
    _import(web, tmp_path)
    assert _standing(web) == {NEW: ("subscribed", None)}


def test_whoever_left_after_they_moved_is_not_brought_back_by_an_old_file(web: Web, tmp_path: Path) -> None:
    number = web.person()
    _move(web, number)
    web.client.post(web.link(number))
    _import(web, tmp_path)
    assert _standing(web) == {NEW: ("unsubscribed", None)}


def test_whoever_is_erased_after_they_moved_is_not_brought_back_by_an_old_file(web: Web, tmp_path: Path) -> None:
    number = web.person()
    _move(web, number)
    _move(web, number, "ada@newest.example.org")
    assert post(web, number, "data").json()["former_addresses"] == ["ada@example.org", NEW]
    post(web, number, "erase-now")
    for email in ("ada@example.org", NEW, "ada@newest.example.org"):
        _import(web, tmp_path, email)
    assert _standing(web) == {}
    with web.workspace.reading() as connection:
        kept = " ".join(connection.execute(select(suppressions.c.address_key)).scalars())
        assert (kept.count("erased:"), "@" in kept) == (3, False)
        assert connection.execute(text("SELECT count(*) FROM merged_subscriber")).scalar_one() == 0


def test_whoever_moves_back_gets_their_letters_there_again(web: Web, tmp_path: Path) -> None:
    number = web.person()
    _move(web, number)
    _move(web, number, "ada@example.org")
    assert _standing(web) == {"ada@example.org": ("subscribed", None)}
    _import(web, tmp_path, NEW)
    assert _standing(web) == {"ada@example.org": ("subscribed", None)}
    assert post(web, number, "data").json()["former_addresses"] == [NEW]


def test_the_address_that_somebody_left_can_be_subscribed_again_by_its_owner_and_is_then_their_own(web: Web) -> None:
    number = web.person()
    _move(web, number)
    ask(web)
    attend(web)
    web.client.post(confirming(letters(web)[-1]))
    assert _standing(web) == {NEW: ("subscribed", None), "ada@example.org": ("subscribed", None)}
    post(web, number, "erase-now")
    assert _standing(web) == {"ada@example.org": ("subscribed", None)}


def test_a_number_is_not_given_twice_because_somebody_moved(web: Web) -> None:
    _move(web, web.person())
    bob = web.person("bob@example.org")
    with web.workspace.reading() as connection:
        assert (
            connection.execute(
                text("SELECT count(*) FROM merged_subscriber WHERE subscriber_id = :id"), {"id": bob}
            ).scalar_one()
            == 0
        )
        assert (
            connection.execute(select(subscribers.c.email).where(subscribers.c.id == bob)).scalar_one()
            == "bob@example.org"
        )


def test_whoever_moved_after_an_import_brought_them_keeps_their_letters_when_it_is_taken_back(
    web: Web, tmp_path: Path
) -> None:
    imported = _import(web, tmp_path)
    with web.workspace.reading() as connection:
        number = connection.execute(select(subscribers.c.id)).scalar_one()
    _move(web, number)
    take_back(web.workspace, imported)
    assert _standing(web) == {NEW: ("subscribed", None)}
    assert actions(web, number) == ["attested", "moved", "confirmed"]


def test_whoever_moves_where_a_file_said_that_nothing_is_wanted_gets_their_letters_there(
    web: Web, tmp_path: Path
) -> None:
    imported = _import(web, tmp_path, NEW, "left-all")
    _move(web, web.person())
    assert _standing(web) == {NEW: ("subscribed", None)}
    take_back(web.workspace, imported)
    assert _standing(web) == {NEW: ("subscribed", None)}


def test_to_move_to_an_address_that_is_here_brings_nobody_back_by_a_file_either(web: Web, tmp_path: Path) -> None:
    number, there = web.person(), web.person(NEW, OTHER)
    _move(web, number)
    web.client.post(web.link(there))
    _import(web, tmp_path)
    assert _standing(web) == {"ada@example.org": ("unsubscribed", None), NEW: ("unsubscribed", None)}
    assert page(web, number) != page(web, there)
