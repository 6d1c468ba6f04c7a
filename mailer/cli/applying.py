"""Applies an import slice by slice, and takes one back so; each slice in a transaction of its own, with a pause for others."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mailer.cli.output import say, warn
from mailer.errors import MailerError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mailer.wiring import Workspace
    from subscribers.imports.gathering import Gathered
    from subscribers.imports.intake import Intake
    from subscribers.imports.records import ImportRow
    from subscribers.imports.rhythm import Rhythm

Progress = Callable[[int], None]
Stopped = Callable[[], bool]

SLICE = 2000
"""People who are taken back in one transaction."""


def applied(
    workspace: "Workspace",
    connection: "Connection",
    intake: "Intake",
    found: "Gathered",
    *,
    quiet: bool,
    confirm: bool,
    rhythm: "Rhythm | None",
    stopped: Stopped,
) -> "ImportRow":
    """Apply an import to its end, or until it is `stopped`; it may have been begun by a process that was killed."""
    from mailer.consent.inviting import alone, invite  # noqa: PLC0415  # lazy: heavy
    from mailer.database.engine import others_wrote, writing  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.applying import Overtaken  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.records import ImportState  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.rhythm import HELD, HELD_ROWS, Rhythm  # noqa: PLC0415  # lazy: heavy

    sqlite = connection.dialect.name == "sqlite"
    rhythm = rhythm or Rhythm(HELD if sqlite else HELD_ROWS)
    with writing(connection):
        row = intake.begin(found.digest, found.names, workspace.now())
    if row.position and not quiet:
        say(f"Import {row.id} was begun before and not ended: it goes on where it stopped.")
    others = others_wrote(connection)
    with bar("importing", intake.people, quiet=quiet, done=row.position) as progress:
        while row.state is ImportState.APPLYING and not stopped():
            began = time.monotonic()
            try:
                with writing(connection):
                    began = time.monotonic()
                    if confirm:
                        alone(connection)
                    later = intake.apply(row, rhythm.size, workspace.now())
                    if confirm:
                        found.invited += invite(
                            connection,
                            row.newsletter,
                            intake.unconfirmed(row.position, later.position),
                            import_id=row.id,
                            key=workspace.settings.keys()[0],
                            draw=workspace.number,
                            now=workspace.now(),
                        )
            except Overtaken:
                continue
            except MailerError:
                warn(f"Import {row.id} is stopped, with {row.position:,} of {intake.people:,} rows done.")
                raise
            took = time.monotonic() - began
            progress(later.position - row.position)
            row = later
            pause = rhythm.after(took, others=others(), now=time.monotonic())
            if sqlite:
                workspace.sleep(pause)
    return row


def take_back(workspace: "Workspace", number: int, *, size: int = SLICE, stopped: Stopped = lambda: False) -> None:
    """Take an import back to its end, or until it is `stopped`; it may have been begun by a process that was killed."""
    from mailer.consent.inviting import withdraw  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.written_to import written_to  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports import records  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.undoing import Undoing  # noqa: PLC0415  # lazy: heavy

    with workspace.transaction() as connection:
        row = records.to_undo(connection, number)
        withdraw(connection, number)
    undoing = Undoing(row, written_to())
    after, ended = 0, False
    while not ended and not stopped():
        with workspace.transaction() as connection:
            done = undoing.undo(connection, after, size, workspace.now())
        after, ended = done.after, done.ended
        workspace.sleep(0.005)  # whoever waits for the one place to write in SQLite gets it here


@contextmanager
def bar(what: str, total: int | None, *, quiet: bool, done: int = 0, unit: str = "people") -> Generator[Progress]:
    """Draws a bar on standard error, if a person looks at it."""
    if quiet or not sys.stderr.isatty():
        yield lambda _number: None
        return
    from rich.console import Console  # noqa: PLC0415  # lazy: only for a person at a terminal
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415
    from rich.progress import TimeRemainingColumn as Left  # noqa: PLC0415  # lazy, as above

    column = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    with Progress(
        TextColumn("{task.description}"), BarColumn(), column, Left(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(what, total=total, completed=done)
        yield lambda number: bar.advance(task, number)
