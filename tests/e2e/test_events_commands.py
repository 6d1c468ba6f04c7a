"""`mailer events` and `mailer suppressions` as a person types them, against a local SES in a process of its own."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import closing, suppress
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from sqlalchemy import update

from mailer.database.schema import open_database
from mailer.ledger.tables import deliveries
from mailer.local_ses.options import Options
from mailer.local_ses.queue import queue_url
from mailer.local_ses.server import LocalSes, Server, serve
from mailer.ses.queue import HIDDEN_SECONDS, LONGEST_WAIT
from subscribers.tables import subscribers

from ..waiting import PATIENCE  # noqa: TID252  # tests are not a package
from .conftest import Desk

EVENT: dict[str, Any] = {
    "eventType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [{"emailAddress": "gone@example.org", "diagnosticCode": "smtp; 550 \u001b[2J no"}],
        "timestamp": "2026-11-23T10:00:00.000Z",
        "feedbackId": "f1",
    },
    "mail": {
        "timestamp": "2026-11-23T09:00:00.000Z",
        "messageId": "0100",
        "destination": ["gone@example.org"],
        "tags": {},
    },
}


@dataclass
class Ses:
    """A local SES, and what a command is told of it."""

    server: Server
    later: float = 0.0
    """Seconds that its clock is ahead of ours."""

    @property
    def environment(self) -> dict[str, str]:
        """What whoever is to use it needs."""
        return {
            "MAILER_TRANSPORT": "ses",
            "MAILER_SES_CONFIGURATION_SET": "newsletter",
            "MAILER_EVENTS_QUEUE_URL": queue_url(self.server.url),
            "AWS_ENDPOINT_URL_SESV2": self.server.url,
            "AWS_ENDPOINT_URL_SQS": self.server.url,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def set_options(self, **options: Any) -> None:
        """Change what it is told to be."""
        self.server.local_ses.change_options(options)


@pytest.fixture
def ses() -> Generator[Ses]:
    """A local SES on a free port, fast enough for tests."""
    made: list[Ses] = []

    def clock() -> float:
        return time.time() + (made[0].later if made else 0.0)

    with serve(LocalSes(Options(rate=2_000, control_rate=0), clock=clock, chance=Random(54))) as server:
        made.append(Ses(server))
        yield made[0]


def suppressed(desk: Desk) -> dict[str, str]:
    return {one["email"]: one["reason"] for one in desk.json("suppressions", "list")}


# --- poll -----------------------------------------------------------------------------------------------------------


def test_what_became_of_a_mailing_is_heard_by_polling_once(anywhere: Desk, ses: Ses) -> None:
    anywhere.people(52)
    simulated = {1: "bounce@simulator.amazonses.com", 2: "complaint@simulator.amazonses.com"}
    database = open_database(anywhere.url)
    with database.transaction() as connection:
        for number, email in simulated.items():
            chosen = update(subscribers).where(subscribers.c.id == number)
            connection.execute(chosen.values(email=email, email_key=email))
    database.close()
    assert anywhere.run("send", "--issue", "1", "--yes", env=ses.environment).returncode == 0
    done = anywhere.run("events", "poll", "--once", "--json", env=ses.environment)
    taken = json.loads(done.stdout)
    assert (done.returncode, taken["new"], taken["suppressed"], taken["orphans"]) == (0, 105, 2, 0)
    told = anywhere.status()
    assert (told["delivered"], told["bounced"], told["complained"]) == (50, 1, 1)
    assert suppressed(anywhere) == {
        "bounce@simulator.amazonses.com": "bounced",
        "complaint@simulator.amazonses.com": "complained",
    }
    assert anywhere.run("events", "poll", "--once", env=ses.environment).stdout == (
        "0 events taken in; 0 more were here already.\n"
    )


def test_polling_for_ever_beside_a_mailing_heals_what_was_uncertain_and_ends_when_asked_to(
    anywhere: Desk, ses: Ses
) -> None:
    anywhere.people(400)
    ses.set_options(lose_share=0.02, repeat_events=2, reorder_events=True)
    with anywhere.start("events", "poll", env=ses.environment) as poll:
        assert anywhere.run("send", "--issue", "1", "--yes", env=ses.environment).returncode in (0, 3)
        deadline = time.monotonic() + PATIENCE
        while (told := anywhere.status())["delivered"] < 400 and time.monotonic() < deadline:
            time.sleep(0.3)
        assert (told["delivered"], told["uncertain"], told["pending"]) == (400, 0, 0)
        began = time.monotonic()
        poll.send_signal(signal.SIGTERM)
        out, err = poll.communicate(timeout=PATIENCE)
    assert (poll.returncode, time.monotonic() - began < LONGEST_WAIT) == (143, True)
    assert "800 events taken in; " in out
    assert "Stopping" in err
    assert "Traceback" not in err


def test_a_poll_that_is_killed_again_and_again_loses_nothing(desk: Desk, ses: Ses) -> None:
    desk.people(1_500)
    assert desk.run("send", "--issue", "1", "--yes", env=ses.environment).returncode == 0
    for more in range(4):
        with desk.start("events", "poll", env=ses.environment) as poll:
            assert poll.stderr
            assert "until Ctrl-C" in poll.stderr.readline()
            time.sleep(more * 0.15)  # before its first batch, or in the middle of one
            poll.kill()
    ses.later += HIDDEN_SECONDS + 1  # what was in its hands is there again
    assert desk.run("events", "poll", "--once", env=ses.environment).returncode == 0
    told = desk.status()
    assert (told["delivered"], told["accepted"]) == (1_500, 0)


def test_an_event_without_tags_that_came_too_early_finds_its_letter_at_the_next_poll(desk: Desk, ses: Ses) -> None:
    desk.people(1)
    early = {
        "notificationType": "Delivery",
        "delivery": {"timestamp": "2026-11-23T10:00:00.000Z", "recipients": ["p1@example.org"]},
        "mail": {"timestamp": "2026-11-23T09:00:00.000Z", "messageId": "0100", "destination": ["p1@example.org"]},
    }
    (desk.root / "early.jsonl").write_text(json.dumps(early))
    assert desk.run("send", "--issue", "1", "--yes", env=ses.environment).returncode == 0
    replayed = desk.run("events", "replay", "early.jsonl", "--json")
    assert json.loads(replayed.stdout)["orphans"] == 1
    ses.set_options(hold_events=True)
    url = desk.url or f"sqlite:///{desk.root / 'mailer.db'}"
    with closing(open_database(url)) as database, database.transaction() as connection:
        connection.execute(update(deliveries).values(message_id="0100"))  # our own answer, which comes now
    done = desk.run("events", "poll", "--once", env=ses.environment)
    assert "1 earlier event found the letter in the ledger now." in done.stdout
    assert desk.status()["delivered"] == 1


def test_without_a_queue_the_next_step_is_said(desk: Desk) -> None:
    done = desk.run("events", "poll")
    assert (done.returncode, done.stdout) == (1, "")
    assert "MAILER_EVENTS_QUEUE_URL is not set" in done.stderr
    assert "docs/events.md" in done.stderr


def test_a_queue_that_is_not_there_is_said_and_nothing_is_tried_again(desk: Desk, ses: Ses) -> None:
    url = ses.environment["MAILER_EVENTS_QUEUE_URL"] + "-x"
    done = desk.run("events", "poll", env=ses.environment | {"MAILER_EVENTS_QUEUE_URL": url})
    assert done.returncode == 1
    assert "does not exist" in done.stderr
    assert "MAILER_EVENTS_QUEUE_URL" in done.stderr


def test_a_poll_waits_for_a_queue_that_does_not_answer_yet(desk: Desk, ses: Ses) -> None:
    nobody = {"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}
    with desk.start("events", "poll", env=ses.environment | nobody) as poll:
        assert poll.stderr
        said = [poll.stderr.readline() for _ in range(3)]
        poll.send_signal(signal.SIGINT)
        _, rest = poll.communicate(timeout=PATIENCE)
    assert poll.returncode == 130, [*said, rest]
    assert "cannot be read" in said[1]
    assert "trying again" in said[2]


# --- replay and errors ----------------------------------------------------------------------------------------------


def test_a_file_is_replayed_and_its_bad_lines_are_named(anywhere: Desk) -> None:
    wrapped = {"Type": "Notification", "Message": json.dumps(EVENT | {"eventType": "Delivery", "delivery": {}})}
    path = anywhere.root / "dump.jsonl"
    path.write_text(f"{json.dumps(EVENT)}\nnonsense\n{json.dumps(wrapped)}\n")
    done = anywhere.run("events", "replay", "dump.jsonl")
    assert done.returncode == 3
    assert done.stderr.startswith("dump.jsonl:2: not JSON")
    assert "2 events taken in" in done.stdout
    assert suppressed(anywhere) == {"gone@example.org": "bounced"}
    again = anywhere.run("events", "replay", "dump.jsonl", "--json")
    assert (again.returncode, json.loads(again.stdout)["repeated"]) == (3, 2)
    assert anywhere.run("events", "errors").stdout == "Nothing was kept aside.\n"


def test_a_file_that_is_not_there_is_said(desk: Desk) -> None:
    done = desk.run("events", "replay", "dump.jsonl")
    assert (done.returncode, "dump.jsonl cannot be read: No such file" in done.stderr) == (1, True)


def test_a_poison_message_is_kept_aside_shown_and_can_be_tried_again(anywhere: Desk, ses: Ses) -> None:
    poison = '{"eventType":"Bounce\\u001b[2J"}'
    program = (
        "import sys; from mailer.wiring import open_workspace; from mailer.wiring.intake import Intake; from mailer.feedback.values import Raw;"
        "print(Intake(open_workspace()).take_in([Raw(sys.argv[1], 'queue')]).unreadable)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, poison],
        cwd=anywhere.root,
        env=anywhere.environment | ses.environment | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "1\n"
    listed = anywhere.run("events", "errors")
    assert listed.returncode == 0
    assert "queue" in listed.stdout
    assert "\x1b" not in listed.stdout
    [one] = anywhere.json("events", "errors")
    assert (one["origin"], one["raw"]) == ("queue", poison)
    again = anywhere.run("events", "errors", "--replay")
    assert (again.returncode, "1 could not be read" in again.stdout) == (3, True)
    assert len(anywhere.json("events", "errors")) == 1


# --- suppressions ---------------------------------------------------------------------------------------------------


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


# --- at a terminal --------------------------------------------------------------------------------------------------


def at_a_terminal(desk: Desk, ses: Ses, *arguments: str) -> tuple[int, str]:
    """Run a command whose standard error is a terminal; its exit code, and what the terminal was sent."""
    ours, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "mailer", *arguments],
        cwd=desk.root,
        env=desk.environment | ses.environment | {"TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=its,
    ) as process:
        os.close(its)
        shown = b""
        with suppress(OSError):  # Linux ends a terminal that nobody writes to any more with EIO
            while piece := os.read(ours, 4096):
                shown += piece
        process.wait(timeout=60)
    os.close(ours)
    return process.returncode, shown.decode()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("events", "poll", "--once"), "events"),
        (("events", "replay", "dump.jsonl"), "100%"),
        (("suppressions", "pull"), "0 addresses read"),
    ],
    ids=["poll", "replay", "pull"],
)
def test_a_person_at_a_terminal_sees_how_far_it_is(
    arguments: tuple[str, ...], words: str, desk: Desk, ses: Ses
) -> None:
    (desk.root / "dump.jsonl").write_text(json.dumps(EVENT))
    code, shown = at_a_terminal(desk, ses, *arguments)
    assert (code, words in shown, "Traceback" in shown) == (0, True, False)
