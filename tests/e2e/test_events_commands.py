"""`mailer events poll` as a person types it, against a local SES in this process."""

import json
import signal
import time
from collections.abc import Generator
from contextlib import closing

import pytest
from sqlalchemy import update

from mailer.database.schema import open_database
from mailer.ledger.tables import deliveries
from mailer.ses.queue import HIDDEN_SECONDS, LONGEST_WAIT
from subscribers.tables import subscribers

from ..waiting import PATIENCE  # noqa: TID252  # tests are not a package
from .conftest import Desk
from .through_ses import Ses, open_ses, suppressed


@pytest.fixture
def ses() -> Generator[Ses]:
    with open_ses() as opened:
        yield opened


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
