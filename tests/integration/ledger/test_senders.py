"""Who is dead: proved by a lock, never guessed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mailer.database.engine import Database, connect
from mailer.errors import DatabaseError
from mailer.ledger import senders
from mailer.ledger.states import State

from .conftest import NOW, World

CHILD = """
import sys, time
from datetime import UTC, datetime
from mailer.database.engine import connect
from mailer.ledger.senders import sender
database = connect(sys.argv[1])
with sender(database, datetime.now(UTC)) as me:
    print(me.id, flush=True)
    time.sleep(60)
"""


def _child(database: Database) -> tuple[subprocess.Popen[str], int]:
    url = database.engine.url.render_as_string(hide_password=False)
    process = subprocess.Popen([sys.executable, "-c", CHILD, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_a_living_sender_is_not_buried_even_when_it_is_stopped(world: World) -> None:
    world.people([1, 2])
    world.open()
    process, number = _child(world.database)
    try:
        world.claim(2, sender=number)
        os.kill(process.pid, signal.SIGSTOP)
        assert senders.bury(world.database, NOW) == 0
        os.kill(process.pid, signal.SIGCONT)
        assert senders.bury(world.database, NOW) == 0
        assert world.states() == {1: "claimed", 2: "claimed"}
    finally:
        _end(process)


def test_a_killed_sender_is_dead_at_once_and_its_claims_are_uncertain(world: World) -> None:
    world.people([1, 2, 3])
    world.open()
    process, number = _child(world.database)
    first = world.claim(1, sender=number)
    world.settle(first, State.ACCEPTED, sender=number)
    world.claim(1, after=1, sender=number)
    _end(process)
    deadline = time.monotonic() + 10
    found = 0
    while not found and time.monotonic() < deadline:
        found = senders.bury(world.database, NOW)
    assert found == 1
    assert world.states() == {1: "accepted", 2: "uncertain", 3: "pending"}
    assert senders.bury(world.database, NOW) == 0


def test_what_a_dead_sender_left_behind_is_counted_and_nobody_is_buried(world: World) -> None:
    world.people([1, 2, 3])
    world.open()
    with senders.sender(world.database, NOW) as gone:
        world.claim(2, sender=gone.id)  # and then its lock is released, as by a death: its row has not ended
        while_it_lived = senders.left_behind(world.database, world.mailing)
    assert (while_it_lived, senders.left_behind(world.database, world.mailing)) == (0, 2)
    assert senders.left_behind(world.database, world.mailing + 1) == 0
    assert world.states() == {1: "claimed", 2: "claimed", 3: "pending"}


def test_a_sender_that_ended_in_peace_leaves_nothing_to_bury(world: World) -> None:
    with senders.sender(world.database, NOW) as me:
        assert me.lock.held()
        assert senders.bury(world.database, NOW) == 0
        with world.database.transaction() as connection:
            senders.end(connection, me.id, NOW)
    assert senders.bury(world.database, NOW) == 0
    if world.database.path is not None:
        assert list(Path(f"{world.database.path}.senders").iterdir()) == []


def test_a_lock_file_deleted_by_hand_is_noticed_by_its_sender(world: World) -> None:
    with senders.sender(world.database, NOW) as me:
        if world.database.path is None:
            return
        (Path(f"{world.database.path}.senders") / f"{me.id}.lock").unlink()
        assert [me.lock.held(), me.lock.held()] == [False, False]


def test_locks_that_cannot_be_written_say_so(world: World) -> None:
    if world.database.path is None:
        return
    Path(f"{world.database.path}.senders").write_text("in the way")
    with pytest.raises(DatabaseError, match="cannot be written"), senders.sender(world.database, NOW):
        pass


def test_a_sender_that_opened_the_database_by_another_name_is_not_buried(world: World, tmp_path: Path) -> None:
    if world.database.path is None:
        return
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "news.db"
    link.symlink_to(world.database.path)
    alias = connect(f"sqlite:///{link}")
    world.people([1])
    world.open()
    with senders.sender(alias, NOW) as me:
        world.claim(1, sender=me.id)
        assert senders.bury(world.database, NOW) == 0
        assert len(senders.living(world.database)) == 1
    alias.close()


def test_a_server_that_cannot_be_asked_for_a_lock_is_named() -> None:
    gone = connect("postgresql+psycopg://me@127.0.0.1:1/mailer")
    with pytest.raises(DatabaseError, match="no server answers"):
        senders._take(gone, 1)  # pyright: ignore[reportPrivateUsage]  # `bury` has asked for the rows just before
