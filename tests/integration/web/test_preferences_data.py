"""A reader's own data, leaving everything, and erasure."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from mailer.ledger.notices import Kind, NewNotice, add
from subscribers.address import parse
from subscribers.merging import merge

from .conftest import SLUG, Opening, Web
from .readers import OTHER, moving, page, post, row, two_newsletters


@pytest.fixture
def web(open_web: Opening, tmp_path: Path) -> Web:
    return two_newsletters(open_web, tmp_path)


def test_a_reader_downloads_what_is_kept_of_them_and_of_nobody_else(web: Web) -> None:
    number = web.person()
    web.person("eve@example.org")
    answer = post(web, number, "data")
    found: dict[str, Any] = answer.json()
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert (found["email"], found["subscriptions"][0]["status"], "eve" in answer.text) == (
        "ada@example.org",
        "subscribed",
        False,
    )
    assert found["consent"][0]["source"] == "a paper form"
    assert "my-data" not in web.client.get(page(web, number)).headers.get("content-disposition", "")


def test_a_notice_is_theirs_however_its_address_was_written(web: Web) -> None:
    number = web.person()
    now = web.clock()
    with web.workspace.transaction() as connection:
        asked = [
            NewNotice(1, Kind.CONFIRM, SLUG, "ADA@example.org", now),
            NewNotice(2, Kind.CONFIRM, SLUG, "eve@x.org", now),
        ]
        add(connection, asked, now)
    found: dict[str, Any] = post(web, number, "data").json()
    assert [(notice["kind"], notice["email"]) for notice in found["notices"]] == [("confirm", "ADA@example.org")]


def test_leaving_all_ends_everything(web: Web) -> None:
    number = web.person()
    web.person(newsletter=OTHER)
    answer = post(web, number, "leave-all")
    assert "You have left all newsletters" in answer.text
    assert (web.status(number), web.status(number, OTHER)) == ("unsubscribed", "unsubscribed")


def test_whoever_left_all_takes_a_newsletter_again_and_gets_it(web: Web) -> None:
    number = web.person()
    post(web, number, "leave-all")
    post(web, number, "save", name="", **{f"get-{SLUG}": "1"})
    with web.workspace.reading() as connection:
        left = connection.execute(text("SELECT count(*) FROM suppression")).scalar_one()
    assert (web.status(number), left) == ("subscribed", 0)


def test_erasure_is_asked_for_twice_and_leaves_no_trace(web: Web) -> None:
    number = web.person()
    moving(web, number, "ada@new.example.org")
    assert "Erase everything about you?" in post(web, number, "erase").text
    assert row(web, number)[0] == "ada@example.org"
    answer = post(web, number, "erase-now")
    assert "We keep nothing about you" in answer.text
    with web.workspace.reading() as connection:
        tables = ("subscriber", "subscription", "consent_event", "consent_request", "notice")
        rows = {each: connection.execute(text(f"SELECT count(*) FROM {each}")).scalar_one() for each in tables}  # noqa: S608  # names of ours
        keys = list(connection.execute(text("SELECT address_key FROM suppression")).scalars())
    assert {name: count for name, count in rows.items() if count} == {}
    assert [key.startswith("erased:") for key in keys] == [True]
    assert web.client.get(page(web, number)).status_code == 200


def test_whoever_was_merged_into_a_reader_is_erased_with_them(web: Web) -> None:
    number, other = web.person(), web.person("old@example.org")
    with web.workspace.transaction() as connection:
        merge(connection, parse("ada@example.org"), parse("old@example.org"), now=web.clock())
    assert web.client.get(page(web, other)).status_code == 200  # the link of an old letter is theirs
    post(web, number, "erase-now")
    with web.workspace.reading() as connection:
        keys = list(connection.execute(text("SELECT address_key FROM suppression")).scalars())
    assert [key.startswith("erased:") for key in keys] == [True, True]
