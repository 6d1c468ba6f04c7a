"""Several senders of one mailing at once, killed and stopped at random: nobody twice, nobody lost, every figure exact."""

import os
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing

from mailer.database.engine import Database
from mailer.ledger import mailings
from mailer.ledger.report import progress

from ..waiting import until  # noqa: TID252  # tests are not a package
from .conftest import SLUG, Desk
from .forks import Fork

PEOPLE = 3000
KILLS = 20
RATE = 400


def _start(desk: Desk, *arguments: str) -> Fork:
    return desk.fork("send", "--issue", "1", "--yes", *arguments)


def _figures_are_exact(database: Database) -> None:
    with database.reading() as connection:
        row = mailings.find(connection, SLUG, 1)
        assert row is not None
        found = progress(connection, row.id, row.audience)
    assert sum(found.states.values()) == found.audience > 0, found


def _everyone_has_exactly_one(desk: Desk, people: int) -> None:
    done = desk.run("send", "--issue", "1", "--yes")
    assert done.returncode == 0, done.stderr
    assert desk.letters() == Counter(range(1, people + 1))
    status = desk.status()
    assert (status["state"], status["audience"], status["accepted"]) == ("finished", people, people)


def test_four_senders_and_twenty_kills_double_nobody_and_lose_nobody(anywhere: Desk, database: Database) -> None:
    anywhere.people(PEOPLE)
    chance = random.Random(54)
    # Paced, so that the mailing lasts as long as twenty processes take to come and go.
    senders = [_start(anywhere, "--rate", str(RATE)) for _ in range(4)]
    for _ in range(KILLS):
        written = _written(anywhere)
        wanted = written + chance.randint(1, 2 * (PEOPLE - written) // (KILLS + 1))
        until(lambda: _written(anywhere) >= wanted)  # noqa: B023  # called at once
        victim = senders.pop(chance.randrange(len(senders)))
        victim.kill()
        victim.communicate()
        _figures_are_exact(database)
        senders.append(_start(anywhere, "--rate", str(RATE)))
    for sender in senders:
        _, err = sender.communicate()
        assert sender.returncode == 0, err
    _everyone_has_exactly_one(anywhere, PEOPLE)


def test_a_sender_that_is_stopped_and_wakes_up_doubles_nobody(anywhere: Desk, database: Database) -> None:
    anywhere.people(1500)
    sleeper = _start(anywhere, "--rate", "400")
    until(lambda: _written(anywhere) >= 20)
    _stop(sleeper, database)
    other = _start(anywhere, "--rate", "400")
    written = _written(anywhere)
    until(lambda: _written(anywhere) >= written + 1000)
    os.kill(sleeper.pid, signal.SIGCONT)
    for process in (sleeper, other):
        _, err = process.communicate()
        assert process.returncode == 0, err
    _everyone_has_exactly_one(anywhere, 1500)


def _stop(process: Fork, database: Database) -> None:
    """SIGSTOP, but not while it holds SQLite's one write lock: nobody can write then, and that is SQLite, not us.

    PostgreSQL has such a moment too, between the taking of a departure and its commit.
    """
    while True:
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(0.02)  # whatever the server was doing for it is done
        if not _holds_a_lock(database):
            return
        os.kill(process.pid, signal.SIGCONT)
        time.sleep(0.03)


def _holds_a_lock(database: Database) -> bool:
    if database.path is not None:
        try:
            with closing(sqlite3.connect(database.path, timeout=0, isolation_level=None)) as probe:
                probe.execute("BEGIN IMMEDIATE")
                probe.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
        return False
    with database.reading() as connection:
        busy = connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND state LIKE 'idle in transaction%%' AND backend_xid IS NOT NULL"
        ).scalar_one()
    return busy > 0


def _written(desk: Desk) -> int:
    return sum(1 for _ in desk.root.glob("outbox/*/*.eml"))
