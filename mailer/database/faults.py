"""What a database says when it fails, in words for the person who must mend it."""

import re

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from mailer.errors import DatabaseBusy, DatabaseError

_BUSY = ("database is locked", "lock timeout", "deadlock detected")
"""What passes by itself: another process held what was needed."""

# Part of the driver's message -> what happened, and what to do next. The first that fits is said.
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        "database is locked",
        "another process holds the database",
        "wait until it is done (an import, a backup, an open sqlite3 shell?) and run the same command again",
    ),
    ("disk is full", "the disk is full", "make room, then run the same command again: what was committed is safe"),
    ("No space left", "the disk is full", "make room, then run the same command again: what was committed is safe"),
    ("disk i/o error", "the disk cannot be written", "look at its space and health, then run the same command again"),
    ("readonly database", "it cannot be written", "give this user write access to the file and its folder"),
    ("Read-only file system", "its disk is read-only", "move it, or mount the disk for writing"),
    ("Permission denied", "this user may not open it", "give this user access to the file and its folder"),
    ("unable to open database file", "it cannot be opened", "does its folder exist, and may this user write there?"),
    # Before "No such file": PostgreSQL on a socket of this machine says both.
    ("Is the server running", "no server answers there", "is PostgreSQL running, and are host and port right?"),
    ("the database system is", "the server is starting or stopping", "run the same command again when it is ready"),
    ("No such file or directory", "its folder does not exist", "make the folder, or mend MAILER_DATABASE_URL"),
    ("Is a directory", "it is a folder, not a file", "mend MAILER_DATABASE_URL"),
    ("file is not a database", "it is not an SQLite database", "mend MAILER_DATABASE_URL, or move the file away"),
    ("malformed", "it is damaged", "restore a backup; do not send before you have: the ledger may be incomplete"),
    ("Connection refused", "no server answers there", "is PostgreSQL running, and are host and port right?"),
    ("password authentication failed", "the server refuses the user or password", "mend MAILER_DATABASE_URL"),
    ("server closed the connection", "the server went away", "run the same command again when it is back"),
    ("connection is closed", "the server went away", "run the same command again when it is back"),
    ("connection is lost", "the server went away", "run the same command again when it is back"),
    ("terminating connection", "the server closed the connection", "run the same command again when it is back"),
    (
        "read-only transaction",
        "it may only be read",
        "is this a standby? let MAILER_DATABASE_URL name the server that takes writes",
    ),
    (
        "lock timeout",
        "another process holds it",
        "wait until it is done (an import, a backup?) and run the same command again",
    ),
    (
        "deadlock detected",
        "two processes were in each other's way",
        "run the same command again: what was committed is safe",
    ),
    ("does not exist", "something is missing there", "run `mailer db upgrade`, or mend MAILER_DATABASE_URL"),
)

# PostgreSQL names the file: of a sort, or of a temporary table.
_OF_TEMPORARY = re.compile(r'(?s)(?:pgsql_tmp|"[^"]*/t[0-9]+_[0-9]+[^"]*").*No space left')


def translated(error: DBAPIError | OSError, url: URL) -> DatabaseError:
    """The error that a person reads; the driver's own stays its cause. The URL's password is never shown."""
    said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    where = url.database if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)
    if _OF_TEMPORARY.search(said):
        return DatabaseError(
            f"the database {where}: its server has no room left for temporary tables",
            hint="make room on the server's disk, or let its setting temp_tablespaces name a larger one; then run the same "
            "command again: what was committed is safe",
        )
    for part, what, hint in _KNOWN:
        if part.lower() in said.lower():
            found = DatabaseBusy if part in _BUSY else DatabaseError
            return found(f"the database {where}: {what}", hint=hint)
    return DatabaseError(f"the database {where}: {said}")
