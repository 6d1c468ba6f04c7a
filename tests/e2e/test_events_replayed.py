"""`mailer events replay` and `errors`: what a file tells, what could not be read, and what is seen meanwhile."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Generator
from contextlib import suppress

import pytest

from .conftest import Desk
from .through_ses import EVENT, Ses, open_ses, suppressed


@pytest.fixture
def ses() -> Generator[Ses]:
    with open_ses() as opened:
        yield opened


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
