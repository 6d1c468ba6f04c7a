"""The root of the command line: `mailer --help` lists what is here."""

import typer

from mailer.cli import (
    database,
    deliveries,
    events,
    issues,
    keys,
    local_ses,
    send,
    serve,
    status,
    subscribers,
    suppressions,
    testing,
    worker,
    workspace,
)

app = typer.Typer(
    name="mailer",
    help="Newsletters from files, through your own Amazon SES account: nobody twice, nobody forgotten.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(workspace.init)
app.command()(workspace.demo)
app.command()(issues.new)
app.command()(issues.check)
app.command()(issues.render)
app.command()(issues.preview)
app.command("test")(testing.send_test)
app.command()(send.send)
app.command()(status.status)
app.command()(status.pause)
app.command()(status.resume)
app.command()(status.cancel)
app.command()(serve.serve)
app.command()(worker.worker)
app.command()(local_ses.local_ses)
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(issues.app, name="issues")
app.add_typer(subscribers.app, name="subscribers")
app.add_typer(suppressions.app, name="suppressions")
app.add_typer(events.app, name="events")
app.add_typer(keys.app, name="keys")
app.add_typer(database.app, name="db")
