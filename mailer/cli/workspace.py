"""`mailer init` makes a workspace of one's own; `mailer demo` shows the whole loop on sample data."""

from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.output import say


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make, e.g. my-news.")],
    title: Annotated[str, typer.Option("--title", help="The newsletter's name; else made from the folder's.")] = "",
) -> None:
    """Make a workspace: newsletter.yaml, a first issue, and a .env with a fresh key."""
    import secrets  # noqa: PLC0415  # lazy: only here
    from datetime import UTC, datetime  # noqa: PLC0415  # lazy: only here

    from mailer.workspaces import make_workspace  # noqa: PLC0415  # lazy: heavy

    made = make_workspace(folder, title=title, key=secrets.token_urlsafe(32), today=datetime.now(UTC).date())
    for path in made.files:
        say(f"  {path}")
    say(f"""
Next:
  cd {folder}
  $EDITOR {made.newsletter.relative_to(folder)}   your name, your address: the law asks for them
  mailer subscribers add you@example.org --consent-source "it is me"
  mailer preview --issue 1
  mailer send --issue 1""")


def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to put it; made anew each time.")] = Path("demo"),
) -> int:
    """Send issue 54 of a sample newsletter to sample people, on this machine only."""
    from mailer.cli.demo import perform  # noqa: PLC0415  # lazy: heavy

    root = context.find_root().command

    def run(arguments: list[str]) -> int:
        return int(root.main(args=arguments, prog_name="mailer", standalone_mode=False) or 0)

    return perform(folder, run)
