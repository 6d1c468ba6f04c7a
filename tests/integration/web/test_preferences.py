"""Preferences: what a reader sees and changes behind the link of a letter, and what stays as it was."""

import json
import re
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from email.policy import default as modern
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from mailer.wiring.notices import Notices
from subscribers.address import parse
from subscribers.lifecycle import SuppressionReason
from subscribers.merging import merge
from subscribers.suppressing import suppress

from .conftest import SLUG, Opening, Web, guarded, write_newsletter

OTHER = "other-news"


@pytest.fixture
def web(open_web: Opening, tmp_path: Path) -> Web:
    """Two newsletters; notices go to an outbox."""
    web = open_web(outbox=str(tmp_path / "outbox"))
    issues = web.workspace.root / "issues"
    copytree(issues / SLUG, issues / OTHER)
    write_newsletter(web.workspace.root, OTHER, title="Other News")
    write_newsletter(web.workspace.root, fields="[city, plan]", editable="{city: Your city}")
    return web


def page(web: Web, number: int) -> str:
    return web.workspace.links.preferences_url(SLUG, number)


def post(web: Web, number: int, action: str, **fields: str) -> httpx.Response:
    return web.client.post(page(web, number), data={"action": action, **fields})


def attend(web: Web) -> None:
    Notices(web.workspace).attendance(stopped=lambda: False).once()


def letters(web: Web) -> list[Message]:
    found = sorted(web.workspace.settings.outbox.glob("notice/*.eml"), key=lambda path: path.stat().st_mtime_ns)
    return [message_from_bytes(path.read_bytes(), policy=modern) for path in found]


def link(letter: Message) -> str:
    part = letter.get_payload(0)
    assert isinstance(part, Message)
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return re.findall(r"<(https://[^>]+)>", content.decode().replace("\r\n", ""))[0]


def row(web: Web, number: int) -> tuple[str, str, dict[str, str]]:
    with web.workspace.reading() as connection:
        found = connection.execute(
            text("SELECT email, name, fields FROM subscriber WHERE id = :id"), {"id": number}
        ).one()
    return found[0], found[1], json.loads(found[2]) if isinstance(found[2], str) else found[2]


def actions(web: Web, number: int) -> list[str]:
    with web.workspace.reading() as connection:
        rows = connection.execute(
            text("SELECT action FROM consent_event WHERE subscriber_id = :id ORDER BY id"), {"id": number}
        )
        return list(rows.scalars())


# --- newsletters, name, fields --------------------------------------------------------------------------------------


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


# --- another address ------------------------------------------------------------------------------------------------


def moving(web: Web, number: int, email: str) -> str:
    post(web, number, "move", email=email)
    attend(web)
    return link(letters(web)[-1])


def test_a_new_address_is_confirmed_there_and_told_to_the_old_one(web: Web) -> None:
    number = web.person()
    url = moving(web, number, "ada@new.example.org")
    web.client.get(url)
    assert row(web, number)[0] == "ada@example.org"
    assert web.client.post(url).status_code == 200
    attend(web)
    assert (row(web, number)[0], web.status(number)) == ("ada@new.example.org", "subscribed")
    assert [(str(letter["To"]), str(letter["Subject"])) for letter in letters(web)] == [
        ("ada@new.example.org", "Please confirm your new address for My News"),
        ("ada@example.org", "Your address for My News was changed"),
    ]
    assert actions(web, number) == ["attested", "moved"]
    assert web.client.post(url).status_code == 200
    attend(web)
    assert len(letters(web)) == 2


def test_an_address_that_is_here_already_takes_the_subscriptions_over(web: Web) -> None:
    number, there = web.person(), web.person("new@example.org", OTHER)
    web.client.post(moving(web, number, "new@example.org"))
    assert (row(web, number)[0], row(web, there)[0]) == ("ada@example.org", "new@example.org")
    assert (web.status(number), web.status(there), web.status(there, OTHER)) == (
        "unsubscribed",
        "subscribed",
        "subscribed",
    )


def test_the_page_says_the_same_whoever_has_the_new_address(web: Web) -> None:
    number = web.person()
    web.person("known@example.org")
    _suppress(web, "gone@example.org", SuppressionReason.BOUNCED)
    emails = ("known@example.org", "gone@example.org", "nobody@example.org")
    answers = {post(web, number, "move", email=email).content for email in emails}
    attend(web)
    assert (len(answers), {str(letter["To"]) for letter in letters(web)}) == (
        1,
        {"known@example.org", "nobody@example.org"},
    )


def test_a_complaint_goes_with_the_person(web: Web) -> None:
    number = web.person()
    _suppress(web, "ada@example.org", SuppressionReason.COMPLAINED)
    web.client.post(moving(web, number, "ada@new.example.org"))
    with web.workspace.reading() as connection:
        rows = connection.execute(text("SELECT address_key, reason FROM suppression ORDER BY 1")).all()
    assert [tuple(each) for each in rows] == [("ada@example.org", "complained"), ("ada@new.example.org", "complained")]


def test_tokens_of_other_purposes_open_nothing(web: Web) -> None:
    number = web.person()
    url = moving(web, number, "ada@new.example.org")
    token = url.rsplit("/", 1)[1]
    mine = page(web, number).rsplit("/", 1)[1]
    paths = [f"/c/{SLUG}/{token}", f"/p/{SLUG}/{token}", f"/u/{SLUG}/{mine}", f"/m/{SLUG}/{mine}", f"/p/{OTHER}/{mine}"]
    assert {web.client.post(path).status_code for path in paths} == {404}
    assert row(web, number)[0] == "ada@example.org"


def _suppress(web: Web, email: str, reason: SuppressionReason) -> None:
    with web.workspace.transaction() as connection:
        suppress(connection, parse(email).key, reason, note="", now=web.clock())


# --- data, leaving all, erasure -------------------------------------------------------------------------------------


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


# --- test letters ---------------------------------------------------------------------------------------------------


def test_the_links_of_a_test_letter_say_what_they_are_and_do_nothing(web: Web) -> None:
    web.person()
    before = web.contents()
    url = web.workspace.links.test_url(SLUG, 1)
    answers = [web.client.get(url), web.client.post(url, data={"List-Unsubscribe": "One-Click"})]
    assert [(answer.status_code, "nobody was unsubscribed" in answer.text) for answer in answers] == [(200, True)] * 2
    view = web.client.get(f"{url}/view")
    assert (view.status_code, "The first issue of My News" in view.text, guarded(view)) == (200, True, True)
    assert web.contents() == before


def test_a_draft_is_seen_by_whoever_has_its_test_letter_and_by_nobody_else(web: Web) -> None:
    url = web.workspace.links.test_url(SLUG, 1)
    forged = [url[:-1] + "2", url.replace("/t/", "/u/"), f"{url[:-3]}AAA/view", f"/t/{SLUG}/1/view"]
    assert {web.client.get(each).status_code for each in forged} == {404}
