"""kill -9 at any moment, and at the four worst ones: afterwards everyone has exactly one letter."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from mailer.database.schema import open_database
from mailer.ledger.tables import deliveries, senders

from ..waiting import PATIENCE, until  # noqa: TID252  # tests are not a package
from .conftest import Desk

PEOPLE = 5000

CHILD = '''
"""A sender that dies by its own hand at a named point, as if by kill -9."""
import os, signal, sys
from sqlalchemy import event
from mailer.transport.outbox import Outbox
from mailer.wiring import open_workspace

point, turn = sys.argv[1], int(sys.argv[2])
seen = 0

def die_at(name):
    global seen
    if name == point:
        seen += 1
        if seen == turn:
            os.kill(os.getpid(), signal.SIGKILL)

class DyingOutbox(Outbox):
    def send(self, envelopes):
        receipts = []
        for envelope in envelopes:
            receipts += super().send([envelope])
            die_at("in the call")
        return receipts

workspace = open_workspace()
workspace.transport = DyingOutbox(workspace.settings.outbox)
edition = workspace.edition(None, 1)
from mailer.sending.opening import open_mailing
mailing = open_mailing(
    workspace.database, edition, segment="", transport="outbox", token=workspace.token, now=workspace.now()
)
answered = False

def observe(step, count):
    global answered
    answered = step == "answered"
    die_at({"claimed": "after the claim", "answered": "after the answer"}.get(step, ""))

@event.listens_for(workspace.engine, "commit")
def commit(connection):
    if answered:
        die_at("in the settle")

workspace.run(mailing, rate=None, limit=None, stopped=lambda: False, observe=observe).go()
'''


def _everyone_has_exactly_one(desk: Desk, people: int) -> None:
    done = desk.run("send", "--issue", "1", "--yes")
    assert done.returncode == 0, done.stderr
    assert desk.letters() == Counter(range(1, people + 1))
    status = desk.status()
    assert (status["state"], status["audience"], status["accepted"]) == ("finished", people, people)


@pytest.mark.parametrize("point", ["after the claim", "in the call", "after the answer", "in the settle"])
def test_a_death_at_each_worst_moment_doubles_nobody_and_forgets_nobody(desk: Desk, tmp_path: Path, point: str) -> None:
    desk.people(200)
    script = tmp_path / "dying.py"
    script.write_text(CHILD)
    for turn in (1, 2):
        died = subprocess.run(
            [sys.executable, str(script), point, str(turn)],
            cwd=desk.root,
            env=desk.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert died.returncode == -signal.SIGKILL, died.stderr
    status = desk.status()
    assert status["claimed"] == status["left_behind"] > 0
    assert sum(status[name] for name in ("pending", "claimed", "accepted", "uncertain")) == 200
    _everyone_has_exactly_one(desk, 200)


def test_what_a_dead_sender_left_behind_is_said_by_status_and_found_out_about_by_send(anywhere: Desk) -> None:
    anywhere.people(3)
    assert anywhere.run("send", "--issue", "1", "--yes", "--limit", "1").returncode == 4
    with closing(open_database(anywhere.url)) as database, database.transaction() as connection:
        row = {"host": "here", "pid": 1, "started_at": datetime(2026, 3, 23, tzinfo=UTC)}
        dead = connection.execute(insert(senders).values(row).returning(senders.c.id)).scalar_one()
        claimed = {"state": "claimed", "attempt": 1, "sender_id": dead}
        connection.execute(update(deliveries).where(deliveries.c.state == "pending").values(claimed))
    said = anywhere.run("status", "--issue", "1").stdout
    assert "\n  left behind 2 of the claimed, by a sender that is gone: `mailer send --issue 1` finds out" in said
    status = anywhere.status()
    assert (status["claimed"], status["left_behind"]) == (2, 2)
    _everyone_has_exactly_one(anywhere, 3)
    assert anywhere.status()["left_behind"] == 0


def test_twenty_kills_at_random_moments_double_nobody_and_forget_nobody(desk: Desk) -> None:
    desk.people(PEOPLE)
    chance = random.Random(54)
    killed = 0
    while killed < 20:
        wanted = sum(desk.letters().values()) + chance.randint(1, 200)
        with desk.fork("send", "--issue", "1", "--yes") as process:
            until(lambda: process.poll() is not None or sum(desk.letters().values()) >= wanted)  # noqa: B023  # called at once
            assert process.poll() is None, "the run ended before it could be killed"
            process.kill()
            process.communicate()
        killed += 1
    assert set(desk.letters().values()) == {1}
    _everyone_has_exactly_one(desk, PEOPLE)


def test_two_senders_at_once_share_the_audience(desk: Desk) -> None:
    desk.people(600)
    senders = [desk.start("send", "--issue", "1", "--yes") for _ in range(2)]
    for sender in senders:
        _, err = sender.communicate(timeout=PATIENCE)
        assert sender.returncode == 0, err
    _everyone_has_exactly_one(desk, 600)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_send_settles_its_call_says_how_to_go_on_and_resumes(
    desk: Desk, number: signal.Signals, code: int
) -> None:
    desk.people(1000)
    process = desk.start("send", "--issue", "1", "--yes", "--rate", "100")
    until(lambda: sum(desk.letters().values()) >= 20)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == code, err
    assert "mailer send --issue 1" in out
    status = desk.status()
    assert status["claimed"] == status["uncertain"] == 0
    assert status["accepted"] == sum(desk.letters().values()) > 0
    _everyone_has_exactly_one(desk, 1000)


def test_a_stopped_sender_that_wakes_up_doubles_nobody(desk: Desk) -> None:
    desk.people(1000)
    sleeper = desk.start("send", "--issue", "1", "--yes", "--rate", "200")
    until(lambda: sum(desk.letters().values()) >= 20)
    _stop_between_transactions(desk, sleeper)
    other = desk.start("send", "--issue", "1", "--yes")
    until(lambda: sum(desk.letters().values()) >= 900)
    os.kill(sleeper.pid, signal.SIGCONT)
    for process in (sleeper, other):
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
    _everyone_has_exactly_one(desk, 1000)


def _stop_between_transactions(desk: Desk, process: subprocess.Popen[str]) -> None:
    """SIGSTOP, but not while it holds SQLite's one write lock: nobody can write then, and that is SQLite, not us."""
    while True:
        os.kill(process.pid, signal.SIGSTOP)
        try:
            with closing(sqlite3.connect(desk.root / "mailer.db", timeout=0, isolation_level=None)) as probe:
                probe.execute("BEGIN IMMEDIATE")
                probe.execute("ROLLBACK")
        except sqlite3.OperationalError:
            os.kill(process.pid, signal.SIGCONT)
            time.sleep(0.03)
        else:
            return


def test_someone_who_leaves_in_the_middle_is_withheld(desk: Desk) -> None:
    desk.people(500)
    process = desk.start("send", "--issue", "1", "--yes", "--rate", "100")
    until(lambda: sum(desk.letters().values()) >= 10)
    left = desk.run("subscribers", "remove", "p499@example.org", "--yes")
    assert left.returncode == 0, left.stderr
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert desk.letters() == Counter({number: 1 for number in range(1, 501) if number != 499})
    assert desk.status()["withheld"] == 1
