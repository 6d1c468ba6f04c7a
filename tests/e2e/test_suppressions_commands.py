"""`mailer suppressions` as a person types it, against a local SES in this process."""

import json
import subprocess
import sys
from collections.abc import Generator

import pytest

from .conftest import Desk
from .through_ses import Ses, open_ses, suppressed


@pytest.fixture
def ses() -> Generator[Ses]:
    with open_ses() as opened:
        yield opened


def test_an_operator_suppresses_and_lifts(anywhere: Desk) -> None:
    anywhere.people(1)
    done = anywhere.run("suppressions", "add", "P1@Example.org", "--note", "asked by letter")
    assert (done.returncode, done.stdout) == (0, "P1@example.org is suppressed: operator.\n")
    assert "already suppressed" in anywhere.run("suppressions", "add", "p1@example.org").stdout
    [one] = anywhere.json("suppressions", "list")
    assert (one["email"], one["reason"], one["note"]) == ("p1@example.org", "operator", "asked by letter")
    assert anywhere.run("send", "--issue", "1", "--yes").returncode in (0, 1)
    assert anywhere.letters() == {}
    lifted = anywhere.run("suppressions", "lift", "p1@example.org", "--note", "asked again", "--yes")
    assert lifted.returncode == 0
    assert "suppressed no more" in lifted.stdout
    assert suppressed(anywhere) == {}


def test_lifting_demands_a_note_and_says_what_it_means(desk: Desk) -> None:
    assert desk.run("suppressions", "add", "a@example.org", "--reason", "complained").returncode == 0
    assert desk.run("suppressions", "lift", "a@example.org").returncode == 2
    assert desk.run("suppressions", "lift", "a@example.org", "--note", " ").returncode == 2
    asked = desk.run("suppressions", "lift", "a@example.org", "--note", "she wrote on 3 May")
    assert asked.returncode == 2  # nobody is here to answer
    assert "called a letter spam" in asked.stdout
    assert "aws sesv2 delete-suppressed-destination --email-address a@example.org" in asked.stdout
    assert suppressed(desk) == {"a@example.org": "complained"}


def test_lifting_what_is_not_there_or_not_one_is_an_error(desk: Desk) -> None:
    none = desk.run("suppressions", "lift", "a@example.org", "--note", "x", "--yes")
    assert (none.returncode, "is not suppressed" in none.stderr) == (1, True)
    for reason in ("bounced", "operator"):
        desk.run("suppressions", "add", "a@example.org", "--reason", reason)
    several = desk.run("suppressions", "lift", "a@example.org", "--note", "x", "--yes")
    assert (several.returncode, "bounced, operator" in several.stderr) == (2, True)
    other = desk.run("suppressions", "lift", "a@example.org", "--reason", "complained", "--note", "x", "--yes")
    assert (other.returncode, "it is: bounced, operator" in other.stderr) == (1, True)
    one = desk.run("suppressions", "lift", "a@example.org", "--reason", "bounced", "--note", "x", "--yes")
    assert (one.returncode, "still suppressed: operator" in one.stdout) == (0, True)


def test_who_left_all_newsletters_is_brought_back_by_nobody_else(desk: Desk) -> None:
    desk.run("suppressions", "add", "a@example.org", "--reason", "left-all")
    done = desk.run("suppressions", "lift", "a@example.org", "--note", "x", "--yes")
    assert (done.returncode, "only they can come back" in done.stderr) == (1, True)


def test_who_was_erased_is_not_written_down_again_and_can_be_let_in_again(desk: Desk) -> None:
    desk.people(1)
    assert desk.run("subscribers", "erase", "p1@example.org", "--yes").returncode == 0
    assert "was erased" in desk.run("suppressions", "add", "p1@example.org").stdout
    assert [(one["email"], one["reason"]) for one in desk.json("suppressions", "list")] == [(None, "erased")]
    assert desk.run("suppressions", "add", "x@example.org", "--reason", "erased").returncode == 2
    done = desk.run("suppressions", "lift", "p1@example.org", "--note", "they asked", "--yes")
    assert (done.returncode, desk.json("suppressions", "list")) == (0, [])


def test_only_the_reason_asked_for_is_listed(desk: Desk) -> None:
    for email, reason in (("a@example.org", "bounced"), ("b@example.org", "operator")):
        desk.run("suppressions", "add", email, "--reason", reason)
    listed = desk.run("suppressions", "list", "--reason", "operator")
    assert [line.split()[:2] for line in listed.stdout.splitlines()] == [["b@example.org", "operator"]]


def test_the_accounts_list_is_pulled(anywhere: Desk, ses: Ses) -> None:
    program = (
        "import boto3; c = boto3.client('sesv2')\n"
        "for n in range(3): c.put_suppressed_destination(EmailAddress=f'p{n}@example.org', Reason='BOUNCE')"
    )
    subprocess.run([sys.executable, "-c", program], env=anywhere.environment | ses.environment, check=True)
    done = anywhere.run("suppressions", "pull", "--json", env=ses.environment)
    assert json.loads(done.stdout) == {"seen": 3, "new": 3, "erased": 0, "unusable": 0, "whole": True}
    assert suppressed(anywhere) == dict.fromkeys([f"p{n}@example.org" for n in range(3)], "bounced")
