"""Preferences: what a reader sees and changes behind the link of a letter, and what stays as it was."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from .conftest import SLUG, Opening, Web, guarded, write_newsletter
from .readers import OTHER, actions, page, post, row, two_newsletters


@pytest.fixture
def web(open_web: Opening, tmp_path: Path) -> Web:
    return two_newsletters(open_web, tmp_path)


def test_the_page_shows_what_is_so(web: Web) -> None:
    answer = web.client.get(page(web, web.person()))
    assert (answer.status_code, guarded(answer)) == (200, True)
    assert re.findall(r'name="get-([\w-]+)" value="1"( checked)?', answer.text) == [(SLUG, " checked"), (OTHER, "")]
    assert ("ada@example.org" in answer.text, "Your city" in answer.text, "plan" in answer.text) == (True, True, False)


def test_a_reader_takes_another_newsletter_and_leaves_this_one(web: Web) -> None:
    number = web.person()
    answer = post(web, number, "save", **{f"was-{SLUG}": "1", f"get-{OTHER}": "1", "name": "Ada"})
    assert (answer.status_code, "Saved." in answer.text) == (200, True)
    assert (web.status(number), web.status(number, OTHER)) == ("unsubscribed", "subscribed")
    assert actions(web, number) == ["attested", "left", "requested", "confirmed"]


@pytest.mark.parametrize("keys", [{"archive": "unlisted"}, {"publisher": "Another House"}])
def test_what_is_not_for_everyone_to_find_is_offered_to_nobody_but_who_gets_it(web: Web, keys: dict[str, str]) -> None:
    write_newsletter(web.workspace.root, OTHER, **keys)
    ada, eve = web.person(), web.person("eve@example.org")
    web.person("eve@example.org", OTHER)
    assert "Other News" not in web.client.get(page(web, ada)).text
    post(web, ada, "save", **{f"get-{OTHER}": "1", f"was-{SLUG}": "1", f"get-{SLUG}": "1"})
    assert (web.status(ada), web.status(ada, OTHER)) == ("subscribed", None)
    assert "Other News" in web.client.get(page(web, eve)).text
    post(web, eve, "save", **{f"was-{OTHER}": "1", f"was-{SLUG}": "1", f"get-{SLUG}": "1"})
    assert (web.status(eve), web.status(eve, OTHER)) == ("subscribed", "unsubscribed")


def test_whoever_asks_for_too_many_new_addresses_is_told_when_to_come_back(web: Web) -> None:
    ada = web.person()
    answers = [post(web, ada, "move", email=f"p{number}@example.org") for number in range(21)]
    assert [(each.status_code, each.headers.get("retry-after")) for each in answers[19:]] == [
        (200, None),
        (429, "3600"),
    ]


def test_a_name_and_the_fields_that_may_be_changed_are_changed(web: Web) -> None:
    number = web.person()
    given = {f"was-{SLUG}": "1", f"get-{SLUG}": "1"}
    post(web, number, "save", **given, **{"name": " Ada  Lovelace ", "field-city": "London", "field-plan": "gold"})
    assert row(web, number) == ("ada@example.org", "Ada Lovelace", {"city": "London"})
    post(web, number, "save", **given, **{"name": "", "field-city": ""})
    assert (row(web, number), web.status(number)) == (("ada@example.org", "", {}), "subscribed")


def test_an_old_page_that_is_still_open_brings_nobody_back(web: Web) -> None:
    number = web.person()
    web.client.post(web.link(number))
    post(web, number, "save", **{f"was-{SLUG}": "1", f"get-{SLUG}": "1", "name": "Ada"})
    assert (web.status(number), row(web, number)[1]) == ("unsubscribed", "Ada")


NAUGHTY = ["<script>alert(1)</script>", "{{7*7}}", "' OR 1=1 --", "Ω≈ç√∫", "\u202eabc", "Bcc: x@example.org"]


@pytest.mark.parametrize("name", NAUGHTY)
def test_naughty_names_are_shown_as_words(web: Web, name: str) -> None:
    number = web.person()
    answer = post(web, number, "save", name=name)
    assert (answer.status_code, "<script" in answer.text) == (200, False)


@pytest.mark.parametrize("name", ["x" * 201, "a\x00b"])
def test_a_name_that_cannot_be_kept_says_why_and_changes_nothing(web: Web, name: str) -> None:
    number = web.person()
    answer = post(web, number, "save", name=name, **{f"was-{SLUG}": "1"})
    assert (answer.status_code, "This cannot be kept" in answer.text, web.status(number)) == (400, True, "subscribed")


def test_a_newsletter_that_is_not_here_cannot_be_taken(web: Web) -> None:
    number = web.person()
    post(web, number, "save", name="", **{"get-secret": "1", f"was-{SLUG}": "1", f"get-{SLUG}": "1"})
    assert web.status(number, "secret") is None


CHANGES: list[Callable[[Web, int], httpx.Response]] = [
    lambda web, number: web.client.get(page(web, number), params={"action": "erase-now"}),
    lambda web, number: web.client.head(page(web, number)),
    lambda web, number: post(web, number, "nonsense"),
    lambda web, number: post(web, number, "erase"),
    lambda web, number: web.client.post(page(web, number)),
]


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_changes_without_its_button(web: Web, change: Callable[[Web, int], httpx.Response]) -> None:
    number = web.person()
    before = web.contents()
    assert (change(web, number).status_code, web.contents() == before) == (200, True)


def test_a_forged_link_shows_nobody(web: Web) -> None:
    url = page(web, web.person())
    for index in range(1, 25):
        position = len(url) - index
        forged = url[:position] + ("A" if url[position] != "A" else "B") + url[position + 1 :]
        assert web.client.get(forged).status_code == 404
