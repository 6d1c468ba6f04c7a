"""The root of the command line: `mailer --help` lists what is here."""

import typer

from mailer.cli import subscribers

app = typer.Typer(
    name="mailer",
    help="Newsletters from files, through your own Amazon SES account: nobody twice, nobody forgotten.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(subscribers.app, name="subscribers")
