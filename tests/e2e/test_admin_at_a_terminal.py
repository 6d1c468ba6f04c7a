"""The address book by hand: questions that are answered or not, wrong folders, empty listings, narrow terminals."""

import shutil
from pathlib import Path

import pytest

from .conftest import SLUG, Desk
from .terminals import at_a_terminal


def add(desk: Desk, email: str, *options: str) -> None:
    done = desk.run("subscribers", "add", email, "--consent-source", "paper form", *options)
    assert done.returncode == 0, done.stderr


def said(desk: Desk, *arguments: str) -> tuple[int, str, str]:
    done = desk.run(*arguments)
    return done.returncode, done.stdout, done.stderr


QUESTION = "End the subscription of ada@example.org to my-news? Only they themselves can\nbegin it again. [y/N] "


@pytest.mark.parametrize(
    ("answer", "code", "end"),
    [
        ("y\n", 0, "y\nada@example.org is now unsubscribed from my-news.\n"),
        ("\n", 1, "\nNothing was changed.\n"),
        ("\x04", 1, "\nNothing was changed.\n"),
        (None, 130, "\nNothing was changed.\n"),
    ],
    ids=["yes", "enter", "ctrl-d", "ctrl-c"],
)
def test_a_question_is_answered_in_any_way(desk: Desk, answer: str | None, code: int, end: str) -> None:
    add(desk, "ada@example.org")
    assert at_a_terminal(desk, "subscribers", "remove", "ada@example.org", answer=answer) == (code, QUESTION + end)


def test_long_words_of_warning_are_broken_between_words(desk: Desk) -> None:
    assert desk.run("suppressions", "add", "ada@example.org", "--reason", "bounced").returncode == 0
    lift = ("suppressions", "lift", "ada@example.org", "--note", "a new mailbox")
    code, shown = at_a_terminal(desk, *lift, answer="n\n", columns=40)
    # What is to be copied stays in one line.
    command = "  aws sesv2 delete-suppressed-destination --email-address ada@example.org\n"
    prose, found, end = shown.partition(command)
    assert (code, found) == (1, command), shown
    assert max(map(len, prose.splitlines())) <= 40
    assert " ".join(prose.split()).startswith("A letter came back for good: there was no such mailbox. If")
    assert end == "Lift `bounced` for ada@example.org?\n[y/N] n\nNothing was changed.\n"


def test_whoever_has_left_already_is_not_asked_about(anywhere: Desk) -> None:
    add(anywhere, "ada@example.org")
    add(anywhere, "bob@example.org")
    assert said(anywhere, "subscribers", "remove", "ada@example.org", "--yes")[0] == 0
    again = said(anywhere, "subscribers", "remove", "ada@example.org")
    assert again == (0, "ada@example.org is already unsubscribed from my-news.\n", "")
    code, _, asked = said(anywhere, "subscribers", "remove", "--segment", "domain:example.org")
    assert code == 2
    assert "selects 2 people of my-news, 1 of whom is unsubscribed already: end their subscription" in asked


def test_nobody_is_asked_about_a_subscription_that_they_never_had(desk: Desk) -> None:
    shutil.copytree(desk.root / "issues" / SLUG, desk.root / "issues" / "other-news")
    add(desk, "ada@example.org", "--newsletter", SLUG)
    done = said(desk, "subscribers", "remove", "ada@example.org", "--newsletter", "other-news")
    assert done == (1, "", "error: ada@example.org has no subscription to other-news\n")


def test_a_tag_cannot_be_put_on_and_taken_off_at_once(desk: Desk) -> None:
    done = said(desk, "subscribers", "tag", "ada@example.org", "--add", "a", "--remove", "b", "--remove", "a")
    assert done == (2, "", "error: a: both --add and --remove\n  say one of them\n")


def test_a_person_is_shown_without_naming_one_of_several_newsletters(desk: Desk) -> None:
    shutil.copytree(desk.root / "issues" / SLUG, desk.root / "issues" / "other-news")
    add(desk, "ada@example.org", "--newsletter", SLUG)
    assert said(desk, "subscribers", "show", "ada@example.org")[:2] == (0, f"ada@example.org\n  {SLUG}: subscribed\n")
    assert desk.json("subscribers", "show", "ada@example.org", "--newsletter", SLUG)["status"] == "subscribed"
    shown = desk.json("subscribers", "show", "ada@example.org")
    assert (shown["status"], shown["newsletters"]) == (None, {SLUG: "subscribed"})
    assert said(desk, "subscribers", "list")[0] == 2


