"""What a stranger does with the commands: pipes, other locales, wrong folders, numbers that nobody has; and what they answer."""

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.cli.output import clean, say_json, say_json_array
from mailer.database.engine import connect
from mailer.errors import DatabaseError

from .conftest import SLUG, Desk


def _add(desk: Desk, email: str, *more: str) -> None:
    done = desk.run("subscribers", "add", email, "--consent-source", "a test", *more)
    assert done.returncode == 0, done.stderr


def _until_first_line(desk: Desk, *arguments: str) -> tuple[str, int, str]:
    """`mailer … | head -1`: the line, mailer's own exit code, and its standard error."""
    with desk.start(*arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    return line, process.returncode, said


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["subscribers", "list"], "p1@example.org                            subscribed                Person 1\n"),
        (["subscribers", "list", "--json"], "[\n"),
    ],
)
def test_a_listing_whose_reader_goes_away_ends_without_a_word(desk: Desk, arguments: list[str], line: str) -> None:
    desk.people(20_000)  # more than a pipe holds
    assert _until_first_line(desk, *arguments) == (line, 0, "")


def test_a_mailing_whose_reader_goes_away_is_sent_all_the_same(desk: Desk) -> None:
    desk.people(30)
    _, code, said = _until_first_line(desk, "send", "--issue", "1", "--yes")
    assert (code, said) == (0, "")
    assert desk.status()["accepted"] == 30


def test_what_cannot_be_printed_is_an_error_in_words(desk: Desk) -> None:
    _add(desk, "ada@example.org")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mailer", "subscribers", "list"],
            cwd=desk.root,
            env=desk.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        1,
        "error: the answer cannot be printed: No space left on device\n  look at where the output goes, then ask again\n",
    )


def test_a_locale_without_accents_ends_no_listing(desk: Desk) -> None:
    _add(desk, "zoe@example.org", "--name", "Zoë 🦄")
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert r"Zo\xeb \U0001f984" in desk.run("subscribers", "list", env=plain).stdout
    listed = desk.run("subscribers", "list", "--json", env=plain)
    assert [person["name"] for person in json.loads(listed.stdout)] == ["Zoë 🦄"]


def test_json_carries_no_character_that_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"reason": "550 \u202e\x9b2J\u2028 no such user"}
    say_json(told)
    say_json_array([told])
    one, array = capsys.readouterr().out.split("}\n", 1)
    assert clean(one + array) == one + array
    assert [json.loads(one + "}"), json.loads(array)] == [told, [told]]


@pytest.mark.parametrize("command", ["check", "send", "status", "pause", "resume", "cancel"])
def test_a_number_that_no_issue_can_have_is_a_usage_error(desk: Desk, command: str) -> None:
    done = desk.run(command, "--issue", "99999999999999999999")
    assert done.returncode == 2
    assert "--issue" in done.stderr


def test_a_mistake_in_an_issue_begins_with_its_place(desk: Desk) -> None:
    path = desk.root / "issues" / SLUG / "0001.md"
    path.write_text(path.read_text().replace("::: prose", "::: prouse").replace("date:", "daet:"))
    said = desk.run("check", "--issue", "1").stderr.splitlines()
    assert [line.partition(" ")[0] for line in said] == [f"issues/{SLUG}/0001.md:3:1:", f"issues/{SLUG}/0001.md:18:5:"]


def test_a_person_is_asked_about_everybody_whom_also_new_will_write_to(desk: Desk) -> None:
    desk.people(2)
    assert desk.run("send", "--issue", "1", "--yes").returncode == 0
    _add(desk, "new@example.org")
    plan = desk.json("send", "--issue", "1", "--also-new", "--dry-run")
    assert (plan["audience"], plan["to_send"], plan["newcomers"]) == (2, 1, 1)
    asked = desk.run("send", "--issue", "1", "--also-new")
    assert asked.returncode == 2
    assert "new        1 person has subscribed since the audience was frozen\n" in asked.stdout
    assert "Send issue 1 to 1 person?" in asked.stderr
    assert desk.run("send", "--issue", "1", "--also-new", "--yes").returncode == 0
    again = desk.run("send", "--issue", "1", "--also-new")  # nobody is new: nothing is asked
    assert (again.returncode, desk.status()["accepted"]) == (0, 3)


def test_a_changed_issue_is_not_sent_to_newcomers(desk: Desk) -> None:
    desk.people(1)
    assert desk.run("send", "--issue", "1", "--yes").returncode == 0
    _add(desk, "new@example.org")
    path = desk.root / "issues" / SLUG / "0001.md"
    path.write_text(path.read_text().replace("Hello", "Good morning"))
    assert desk.run("send", "--issue", "1", "--yes").returncode == 0
    refused = desk.run("send", "--issue", "1", "--also-new", "--yes")
    assert (refused.returncode, "was edited after its mailing opened" in refused.stderr) == (1, True)
    assert sum(desk.letters().values()) == 1


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf", "fast"])
def test_a_rate_is_a_number_that_can_be_kept(desk: Desk, rate: str) -> None:
    assert desk.run("send", "--issue", "1", "--rate", rate).returncode == 2


