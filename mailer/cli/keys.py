"""`mailer keys rotate`: a new key signs what is signed from now on; old links keep working."""

import typer

from mailer.cli.output import say

app = typer.Typer(help="The keys that sign links.", no_args_is_help=True)


@app.callback()
def keys() -> None:
    """The keys that sign links."""


@app.command()
def rotate() -> None:
    """Put a new key in front of MAILER_SECRET_KEYS in .env; links that the old ones signed stay good."""
    import os  # noqa: PLC0415  # lazy: only here
    import secrets  # noqa: PLC0415  # lazy: only here
    from pathlib import Path  # noqa: PLC0415  # lazy: only here

    from mailer.errors import SettingsError  # noqa: PLC0415  # lazy: only here
    from mailer.keyring import NAME, put_in_front  # noqa: PLC0415  # lazy: heavy

    if os.environ.get(NAME):
        raise SettingsError(
            f"{NAME} is set in the environment, which wins over .env: a key in .env would sign nothing",
            hint=f"put a new key in front where it is set: {NAME}=new,old (and never take an old one away)",
        )
    count = put_in_front(Path(".env"), secrets.token_urlsafe(32))
    say(f"""\
A new key stands in front of {NAME} in .env; there are {count} now, and links signed by any of them are good.

Next:
  on every other machine: copy {NAME} from here before anything signs with it, or links made here are refused there
  everywhere: start `mailer serve` anew first, then whatever sends; a program that runs keeps the keys it began with
  keep the old keys: letters are kept for years, and only they can open their links""")
