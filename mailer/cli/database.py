"""`mailer db`: the database itself."""

from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.options import YesOption
from mailer.cli.output import ask, say

app = typer.Typer(help="The database itself.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def upgrade() -> None:
    """Bring the schema up to this program. SQLite needs no asking: it is created and upgraded by itself."""
    from mailer.database.engine import connect  # noqa: PLC0415  # lazy: heavy
    from mailer.database.schema import HEAD  # noqa: PLC0415  # lazy: heavy
    from mailer.database.schema import upgrade as run_migrations  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    database = connect(workspace.settings.database_url)
    found = run_migrations(database)
    say(f"The schema is {HEAD}." if found == HEAD else f"The schema was {found or 'not there'}, and is {HEAD} now.")


@app.command()
def backup(file: Annotated[Path, typer.Argument(metavar="FILE", help="The new file to write.")]) -> None:
    """Copy the database to a file, whole and consistent, while everything goes on."""
    from mailer.database.backup import back_up  # noqa: PLC0415  # lazy: heavy
    from mailer.database.schema import open_database  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    # In a wrong folder an empty database would be made, and the backup of it would look like one.
    back_up(open_database(open_workspace().settings.database_url, create=False), file)
    say(f"{file}: {file.stat().st_size / 1e6:,.1f} MB. It holds addresses: keep it as safe as the database.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `mailer db backup` wrote.")],
    yes: YesOption = False,
) -> int:
    """Put a backup in the database's place; its unfinished mailings are paused until you say otherwise."""
    from mailer.database.engine import connect  # noqa: PLC0415  # lazy: heavy
    from mailer.database.schema import upgrade as run_migrations  # noqa: PLC0415  # lazy: heavy
    from mailer.sending.restoring import restore as put_back  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    if not ask(f"Replace everything in the database by {file}?", yes=yes):
        say("Nothing was changed.")
        return 1
    workspace = open_workspace()
    database = connect(workspace.settings.database_url)
    run_migrations(database)
    restored = put_back(database, file)
    say(f"Restored from {file}.")
    if restored.former is not None:
        say(f"What was there before lies in {restored.former}.")
    for newsletter, issue in restored.paused:
        named = workspace.naming(newsletter, issue)
        say(
            f"Issue {issue} of {newsletter} is paused (restored): it was unfinished when the backup was made. Whoever got it "
            f"since then is pending here, and would get it twice. Compare with what your transport says went out; then "
            f"`mailer resume {named}` and `mailer send {named}`, or `mailer cancel {named}`."
        )
    say(
        "Issues that were sent, and people who left, after the backup was made are not in it: look at both before you send."
    )
    return 0
