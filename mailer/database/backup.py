"""Copies a database out whole while it is in use, and puts such a copy in its place.

What a restored database means for its mailings is not decided here: see `mailer.sending.restoring`.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy.engine import URL

from mailer.database.engine import Database, connect
from mailer.database.schema import revision, upgrade
from mailer.errors import DatabaseError

_PAGES = 2000
"""Pages a step: about 8 MB, after which writers get a turn."""

_HINT = "name a file in a folder that you may write to, on a disk with room for the database"


def back_up(database: Database, target: Path) -> None:
    """Write a whole copy of the database to a new file of mode 0600, while senders and readers go on.

    Raises DatabaseError when the file is there already, or cannot be written; then no half of one is left.
    """
    if target.exists():
        raise DatabaseError(f"{target} is there already", hint="a backup never overwrites one: name another file")
    draft = target.with_name(f".{target.name}.part")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        if database.path is not None:
            _copy_sqlite(database.path, draft)
        else:
            _run(database.engine.url, ["pg_dump", "--format=custom", f"--file={draft}"])
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        os.link(draft, target)  # not a rename: that would write over a backup that came to stand there
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(f"{target}: the backup cannot be written: {error}", hint=_HINT) from error
    finally:
        draft.unlink(missing_ok=True)


def put_back(database: Database, source: Path, prepare: Callable[[Database], None]) -> Path | None:
    """Replace the database's content by a backup's; where the former content was kept, if it was.

    `prepare` sees the backup, brought up to this program's schema, before anyone else does. SQLite's content is
    replaced in one step, for every process that has it open; PostgreSQL's in one transaction.
    Raises DatabaseError for a file that is no sound backup of ours; then nothing was changed.
    """
    if not source.is_file():
        raise DatabaseError(f"there is no backup {source}", hint="name the file that `mailer db backup` wrote")
    if database.path is None:
        _run(
            database.engine.url,
            ["pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error"],
            str(source),
        )
        upgrade(database)
        prepare(database)
        return None
    former = _free_name(database.path.with_name(f"{database.path.name}.before-restore"))
    draft = database.path.with_name(f".{database.path.name}.restore")
    try:
        shutil.copyfile(source, draft)
        draft.chmod(0o600)
        _must_be_sound(draft, source)
        with closing(connect(f"sqlite:///{draft}")) as copy:
            with copy.reading() as connection:
                if not revision(connection):
                    raise DatabaseError(f"{source} is empty", hint="name the file that `mailer db backup` wrote")
            upgrade(copy)
            prepare(copy)
        back_up(database, former)
        _copy_sqlite(draft, database.path)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseError(
            f"{source}: cannot be restored: {error}", hint="nothing was changed; look at the disk"
        ) from error
    finally:
        for name in (draft, *(draft.with_name(f"{draft.name}{suffix}") for suffix in ("-wal", "-shm"))):
            with suppress(OSError):
                name.unlink()
    return former


def _copy_sqlite(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy, pages=_PAGES)


def _must_be_sound(draft: Path, source: Path) -> None:
    try:
        with closing(sqlite3.connect(draft)) as copy:
            verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise DatabaseError(
            f"{source} is not an SQLite database", hint="name the file that `mailer db backup` wrote"
        ) from error
    if verdict != "ok":
        raise DatabaseError(f"{source} is damaged: {verdict}", hint="take an older backup; nothing was changed")


def _free_name(path: Path) -> Path:
    number = 1
    found = path
    while found.exists():
        number += 1
        found = path.with_name(f"{path.name}-{number}")
    return found


def _run(url: URL, command: list[str], *rest: str) -> None:
    """One of PostgreSQL's own tools. The password goes by the environment: a process list shows every argument."""
    program = shutil.which(command[0])
    if program is None:
        raise DatabaseError(
            f"{command[0]} is not installed here",
            hint="install PostgreSQL's client programs of the server's version; docs/runbook.md shows the commands to type",
        )
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    done = subprocess.run(  # noqa: S603  # no shell, and every word is ours
        [program, *command[1:], f"--dbname={plain}", *rest],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise DatabaseError(
            f"{command[0]} failed: {said[-1]}", hint="nothing was changed; docs/runbook.md shows the commands"
        )
