"""A file of people who left: what its name says is never passed over, and `--as` says it for everybody in it."""

import json
from typing import Any, Protocol

import pytest

IMPORT = ("subscribers", "import")
FORM = ("--consent-source", "a form", "--yes")


class Desk(Protocol):
    """What `anywhere` offers; its class lives in conftest, which cannot be imported."""

    root: Any

    def run(self, *arguments: str) -> Any:
        """Run a command to its end."""
        ...

    def json(self, *arguments: str) -> Any:
        """Run a command that succeeds and prints JSON."""
        ...


@pytest.mark.parametrize(
    "name",
    [
        "unsubscribed.txt",
        "Unsubscribes 2024.csv",
        "opt-outs.csv",
        "suppression list.csv",
        "bounces.csv",
        "abgemeldet.csv",
    ],
)
def test_nobody_is_subscribed_by_a_file_whose_name_says_that_they_left(desk: Desk, name: str) -> None:
    (desk.root / name).write_text("ada@example.org\n", encoding="utf-8")
    done = desk.run(*IMPORT, name, *FORM)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"error: {name}: its name may say that nobody in it is to be mailed\n"
        "  say which: --as unsubscribed (or bounced, complained), or --as subscribed if they are to be mailed\n"
    )


def test_as_says_it_of_everybody_also_of_those_who_are_not_here_yet(anywhere: Desk) -> None:
    anywhere.run("subscribers", "add", "ada@example.org", "--consent-source", "a form")
    (anywhere.root / "gone.txt").write_text("Ada@example.org\nbob@example.org\n", encoding="utf-8")
    done = anywhere.run(*IMPORT, "gone.txt", "--as", "unsubscribed", *FORM)
    assert done.stdout == (
        "gone.txt: nobody in it is mailed\n"
        "0 people added to my-news.\n"
        "2 people not to be mailed, as the file says: 2 unsubscribed.\n"
        "This was import 1; `mailer subscribers undo-import 1` takes it back.\n"
    )
    found = [(one["email"], one["status"]) for one in anywhere.json("subscribers", "list")]
    assert found == [("ada@example.org", "unsubscribed"), ("bob@example.org", "unsubscribed")]
    # No file and no word brings them back.
    assert anywhere.json(*IMPORT, "gone.txt", "--as", "subscribed", *FORM)["kept_out"] == {"unsubscribed": 2}


@pytest.mark.parametrize(
    ("said", "reason"), [("bounced", "bounced"), ("complained", "complained"), ("left-all", "left-all")]
)
def test_as_suppresses_addresses(desk: Desk, said: str, reason: str) -> None:
    (desk.root / "gone.csv").write_text("email,name\nada@example.org,Ada\n", encoding="utf-8")
    desk.json(*IMPORT, "gone.csv", "--as", said, "--yes")
    assert [(one["email"], one["reason"]) for one in desk.json("suppressions", "list")] == [("ada@example.org", reason)]


def test_as_never_softens_what_the_file_says(desk: Desk) -> None:
    rows = [{"email": "ada@example.org", "status": "bounced"}, {"email": "bob@example.org", "status": "subscribed"}]
    (desk.root / "people.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    done = desk.json(*IMPORT, "people.jsonl", "--as", "unconfirmed", *FORM)
    assert (done["subscribed"], done["added"], done["ended"]) == (0, 1, {"bounced": 1})
    done = desk.json(*IMPORT, "people.jsonl", "--as", "subscribed", *FORM)
    assert (done["added"], done["changed"], done["unchanged"]) == (0, 1, 1)


def test_as_subscribed_is_a_persons_word_against_the_name_of_a_file(desk: Desk) -> None:
    (desk.root / "without bounces.csv").write_text("ada@example.org\n", encoding="utf-8")
    assert desk.json(*IMPORT, "without bounces.csv", "--as", "subscribed", *FORM)["subscribed"] == 1


def test_a_column_that_says_who_left_needs_no_word_about_the_name(desk: Desk) -> None:
    (desk.root / "unsubscribes.csv").write_text("email,unsubscribed\nada@example.org,yes\n", encoding="utf-8")
    assert desk.json(*IMPORT, "unsubscribes.csv", *FORM)["ended"] == {"unsubscribed": 1}


def test_a_no_in_a_column_of_those_who_left_is_a_no_in_other_languages_too(desk: Desk) -> None:
    said = ["nein", "Non", "nej", "-", "N/A", "null", "0000-00-00", "", "ja", "oui", "12.03.2024", "vielleicht"]
    rows = "".join(f"p{number}@example.org,{word}\n" for number, word in enumerate(said))
    (desk.root / "people.csv").write_text(f"email,abgemeldet\n{rows}", encoding="utf-8")
    done = desk.json(*IMPORT, "people.csv", *FORM)
    assert (done["subscribed"], done["ended"]) == (8, {"unsubscribed": 4})


def test_the_suppressions_of_one_place_are_taken_over_by_another(anywhere: Desk) -> None:
    reasons = ["bounced", "complained", "left-all", "operator", "undeliverable"]
    for reason in reasons:
        anywhere.run("suppressions", "add", f"{reason}@example.org", "--reason", reason)
    said = anywhere.json("suppressions", "list")
    lines = "".join(f"{json.dumps(one)}\n" for one in said)
    (anywhere.root / "suppressed.jsonl").write_text(lines.replace("@example.org", "@example.com"), encoding="utf-8")
    done = anywhere.json(*IMPORT, "suppressed.jsonl", *FORM)
    assert (done["added"], done["ended"]) == (0, dict.fromkeys(reasons, 1))
    found = {one["email"]: (one["reason"], one["at"]) for one in anywhere.json("suppressions", "list")}
    assert {f"{one['reason']}@example.com": (one["reason"], one["at"][:19]) for one in said} == {
        email: (reason, at[:19]) for email, (reason, at) in found.items() if email.endswith("@example.com")
    }
