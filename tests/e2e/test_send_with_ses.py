"""`mailer send` with MAILER_TRANSPORT=ses: what is told beforehand, what pauses, and how it goes on."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Generator
from contextlib import closing
from random import Random
from typing import Any

import pytest

from mailer.local_ses.options import Options
from mailer.local_ses.server import LocalSes, Server, serve

from .conftest import Desk
from .through_ses import settle_on, to_send


@pytest.fixture
def server() -> Generator[Server]:
    """A local SES of 500 letters a second."""
    with serve(LocalSes(Options(rate=500), clock=time.time, chance=Random(54))) as running:
        yield running


@pytest.fixture
def ses(desk: Desk, server: Server) -> Desk:
    """Thirty people, sent to through the local SES."""
    settle_on(desk, to_send(server))
    desk.people(30)
    return desk


def _arrived(server: Server) -> Counter[str]:
    return Counter(letter.recipient for letter in server.local_ses.log)


def _everyone() -> Counter[str]:
    return Counter(f"p{number}@example.org" for number in range(1, 31))


def _modes(desk: Desk) -> list[str]:
    database = sqlite3.connect(desk.root / "mailer.db")
    modes = [row[0] for row in database.execute("SELECT mode FROM mailing")]
    database.close()
    return modes


@pytest.mark.parametrize(("wanted", "rate", "mode"), [("auto", 500, "bulk"), ("auto", 200, "raw"), ("raw", 500, "raw")])
def test_everyone_gets_it_by_the_mode_that_the_rate_asks_for(
    ses: Desk, server: Server, wanted: str, rate: float, mode: str
) -> None:
    server.local_ses.change_options({"rate": rate})
    done = ses.run("send", "--issue", "1", "--yes", env={"MAILER_SES_MODE": wanted})
    assert (done.returncode, done.stderr) == (0, "")
    assert f"rate       {rate} a second" in done.stdout
    assert _arrived(server) == _everyone()
    assert _modes(ses) == [mode]


def test_a_mailing_keeps_the_mode_that_it_was_opened_with(ses: Desk, server: Server) -> None:
    assert ses.run("send", "--issue", "1", "--yes", "--limit", "10").returncode == 4
    assert ses.run("send", "--issue", "1", "--yes", "--rate", "20", env={"MAILER_SES_MODE": "raw"}).returncode == 0
    assert {letter.operation for letter in server.local_ses.log} == {"SendBulkEmail"}
    assert _arrived(server) == _everyone()


@pytest.mark.parametrize(
    ("options", "what", "remedy"),
    [
        ({"paused": True}, "sending is switched off", "put-account-sending-attributes"),
        ({"production_access": False}, "sandbox", "production access"),
        ({"verified": ["other.example"]}, "is an identity of this account", "verify the domain"),
        ({"configuration_sets": {}}, "no configuration set newsletter", "MAILER_SES_CONFIGURATION_SET"),
        ({"daily_quota": 0}, "may not send at all", "quota"),
        ({"expire_after": 0}, "does not tell about", "AWS_ACCESS_KEY_ID"),
    ],
)
def test_what_would_let_nothing_be_sent_is_told_before_anything_is_frozen(
    ses: Desk, server: Server, options: dict[str, Any], what: str, remedy: str
) -> None:
    server.local_ses.change_options(options)
    done = ses.run("send", "--issue", "1", "--yes")
    assert done.returncode == 1
    assert what in done.stderr
    assert remedy in done.stderr
    assert ses.run("status", "--issue", "1").returncode == 1
    assert _arrived(server) == Counter()


def test_what_is_worth_knowing_is_told_with_its_remedy_and_in_json(ses: Desk, server: Server) -> None:
    server.local_ses.change_options({"daily_quota": 20, "configuration_sets": {"newsletter": ["SEND"]}})
    done = ses.run("send", "--issue", "1", "--dry-run")
    assert done.returncode == 0
    assert "the quota has room for 20 of 30 people" in done.stderr
    assert "does not publish BOUNCE" in done.stderr
    plan = ses.json("send", "--issue", "1", "--dry-run")
    assert [finding["what"].split()[0:2] for finding in plan["findings"]] == [
        ["the", "quota"],
        ["the", "configuration"],
    ]
    assert plan["rate"] == 500
    assert _arrived(server) == Counter()


def test_the_quota_pauses_says_when_it_goes_on_and_the_same_command_resumes(ses: Desk, server: Server) -> None:
    server.local_ses.change_options({"daily_quota": 20})
    paused = ses.run("send", "--issue", "1", "--yes", env={"MAILER_SES_MODE": "raw"})
    assert paused.returncode == 4
    assert "has room again from" in paused.stdout
    status = ses.status()
    assert (status["state"], status["reason"], status["accepted"], status["pending"]) == ("paused", "quota", 20, 10)
    assert ses.run("send", "--issue", "1", "--yes").returncode == 4
    server.local_ses.change_options({"daily_quota": 50_000})
    assert ses.run("send", "--issue", "1", "--yes").returncode == 0
    assert _arrived(server) == _everyone()


def test_an_account_in_trouble_pauses_refuses_nobody_and_waits_for_resume(ses: Desk, server: Server) -> None:
    server.local_ses.change_options(
        {"fail_after": 8, "fail_next": 1_000, "fail_code": "SendingPausedException", "fail_status": 400}
    )
    paused = ses.run("send", "--issue", "1", "--yes", env={"MAILER_SES_MODE": "raw"})
    assert (paused.returncode, ses.status()["reason"], ses.status()["refused"]) == (4, "account", 0)
    assert "it said: SendingPausedException" in paused.stdout
    told = ses.run("status", "--issue", "1").stdout
    assert "\n  it said     SendingPausedException" in told
    assert "`mailer send --issue 1 --dry-run` asks it and says the remedies" in told
    assert ses.status()["said"].startswith("SendingPausedException")
    server.local_ses.change_options({"fail_next": 0, "paused": True})
    asked = ses.run("send", "--issue", "1", "--dry-run")
    assert (asked.returncode, "switch it on: aws sesv2" in asked.stderr) == (1, True)
    server.local_ses.change_options({"paused": False})
    assert ses.run("send", "--issue", "1", "--yes").returncode == 4
    assert ses.run("resume", "--issue", "1").returncode == 0
    assert ses.run("send", "--issue", "1", "--yes").returncode == 0
    assert _arrived(server) == _everyone()


def test_links_of_real_letters_must_be_https(ses: Desk) -> None:
    environment = {"AWS_ENDPOINT_URL_SESV2": "https://email.eu-west-1.amazonaws.com"}
    done = ses.run("send", "--issue", "1", "--yes", env=environment)
    assert done.returncode == 1
    assert "MAILER_BASE_URL is http://localhost:8000: nobody could unsubscribe there" in done.stderr


def test_without_a_region_the_next_step_is_said(ses: Desk) -> None:
    settings = ses.root / ".env"
    settings.write_text(settings.read_text().replace("AWS_DEFAULT_REGION=eu-west-1\n", ""))
    done = ses.run("send", "--issue", "1", "--yes", env={"AWS_CONFIG_FILE": "/nowhere"})
    assert done.returncode == 1
    assert "AWS_DEFAULT_REGION" in done.stderr


def test_uncertain_letters_are_listed_and_a_persons_word_settles_them(ses: Desk, server: Server) -> None:
    server.local_ses.change_options({"lose_next": 2})
    assert ses.run("send", "--issue", "1", "--yes", env={"MAILER_SES_MODE": "raw"}).returncode == 3
    uncertain = json.loads(ses.run("deliveries", "list", "--issue", "1", "--state", "uncertain", "--json").stdout)
    assert len(uncertain) == 2
    assert ses.run("deliveries", "resolve", "--issue", "1", "--as", "accepted", "--yes").returncode == 0
    assert ses.status()["accepted"] == 30
    assert _arrived(server) == _everyone()


@pytest.mark.parametrize("ended", ["pause", "cancel"])
def test_who_was_in_the_call_of_a_killed_sender_is_uncertain_though_no_run_looks_any_more(
    ses: Desk, ended: str
) -> None:
    assert ses.run("send", "--issue", "1", "--yes", "--limit", "5").returncode == 4
    with closing(sqlite3.connect(ses.root / "mailer.db")) as database, database:
        database.execute("INSERT INTO sender (id, host, pid, started_at) VALUES (99, 'here', 1, '2026-03-23 06:00:00')")
        database.execute("UPDATE delivery SET state = 'claimed', sender_id = 99 WHERE subscriber_id = 5")
    assert ses.run(ended, "--issue", "1", *(["--yes"] if ended == "cancel" else [])).returncode == 0
    done = ses.run("deliveries", "resolve", "--issue", "1", "--as", "accepted", "--yes")
    assert "1 delivery is accepted now." in done.stdout
    assert (ses.status()["claimed"], ses.status()["uncertain"]) == (0, 0)


def test_resolved_as_pending_makes_a_new_attempt_with_a_tag_of_its_own(ses: Desk, server: Server) -> None:
    server.local_ses.change_options({"lose_next": 1})
    assert ses.run("send", "--issue", "1", "--yes", env={"MAILER_SES_MODE": "raw"}).returncode == 3
    assert ses.run("deliveries", "resolve", "--issue", "1", "--as", "pending", "--yes").returncode == 0
    assert ses.run("send", "--issue", "1", "--yes").returncode == 0
    tags = Counter(letter.tags["delivery"] for letter in server.local_ses.log)
    assert set(tags.values()) == {1}
    assert sorted(tag.partition("-")[2] for tag in tags).count("2") == 1
