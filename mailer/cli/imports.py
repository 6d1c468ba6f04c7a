"""`mailer subscribers imports` and `undo-import`: what was imported, and taking it back."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailer.cli.applying import take_back
from mailer.cli.options import JsonOption, NewsletterOption, YesOption
from mailer.cli.output import ask, say, say_json, table
from mailer.cli.signals import SIGNALLED, stop_signals
from mailer.cli.words import count

if TYPE_CHECKING:
    from subscribers.imports.records import ImportRow


def imports(newsletter: NewsletterOption = None, as_json: JsonOption = False) -> None:
    """List the imports of a newsletter, the newest first."""
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.records import all_imports  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    slug = workspace.newsletter(newsletter).slug
    with workspace.reading() as connection:
        found = all_imports(connection, slug)
    if as_json:
        say_json([_as_json(row) for row in found])
        return
    if not found:
        say(f"Nothing was imported into {slug} yet.")
        return
    table(
        [
            (
                row.id,
                f"{row.at:%Y-%m-%d %H:%M}",
                row.state,
                f"{row.counts.added:,}",
                f"{row.counts.changed:,}",
                f"{sum(row.counts.ended.values()):,}",
                _named(row),
            )
            for row in found
        ],
        head=("import", "begun (UTC)", "state", "added", "changed", "not to be mailed", "files"),
    )


def undo_import(
    number: Annotated[int, typer.Argument(metavar="ID", help="The import's number.", min=1)],
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> int:
    """Take an import back: exactly what it did, and nothing that anybody did since."""
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports import records  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.records import ImportState  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    with workspace.reading() as connection:
        row = records.find(connection, number)
    signalled = None
    if row.state is not ImportState.UNDONE:
        changed = row.counts.added + row.counts.changed + sum(row.counts.ended.values())
        question = (
            f"Import {row.id} of {_named(row)} into {row.newsletter}, {row.at:%Y-%m-%d}: "
            f"what it did to {count(changed, 'person', 'people')} is taken back. Go on?"
        )
        if not ask(question, yes=yes):
            say("Nothing was changed.")
            return 1
        with stop_signals("Stopping after this step; Ctrl-C again stops at once.", at_once=True) as stop:
            take_back(workspace, number, stopped=stop.asked)
        signalled = stop.number
        with workspace.reading() as connection:
            row = records.find(connection, number)
    ended = row.state is ImportState.UNDONE
    if as_json:
        say_json(_as_json(row))
    elif ended:
        say(f"Import {row.id} is taken back. Whoever did something since then keeps that.")
    else:
        say(f"Import {row.id} is taken back in part. The same command goes on.")
    return 0 if ended or signalled is None else SIGNALLED + signalled


def _named(row: "ImportRow") -> str:
    first, *others = row.files
    return f"{first} and {len(others)} more" if others else first


def _as_json(row: "ImportRow") -> dict[str, Any]:
    return {
        "import": row.id,
        "newsletter": row.newsletter,
        "state": row.state.value,
        "files": list(row.files),
        "consent_source": row.consent_source,
        "begun_at": row.at.isoformat(),
        "ended_at": None if row.ended_at is None else row.ended_at.isoformat(),
        **row.counts.as_json(),
    }
