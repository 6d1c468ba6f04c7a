"""`mailer db`: the database itself."""

import typer

from mailer.cli.output import say

app = typer.Typer(help="The database itself.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def upgrade() -> None:
    """Bring the schema up to this program. SQLite needs no asking: it is created and upgraded by itself."""
    from mailer.database.engine import connect  # noqa: PLC0415  # lazy: heavy
    from mailer.database.schema import HEAD  # noqa: PLC0415  # lazy: heavy
    from mailer.database.schema import upgrade as run_migrations  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    database = connect(open_workspace().settings.database_url)
    found = run_migrations(database)
    say(f"The schema is {HEAD}." if found == HEAD else f"The schema was {found or 'not there'}, and is {HEAD} now.")
