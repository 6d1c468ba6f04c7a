"""`mailer events`: what became of letters comes in here, from a queue or a file; what could not be read is tried again."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailer.cli.events_progress import shown_bytes, shown_events
from mailer.cli.options import JsonOption
from mailer.cli.output import say, say_json, say_json_array, say_lines, warn
from mailer.cli.signals import SIGNALLED, Stop, stop_signals
from mailer.cli.words import count

if TYPE_CHECKING:
    from mailer.errors import MailerError
    from mailer.feedback.aside import Aside
    from mailer.feedback.values import Taken
    from mailer.wiring import Workspace

app = typer.Typer(
    help="What became of letters: deliveries, bounces, complaints.", no_args_is_help=True, rich_markup_mode=None
)

_SOME_UNREADABLE = 3


@app.command()
def poll(
    once: Annotated[bool, typer.Option("--once", help="Take in what is there, and end.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Take in the events of the SQS queue MAILER_EVENTS_QUEUE_URL, until Ctrl-C."""
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring.intake import Intake  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    intake = Intake(workspace)
    with (
        stop_signals("Stopping: what was received is taken in first.") as stop,
        shown_events(workspace) as observe,
        intake.polling(stopped=stop.asked, observe=observe, trouble=say_trouble) as loop,
    ):
        intake.take_in([])  # what is wrong with the database is said before anything is received
        if not (once or as_json):
            warn(f"Reading {workspace.settings.events_queue_url} until Ctrl-C.")
        loop.once() if once else loop.for_ever()
    return _report(workspace, loop.taken + intake.found, stop, as_json=as_json)


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON Lines: events of SES, bare or as SNS wraps them.")],
    as_json: JsonOption = False,
) -> int:
    """Take in the events of a file. Those that are here already change nothing."""
    from mailer.ses.replaying import replay  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring.intake import Intake  # noqa: PLC0415  # lazy: heavy

    bad: list[int] = []

    def say_bad(number: int, reason: str) -> None:
        bad.append(number)
        warn(f"{file}:{number}: {reason}")

    workspace = open_workspace()
    intake = Intake(workspace)
    with stop_signals("Stopping after this batch.") as stop, shown_bytes(file) as observe:
        taken = replay(file, intake.take_in, stopped=stop.asked, observe=observe, bad=say_bad)
    return _report(workspace, taken, stop, as_json=as_json, bad=len(bad))


@app.command()
def errors(
    again: Annotated[bool, typer.Option("--replay", help="Try each of them once more.")] = False,
    as_json: JsonOption = False,
) -> int:
    """List what came in and could not be read. It is kept until it can be, or until its time is over."""
    from mailer.feedback.aside import list_aside, try_again  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring.intake import Intake  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    intake = Intake(workspace)
    if again:
        with stop_signals("Stopping after this one.") as stop:
            taken = try_again(workspace.database, intake.take_in, stopped=stop.asked)
        return _report(workspace, taken, stop, as_json=as_json)
    with workspace.reading() as connection:
        found = list_aside(connection)
        if as_json:
            say_json_array(_as_json(one) for one in found)
            return 0
        first = next(found, None)
        if first is None:
            say("Nothing was kept aside.")
            return 0
        say_lines(_as_line(one) for one in chain([first], found))
    say("Their content: mailer events errors --json. To try them once more: mailer events errors --replay")
    return 0


def say_trouble(error: "MailerError | None") -> None:
    """Tell a person that a try failed and is made again, or that it works again."""
    if error is None:
        warn("It works again.")
        return
    warn(f"{error}\n  trying again; {error.hint}")


def _report(workspace: "Workspace", taken: "Taken", stop: Stop, *, as_json: bool, bad: int = 0) -> int:
    if as_json:
        say_json(_taken_as_json(taken, bad))
    else:
        say_lines(_lines(workspace, taken))
    if stop.number is not None:
        return SIGNALLED + stop.number
    return _SOME_UNREADABLE if taken.unreadable or bad else 0


def _lines(workspace: "Workspace", taken: "Taken") -> Iterator[str]:
    yield f"{count(taken.new, 'event', 'events')} taken in; {taken.repeated:,} more were here already."
    if taken.adopted:
        yield f"{count(taken.adopted, 'earlier event', 'earlier events')} found the letter in the ledger now."
    if taken.settled:
        yield f"{count(taken.settled, 'delivery that was', 'deliveries that were')} uncertain or in a call: accepted now."
    for newsletter, issue, reason in taken.paused:
        named = workspace.naming(newsletter, issue)
        yield f"Issue {issue} of {newsletter} is paused now ({reason}): mailer status {named}"
    if taken.suppressed:
        yield f"{count(taken.suppressed, 'address is', 'addresses are')} suppressed now: mailer suppressions list"
    if taken.orphans:
        yield f"{taken.orphans:,} of them are about letters that are not in the ledger."
    if taken.unreadable:
        yield f"{taken.unreadable:,} could not be read and are kept aside: mailer events errors"


def _taken_as_json(taken: "Taken", bad: int) -> dict[str, Any]:
    return {
        "new": taken.new,
        "repeated": taken.repeated,
        "ignored": taken.ignored,
        "unreadable": taken.unreadable + bad,
        "orphans": taken.orphans,
        "adopted": taken.adopted,
        "settled": taken.settled,
        "suppressed": taken.suppressed,
        "paused": [
            {"newsletter": newsletter, "issue": issue, "reason": reason} for newsletter, issue, reason in taken.paused
        ],
    }


def _as_line(one: "Aside") -> str:
    return f"{one.id:<6} {one.heard_at:%Y-%m-%d %H:%M}  {one.origin or '-'}  {' '.join(one.problem.split())}"


def _as_json(one: "Aside") -> dict[str, Any]:
    return {
        "id": one.id,
        "heard_at": one.heard_at.isoformat(),
        "origin": one.origin,
        "problem": one.problem,
        "raw": one.raw,
    }
