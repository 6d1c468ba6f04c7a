"""Somebody asks by the form while an import that names them is taken back: their letter's link works all the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from mailer.cli.applying import take_back
from mailer.consent.inviting import invite
from mailer.wiring.notices import Notices
from subscribers import suppressing
from subscribers.address import parse
from subscribers.imports.at_once import import_file

from .conftest import KEY, SLUG, Opening, Web
from .joining import ask, attend, consents, joined, letters, link, status

ADA = "ada@example.org"


@pytest.fixture
def web(open_web: Opening, tmp_path: Any) -> Web:
    """The web side, whose notices go to an outbox of its own; nothing runs beside it."""
    return open_web(outbox=str(tmp_path / "outbox"))


def _imported(web: Web, folder: Path, *, source: str = "", confirm: bool = False, email: str = ADA) -> int:
    path = folder / "people.csv"
    path.write_text(f"email\n{email}\n")
    with web.workspace.transaction() as connection:
        hasher = web.workspace.erasure_hashes
        found = import_file(connection, path, SLUG, consent_source=source, hasher=hasher, now=web.clock())
        assert found.import_id is not None
        if confirm:
            people = [
                (row[0], row[1])
                for row in connection.execute(
                    text("SELECT id, email FROM subscriber WHERE email_key = :key"), {"key": email}
                )
            ]
            invite(
                connection,
                SLUG,
                people,
                import_id=found.import_id,
                key=KEY.encode(),
                draw=web.workspace.number,
                now=web.clock(),
            )
    web.clock.later(minutes=1)
    return found.import_id


def _everything(web: Web) -> dict[str, int]:
    tables = ("subscriber", "subscription", "consent_event", "consent_request", "import_change")
    with web.workspace.reading() as connection:
        return {each: connection.execute(text(f"SELECT count(*) FROM {each}")).scalar_one() for each in tables}  # noqa: S608  # names of ours


@pytest.mark.parametrize("source", ["", "a paper form"])
def test_whose_letter_was_out_when_the_import_went_is_subscribed_by_its_link(
    web: Web, tmp_path: Path, source: str
) -> None:
    number = _imported(web, tmp_path, source=source)
    confirm = joined(web)
    take_back(web.workspace, number)
    assert status(web) is None
    web.clock.later(minutes=1)
    assert [web.client.get(confirm).status_code, web.client.post(confirm).status_code] == [200, 200]
    assert status(web) == "subscribed"
    action, said_by, evidence = consents(web)[-1]
    assert (action, said_by) == ("confirmed", "subscribe form")
    assert {"ip", "notice", "requested_at"} <= set(evidence)
    asked = [each for each in consents(web) if each[0] == "requested"][-1]
    assert "text" in asked[2], "what they were told when they asked"
    # Pressed again it brings nobody back who left since.
    with web.workspace.transaction() as connection:
        suppressing.leave_all(connection, parse(ADA), source="", now=web.clock())
    assert web.client.post(confirm).status_code == 410


def test_whoever_asked_before_and_is_decided_upon_after_it_is_subscribed_by_the_link(web: Web, tmp_path: Path) -> None:
    number = _imported(web, tmp_path)
    ask(web)
    take_back(web.workspace, number)
    attend(web)
    web.client.post(link(letters(web)[-1]))
    assert status(web) == "subscribed"


def test_whoever_is_erased_meanwhile_is_not_entered_by_an_old_link(web: Web, tmp_path: Path) -> None:
    number = _imported(web, tmp_path, source="a paper form")
    confirm = joined(web)
    take_back(web.workspace, number)
    with web.workspace.transaction() as connection:
        suppressing.erase(connection, parse(ADA), hashes=web.workspace.erasure_hashes(ADA), now=web.clock())
    assert web.client.post(confirm).status_code == 410
    assert status(web) is None


def test_whoever_asked_and_never_confirmed_is_forgotten_although_an_import_that_named_them_is_gone(
    web: Web, tmp_path: Path
) -> None:
    number = _imported(web, tmp_path)
    joined(web)
    take_back(web.workspace, number)
    web.clock.later(days=40)
    Notices(web.workspace).attendance(stopped=lambda: False).clean()
    assert set(_everything(web).values()) == {0}


def test_whom_an_import_or_an_operator_entered_is_not_forgotten_because_somebody_typed_their_address(
    web: Web, tmp_path: Path
) -> None:
    _imported(web, tmp_path)
    web.person("bob@example.org", consent="")
    web.clock.later(minutes=1)
    for email in (ADA, "bob@example.org"):
        joined(web, email)
    web.clock.later(days=40)
    Notices(web.workspace).attendance(stopped=lambda: False).clean()
    assert [status(web, email) for email in (ADA, "bob@example.org")] == ["unconfirmed"] * 2
    assert consents(web) == []


# --- whom the import asked -------------------------------------------------------------------------------------------


def test_whoever_asked_by_themselves_after_the_import_had_asked_them_keeps_its_letter(web: Web, tmp_path: Path) -> None:
    number = _imported(web, tmp_path, confirm=True)
    attend(web)
    ask(web)  # they are told to look into their mailbox, where the import's letter lies
    attend(web)
    take_back(web.workspace, number)
    web.clock.later(minutes=1)
    assert web.client.post(link(letters(web)[-1])).status_code == 200
    assert status(web) == "subscribed"
    assert [(action, by) for action, by, _ in consents(web)] == [("confirmed", f"import {number}")]


def test_whoever_did_not_ask_is_not_subscribed_by_the_letter_of_an_import_that_is_gone(
    web: Web, tmp_path: Path
) -> None:
    number = _imported(web, tmp_path, confirm=True)
    attend(web)
    take_back(web.workspace, number)
    assert web.client.post(link(letters(web)[-1])).status_code == 410
    assert set(_everything(web).values()) == {0}


def test_a_letter_of_an_import_that_stands_subscribes_whom_another_one_took_along(web: Web, tmp_path: Path) -> None:
    first = _imported(web, tmp_path)
    second = _imported(web, tmp_path, confirm=True)
    attend(web)
    take_back(web.workspace, first)
    assert web.client.post(link(letters(web)[-1])).status_code == 200
    assert status(web) == "subscribed"
    proof = consents(web)
    assert [(action, by) for action, by, _ in proof] == [("confirmed", f"import {second}")]
    assert "ip" in json.dumps(proof[0][2])
    take_back(web.workspace, second)
    assert status(web) == "subscribed"


def test_consent_from_a_file_does_not_take_the_persons_own_away_who_was_just_asked(web: Web, tmp_path: Path) -> None:
    confirm = joined(web)
    number = _imported(web, tmp_path, source="a paper form")
    assert status(web) == "subscribed"
    take_back(web.workspace, number)
    assert status(web) == "unconfirmed"
    number = _imported(web, tmp_path, source="a paper form")
    assert web.client.post(confirm).status_code == 200
    take_back(web.workspace, number)
    assert status(web) == "subscribed"


def test_whose_request_ended_while_an_import_had_subscribed_them_is_forgotten_when_that_is_gone(
    web: Web, tmp_path: Path
) -> None:
    joined(web)
    number = _imported(web, tmp_path, source="a paper form")
    web.clock.later(days=8)
    cleaning = Notices(web.workspace).attendance(stopped=lambda: False)
    cleaning.clean()
    assert status(web) == "subscribed"
    take_back(web.workspace, number)
    cleaning.clean()
    left = _everything(web)
    assert (left["subscriber"], left["subscription"], left["consent_event"]) == (0, 0, 0)
