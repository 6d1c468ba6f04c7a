"""Which disk is full: SQLite says the same of the database's and of the one that its temporary files lie on."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from mailer.errors import DatabaseError

_USUAL = ("/var/tmp", "/usr/tmp", "/tmp", ".")  # noqa: S108  # where SQLite looks; nothing is opened there by us


def temporary_folder(environment: Mapping[str, str]) -> Path:
    """Where SQLite puts temporary tables and large sorts: https://www.sqlite.org/tempfiles.html, "temporary file storage locations"."""
    chosen = [environment.get("SQLITE_TMPDIR"), environment.get("TMPDIR"), *_USUAL]
    folders = [Path(each) for each in chosen if each]
    return next((each for each in folders if each.is_dir() and os.access(each, os.W_OK | os.X_OK)), Path())


def no_temporary_room(
    database: Path, temporary: Path, free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free
) -> DatabaseError | None:
    """The error for a full disk, when it is the one of the temporary files; None: it is the database's own.

    Asked as long as those files are there. `free` says how many bytes are left where a folder lies.
    """
    try:
        elsewhere = free(temporary) < free(database.parent)
    except OSError:
        return None
    if not elsewhere:
        return None
    return DatabaseError(
        f"the folder of temporary files {temporary.resolve()}: its disk is full",
        hint="make room there, or let SQLITE_TMPDIR and TMPDIR name a folder on a larger disk; then run the same command "
        "again: what was committed is safe",
    )