def test_a_broken_newsletter_keeps_nobody_from_the_address_book(desk: Desk) -> None:
    add(desk, "ada@example.org")
    (desk.root / "issues" / SLUG / "newsletter.yaml").write_text("title: [")
    assert said(desk, "subscribers", "list", "--count") == (0, "1\n", "")
    assert said(desk, "subscribers", "show", "ada@example.org")[0] == 0
    assert said(desk, "subscribers", "stats")[0] == 0
    assert said(desk, "subscribers", "remove", "ada@example.org", "--yes")[0] == 0


def test_an_empty_listing_says_that_it_is_empty_beside_the_answer(desk: Desk) -> None:
    assert said(desk, "subscribers", "list") == (
        0,
        "",
        "my-news has nobody yet: `mailer subscribers import FILE` or `mailer subscribers add EMAIL` brings people in.\n",
    )
    selected = said(desk, "subscribers", "list", "--segment", "tag:x", "--status", "unconfirmed")
    assert selected == (0, "", "'tag:x' selects nobody of my-news who is unconfirmed.\n")
    assert said(desk, "subscribers", "list", "--json") == (0, "[]\n", "")
    assert said(desk, "suppressions", "list", "--reason", "bounced") == (
        0,
        "",
        "No address is suppressed as bounced.\n",
    )
    assert said(desk, "suppressions", "list", "--json") == (0, "[]\n", "")


def test_in_a_folder_that_is_no_workspace_nothing_is_answered_and_nothing_made(desk: Desk, tmp_path: Path) -> None:
    desk.root = tmp_path / "elsewhere"
    desk.root.mkdir()
    code, out, err = said(desk, "suppressions", "list")
    assert (code, out) == (1, "")
    assert err.endswith("  change to your workspace's folder, or mend MAILER_DATABASE_URL\n")
    assert list(desk.root.iterdir()) == []


def test_what_is_known_of_an_address_that_is_nobodys_is_said(anywhere: Desk) -> None:
    for email in ("ada@example.org", "old@example.org", "eve@example.org"):
        add(anywhere, email)
    assert said(anywhere, "subscribers", "merge", "ada@example.org", "old@example.org", "--yes")[0] == 0
    assert said(anywhere, "subscribers", "erase", "eve@example.org", "--yes")[0] == 0
    assert said(anywhere, "suppressions", "add", "gone@example.org")[0] == 0
    hints = {
        "old": "it was merged into ada@example.org, or left for it: `mailer subscribers show ada@example.org`",
        "eve": "whoever had it was erased, and is not mailed",
        "gone": "it is suppressed all the same: operator; `mailer subscribers history gone@example.org` says since when",
        "who": "`mailer subscribers list` says who is",
    }
    for name, hint in hints.items():
        error = f"error: nobody here has the address {name}@example.org\n  {hint}\n"
        assert said(anywhere, "subscribers", "show", f"{name}@example.org") == (1, "", error)
    again = said(anywhere, "subscribers", "erase", "eve@example.org")
    assert again == (0, "eve@example.org was erased already.\n", "")


@pytest.mark.parametrize(
    ("columns", "locale", "bar"), [(80, "C.UTF-8", "█" * 40), (40, "C.UTF-8", "█" * 12), (40, "C", "#" * 12)]
)
def test_the_plot_fits_any_terminal(desk: Desk, columns: int, locale: str, bar: str) -> None:
    add(desk, "ada@example.org")
    ascii_only = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"} if locale == "C" else {}
    code, shown = at_a_terminal(desk, "subscribers", "stats", columns=columns, env={"LC_ALL": locale} | ascii_only)
    lines = shown.splitlines()
    assert (code, max(map(len, lines)) <= columns) == (0, True), shown
    assert [line.split()[-1] for line in lines if line.split()[1:3] == ["1", "0"]] == [bar]
