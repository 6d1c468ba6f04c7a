"""Where a workspace has two newsletters, every next step that is said names the one that it is about."""

import json
import shutil
from contextlib import closing

import pytest
from sqlalchemy import text

from mailer.database.schema import open_database

from .conftest import SLUG, Desk

THIS = ("--issue", "1", "--newsletter", SLUG)
NAMED = f"--issue 1 --newsletter {SLUG}"


@pytest.fixture
def begun(desk: Desk) -> Desk:
    """Two newsletters, and a mailing of one of them that is to go on."""
    shutil.copytree(desk.root / "issues" / SLUG, desk.root / "issues" / "other-news")
    desk.people(3)
    stopped = desk.run("send", *THIS, "--limit", "1", "--yes")
    assert f"mailer send {NAMED}" in stopped.stdout
    return desk


def test_what_was_paused_and_how_it_goes_on(begun: Desk) -> None:
    paused = begun.run("pause", *THIS)
    assert f"mailer resume {NAMED}" in paused.stdout
    assert f"mailer resume {NAMED}, then mailer send {NAMED}" in begun.run("status", *THIS).stdout


def test_what_was_never_sent(begun: Desk) -> None:
    assert begun.run("status", "--issue", "2", "--newsletter", SLUG).stderr == (
        f"error: issue 2 of {SLUG} has no mailing: it was never sent\n  mailer send --issue 2 --newsletter {SLUG}\n"
    )


def test_an_issue_that_was_edited_in_the_middle(begun: Desk) -> None:
    with (begun.root / "issues" / SLUG / "0001.md").open("a") as issue:
        issue.write("\n::: prose\nA word more.\n:::\n")
    said = begun.run("send", *THIS, "--yes").stderr
    assert f"`mailer cancel {NAMED}`" in said
    assert f"`mailer cancel {NAMED} --discard`" in said


def test_another_transport_in_the_middle(begun: Desk) -> None:
    local = {
        "MAILER_TRANSPORT": "ses",
        "AWS_ENDPOINT_URL_SESV2": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    assert f"`mailer cancel {NAMED} --discard`" in begun.run("send", *THIS, "--yes", env=local).stderr


def test_a_mailing_that_was_unfinished_in_a_backup(begun: Desk) -> None:
    assert begun.run("db", "backup", "copy.db").returncode == 0
    said = begun.run("db", "restore", "copy.db", "--yes").stdout
    assert f"`mailer resume {NAMED}` and `mailer send {NAMED}`, or `mailer cancel {NAMED}`" in said


def test_a_mailing_that_events_paused(begun: Desk) -> None:
    with closing(open_database(f"sqlite:///{begun.root / 'mailer.db'}")) as database, database.reading() as connection:
        token = connection.execute(text("SELECT token FROM mailing")).scalar_one()
    at = "2026-11-23T10:00:00.000Z"
    bounce = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "p1@example.org"}], "timestamp": at}
    mail = {
        "timestamp": at,
        "messageId": "0100",
        "destination": ["p1@example.org"],
        "tags": {"mailing": [token], "delivery": ["1-1"]},
    }
    (begun.root / "dump.jsonl").write_text(json.dumps({"eventType": "Bounce", "bounce": bounce, "mail": mail}))
    done = begun.run("events", "replay", "dump.jsonl")
    assert f"Issue 1 of {SLUG} is paused now (duplicate): mailer status {NAMED}" in done.stdout
