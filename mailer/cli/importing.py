"""`mailer subscribers import`: files of people into a newsletter; a plan first, then slice by slice, and what became of each row."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, TextIO, cast

import typer

from mailer.cli import import_words as words
from mailer.cli.applying import applied, bar
from mailer.cli.options import JsonOption, NewsletterOption, YesOption
from mailer.cli.output import ask, say, say_json
from mailer.cli.signals import SIGNALLED, nothing_changed_yet, stop_signals
from mailer.errors import UsageError
from subscribers.imports.wanted import Everybody

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mailer.wiring import Workspace
    from subscribers.imports.gathering import Gathered, Request
    from subscribers.imports.intake import Intake, Plan
    from subscribers.imports.layout import Layout
    from subscribers.imports.rhythm import Rhythm
    from subscribers.imports.sheets import Sheet

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
    everybody: Annotated[
        Everybody | None,
        typer.Option("--as", help="What everybody in the files is, e.g. unsubscribed: those are then never mailed."),
    ] = None,
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
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.gathering import Request  # noqa: PLC0415  # lazy: heavy

    maps = dict(_map(each) for each in map_ or [])
    if sum(str(path) == "-" for path in files) > 1:
        raise UsageError("the standard input can be read only once", hint="give `-` once")
    workspace = open_workspace()
    slug = workspace.newsletter(newsletter).slug
    request = Request(
        files, slug, consent_source, maps, keep_fields=fields, refused_folder=refused, everybody=everybody
    )
    return take_in(workspace, Asked(request, dry_run=dry_run, confirm=confirm, yes=yes, as_json=as_json))


@dataclass(frozen=True)
class Asked:
    """An import as a person asked for it."""

    request: "Request"
    dry_run: bool
    confirm: bool
    yes: bool
    as_json: bool


def take_in(workspace: "Workspace", asked: Asked, rhythm: "Rhythm | None" = None) -> int:
    """Read, plan, ask, apply and say; the exit code. `rhythm` None: as the database needs it."""
    from mailer.database.engine import viewing  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.gathering import Declined, Gathering  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.intake import Erased, Intake  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.staging import Staging  # noqa: PLC0415  # lazy: heavy

    request, quiet = asked.request, asked.as_json

    def agreed(sheet: "Sheet", layout: "Layout") -> bool:
        if not quiet:
            words.say_layout(sheet, layout)
        return not layout.guessed or asked.dry_run or ask("Is that what the columns mean?", yes=asked.yes)

    with workspace.database.connected() as connection:
        with (
            nothing_changed_yet(),
            viewing(connection),
            bar("reading", _size(request.files), quiet=quiet, unit="bytes") as progress,
        ):
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
                    standard_input=_standard_input(),
                ).gather()
            except Declined:
                say("Nothing was changed. Say what the columns mean with --map COLUMN=FIELD.")
                return 1
        if not quiet:
            words.say_warnings(found)
        with viewing(connection):
            intake = Intake(
                connection,
                staging,
                erased,
                newsletter=request.newsletter,
                consent_source=request.consent_source,
                read=found.summary,
            )
        return _planned_and_applied(workspace, connection, intake, found, asked, rhythm)


def _planned_and_applied(
    workspace: "Workspace",
    connection: "Connection",
    intake: "Intake",
    found: "Gathered",
    asked: Asked,
    rhythm: "Rhythm | None",
) -> int:
    as_json = asked.as_json
    if asked.dry_run or not asked.yes:
        with nothing_changed_yet():
            plan, notices = _planned(workspace, connection, intake, asked)
            if as_json and asked.dry_run:
                say_json(words.plan_as_json(plan, found, notices))
                return 0
            words.say_plan(plan, found, notices)
            if asked.dry_run:
                say("Nothing was changed: this was a dry run.")
                return 0
        if not ask("Import them?", yes=asked.yes):
            say("Nothing was changed.")
            return 1
    with stop_signals("Stopping after this step; Ctrl-C again stops at once.", at_once=True) as stop:
        row = applied(
            workspace,
            connection,
            intake,
            found,
            quiet=as_json,
            confirm=asked.confirm,
            rhythm=rhythm,
            stopped=stop.asked,
        )
    ended = row.ended_at is not None
    if as_json:
        say_json(words.import_as_json(row, found))
    elif ended:
        words.say_done(row, found)
    else:
        words.say_stopped(row, intake.people)
    return 0 if ended or stop.number is None else SIGNALLED + stop.number


def _planned(
    workspace: "Workspace", connection: "Connection", intake: "Intake", asked: Asked
) -> "tuple[Plan, words.Notices | None]":
    """What would happen, and what --confirm would send."""
    from mailer.consent.inviting import uninvited  # noqa: PLC0415  # lazy: heavy
    from mailer.database.engine import viewing  # noqa: PLC0415  # lazy: heavy

    plan, marks = None, set[str]()
    with viewing(connection), bar("planning", intake.people, quiet=asked.as_json) as progress:
        for plan in intake.plan():  # noqa: B007  # the last one is whole
            progress(intake.planned)
            if asked.confirm:
                key = workspace.settings.keys()[0]
                marks |= uninvited(connection, intake.planned_unconfirmed(), key=key, now=workspace.now())
    assert plan is not None  # noqa: S101  # a plan is given at least once
    if not asked.confirm:
        return plan, None
    return plan, words.Notices(len(marks), workspace.rate(None) if marks else None)


def _standard_input() -> IO[bytes]:
    """What is piped in; nothing where there is no standard input at all, as `<&-` has it."""
    stream = cast("TextIO | None", sys.stdin)  # its type says that it is always there
    return BytesIO() if stream is None else stream.buffer


def _map(text: str) -> tuple[str, str]:
    column, separator, role = text.rpartition("=")
    if not separator or not column.strip() or not role.strip():
        raise UsageError(f"--map {text}: there is no `COLUMN=FIELD`", hint="write --map 'E-Mail=email'")
    return column.strip(), role.strip()


def _size(files: Sequence[Path]) -> int | None:
    try:
        return sum(path.stat().st_size for path in files)
    except OSError:
        return None  # the standard input, or a file that is not there, as the reading will say