def test_mistakes_in_an_issue_come_as_json_too(desk: Desk) -> None:
    path = desk.root / "issues" / SLUG / "0001.md"
    path.write_text(path.read_text().replace("::: prose", "::: prouse"))
    done = desk.run("check", "--issue", "1", "--json")
    message = f"issues/{SLUG}/0001.md:18:5: unknown section kind 'prouse', did you mean 'prose'?"
    assert (done.returncode, json.loads(done.stdout)) == (1, [{"level": "error", "message": message}])


def test_a_backup_in_the_wrong_folder_is_refused_and_makes_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.root = tmp_path / "elsewhere"
    desk.root.mkdir()
    done = desk.run("db", "backup", "backup.db")
    assert (done.returncode, "there is no database" in done.stderr) == (1, True)
    assert list(desk.root.iterdir()) == []


def test_a_setting_without_a_value_says_nothing(desk: Desk) -> None:
    desk.people(1)
    done = desk.run("send", "--issue", "1", "--yes", env={"MAILER_OUTBOX": "", "MAILER_DATABASE_URL": ""})
    assert (done.returncode, sum(desk.letters().values())) == (0, 1)


@pytest.mark.parametrize("title", ["!News", "& Co", "'tis", "- x", "Yes", "null", "2026", " ", "x '", "O'Brien, Inc."])
def test_a_new_workspace_can_be_sent_from_whatever_its_title(title: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.run("init", "paper", "--title", title).returncode == 0
    desk.root = tmp_path / "paper"
    assert desk.run("check", "--issue", "1").stdout == "Issue 1 is ready to be sent.\n"


def test_only_what_is_uncertain_can_be_resolved(desk: Desk) -> None:
    desk.people(1)
    desk.run("send", "--issue", "1", "--yes")
    resolve = ["deliveries", "resolve", "--issue", "1", "--as", "accepted", "--yes"]
    assert desk.run(*resolve, "--state", "uncertain").stdout == "Nothing of issue 1 is uncertain.\n"
    refused = desk.run(*resolve, "--state", "accepted")
    assert (refused.returncode, "--state is uncertain" in refused.stderr) == (2, True)


def test_a_cancelled_mailing_says_so_even_if_its_issue_was_edited(desk: Desk) -> None:
    desk.people(3)
    assert desk.run("send", "--issue", "1", "--limit", "1", "--yes").returncode == 4
    assert desk.run("cancel", "--issue", "1", "--yes").returncode == 0
    path = desk.root / "issues" / SLUG / "0001.md"
    path.write_text(path.read_text().replace("Hello", "Good morning"))
    done = desk.run("send", "--issue", "1", "--yes")
    assert (done.returncode, "The mailing was cancelled" in done.stdout) == (1, True)
    assert sum(desk.letters().values()) == 1


def test_ctrl_c_at_a_question_changes_nothing_and_says_so_on_a_line_of_its_own(desk: Desk) -> None:
    desk.people(1)
    ours, theirs = os.openpty()
    with desk.start("send", "--issue", "1", stdin=theirs, stdout=subprocess.DEVNULL) as process:
        assert process.stderr is not None
        asked = "".join(iter(lambda: process.stderr.read(1) if process.stderr else "", "]"))
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    os.close(ours)
    os.close(theirs)
    assert asked == "Send issue 1 to 1 person? [y/N"
    assert (process.returncode, rest) == (130, " \nNothing was changed.\n")
    assert desk.run("status", "--issue", "1").returncode == 1  # no mailing was opened


def test_no_error_of_the_database_shows_whom_it_is_about(tmp_path: Path) -> None:
    with closing(connect(f"sqlite:///{tmp_path / 'mailer.db'}")) as database:
        with pytest.raises(DatabaseError) as caught, database.reading() as connection:
            connection.execute(text("SELECT :address"), {"address": ("ada@example.org",)})
        assert caught.value.__cause__ is not None
        assert "ada@example.org" not in f"{caught.value}{caught.value.__cause__}"


@pytest.mark.parametrize(
    ("preheader", "warning"),
    [
        ("Short", "warning: the preheader has 5 characters; an inbox fills the line from the page\n"),
        ("x" * 151, "warning: the preheader has 151 characters; an inbox shows 150 at most\n"),
        ("x" * 30, "Issue 1 is ready to be sent.\n"),
    ],
)
def test_the_length_of_a_preheader_is_advice_and_stops_nothing(desk: Desk, preheader: str, warning: str) -> None:
    path = desk.root / "issues" / SLUG / "0001.md"
    path.write_text(re.sub("(?m)^preheader: .*", f"preheader: {preheader}", path.read_text()))
    done = desk.run("check", "--issue", "1")
    assert (done.returncode, done.stdout) == (0, warning)
    desk.people(1)
    assert desk.run("send", "--issue", "1", "--yes").returncode == 0
