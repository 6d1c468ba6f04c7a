"""`mailer subscribers import`: files of people into a newsletter; a plan first, then slice by slice, and what became of each row."""

import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli import import_words as words
from mailer.cli.options import JsonOption, NewsletterOption, YesOption
from mailer.cli.output import ask, say, say_json
from mailer.errors import UsageError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mailer.wiring import Workspace
    from subscribers.imports.gathering import Gathered
    from subscribers.imports.intake import Intake
    from subscribers.imports.layout import Layout
    from subscribers.imports.records import ImportRow
    from subscribers.imports.sheets import Sheet

Progress = Callable[[int], None]

ConsentOption = Annotated[
    str,
    typer.Option(
        "--consent-source", metavar="TEXT", help="Where they agreed to be written to; without it they are unconfirmed."
    ),
]
Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE…", help="CSV, TSV or JSON Lines, also in a gzip or a zip; `-` is the standard input."),
]
MapOption = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="COLUMN=FIELD",
        help="What a column says: email, name, first_name, last_name, tags, status, date, left, not_mailed, a custom "
        "field, or `-` to leave it out. `#3` is the third column. Several times.",
    ),
]


def import_(
    files: Files,
    consent_source: ConsentOption = "",
    map_: MapOption = None,
    fields: Annotated[
        bool, typer.Option("--fields", help="Keep the columns that are not known as custom fields.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
    refused: Annotated[
        Path, typer.Option("--refused", metavar="FOLDER", help="Where the CSV of refused rows is written.")
    ] = Path(),
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Send each unconfirmed person a notice that asks whether they want it.")
    ] = False,
    newsletter: NewsletterOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> int:
    """Take the people of files into a newsletter. Nobody who left or was suppressed is brought back."""
    from mailer.database.engine import viewing  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.gathering import Declined, Gathering, Request  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.intake import Erased, Intake  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.staging import Staging  # noqa: PLC0415  # lazy: heavy

    maps = dict(_map(each) for each in map_ or [])
    if sum(str(path) == "-" for path in files) > 1:
        raise UsageError("the standard input can be read only once", hint="give `-` once")
    workspace = open_workspace()
    slug = workspace.newsletter(newsletter).slug
    request = Request(files, slug, consent_source, maps, keep_fields=fields, refused_folder=refused)
    quiet = as_json

    def agreed(sheet: "Sheet", layout: "Layout") -> bool:
        if not quiet:
            words.say_layout(sheet, layout)
        return not layout.guessed or dry_run or ask("Is that what the columns mean?", yes=yes)

    with workspace.database.connected() as connection:
        with viewing(connection), _bar("reading", _size(files), quiet=quiet, unit="bytes") as progress:
            staging = Staging(connection)
            erased = Erased(connection, workspace.erasure_hashes)
            try:
                found = Gathering(
                    request,
                    staging,
                    erased.asked,
                    workspace.now(),
                    agreed=agreed,
                    progress=progress,
                    standard_input=sys.stdin.buffer,
                ).gather()
            except Declined:
                say("Nothing was changed. Say what the columns mean with --map COLUMN=FIELD.")
                return 1
        if not quiet:
            words.say_warnings(found)
        with viewing(connection):
            intake = Intake(
                connection, staging, erased, newsletter=slug, consent_source=consent_source, read=found.summary
            )
        return _planned_and_applied(workspace, connection, intake, found, request_is=(dry_run, yes, as_json, confirm))


def _planned_and_applied(
    workspace: "Workspace",
    connection: "Connection",
    intake: "Intake",
    found: "Gathered",
    *,
    request_is: tuple[bool, bool, bool, bool],
) -> int:
    from mailer.database.engine import viewing  # noqa: PLC0415  # lazy: heavy

    dry_run, yes, as_json, confirm = request_is
    if dry_run or not yes:
        plan = None
        with viewing(connection), _bar("planning", intake.people, quiet=as_json) as progress:
            for plan in intake.plan():  # noqa: B007  # the last one is whole
                progress(intake.planned)
        assert plan is not None  # noqa: S101  # a plan is given at least once
        if as_json and dry_run:
            say_json(words.plan_as_json(plan, found))
            return 0
        words.say_plan(plan, found)
        if dry_run:
            say("Nothing was changed: this was a dry run.")
            return 0
        if not ask("Import them?", yes=yes):
            say("Nothing was changed.")
            return 1
    row = _applied(workspace, connection, intake, found, quiet=as_json, confirm=confirm)
    if as_json:
        say_json(words.import_as_json(row, found))
    else:
        words.say_done(row, found)
    return 0


def _applied(
    workspace: "Workspace", connection: "Connection", intake: "Intake", found: "Gathered", *, quiet: bool, confirm: bool
) -> "ImportRow":
    """Slice by slice, each in a transaction of its own, with a pause for others in between."""
    from mailer.consent.inviting import invite  # noqa: PLC0415  # lazy: heavy
    from mailer.database.engine import others_wrote, writing  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.applying import Overtaken  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.records import ImportState  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.rhythm import HELD, HELD_ROWS, Rhythm  # noqa: PLC0415  # lazy: heavy

    sqlite = connection.dialect.name == "sqlite"
    rhythm = Rhythm(HELD if sqlite else HELD_ROWS)
    with writing(connection):
        row = intake.begin(found.digest, found.names, workspace.now())
    if row.position and not quiet:
        say(f"Import {row.id} was begun before and not ended: it goes on where it stopped.")
    others = others_wrote(connection)
    with _bar("importing", intake.people, quiet=quiet, done=row.position) as progress:
        while row.state is ImportState.APPLYING:
            began = time.monotonic()
            try:
                with writing(connection):
                    began = time.monotonic()
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
            took = time.monotonic() - began
            progress(later.position - row.position)
            row = later
            pause = rhythm.after(took, others=others(), now=time.monotonic())
            if sqlite:
                workspace.sleep(pause)
    return row


def _map(text: str) -> tuple[str, str]:
    column, separator, role = text.rpartition("=")
    if not separator or not column.strip() or not role.strip():
        raise UsageError(f"--map {text}: there is no `COLUMN=FIELD`", hint="write --map 'E-Mail=email'")
    return column.strip(), role.strip()


def _size(files: list[Path]) -> int | None:
    try:
        return sum(path.stat().st_size for path in files)
    except OSError:
        return None  # the standard input, or a file that is not there, as the reading will say


@contextmanager
def _bar(what: str, total: int | None, *, quiet: bool, done: int = 0, unit: str = "people") -> Generator[Progress]:
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
