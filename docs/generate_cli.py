"""Writes docs/cli.md from the commands themselves; a test holds that it is fresh. Run it with `make docs`."""

import io
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import typer.main

from mailer.cli.app import app

PAGE = Path(__file__).with_name("cli.md")

_HEAD = """\
# Commands

Written by `make docs` from the commands themselves. `mailer COMMAND --help` says the same.

Commands work on the folder that they are called in. Every listing takes `--json`. Where a question is asked, `--yes`
answers it beforehand; without it, and with nobody at the terminal, the command stops with exit code 2.

| Exit code | Means |
| --- | --- |
| 0 | done; people who were withheld are done too |
| 1 | an error; nothing was harmed |
| 2 | the command line does not fit together |
| 3 | done, with some uncertain or refused |
| 4 | stopped or paused with people still pending; the same command goes on |
| 130, 143 | Ctrl-C, SIGTERM; the same command goes on |

`mailer check` exits with 1 when it finds an error, and with 0 when all it finds are warnings.
"""


def reference() -> str:
    """The whole page: what `--help` says, command by command."""
    commands = dict(_commands((), typer.main.get_command(app)))
    contents = [
        f"- [`{_title(words)}`](#{_title(words).replace(' ', '-')}): {said}" for words, said in commands.items()
    ]
    sections = [f"## {_title(words)}\n\n```text\n{_help(words)}\n```\n" for words in commands]
    return "\n".join([_HEAD, *contents, "", *sections])


def _title(words: tuple[str, ...]) -> str:
    return " ".join(("mailer", *words))


def _commands(words: tuple[str, ...], command: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every command that does something and its first line, in the order of `--help`; a group only leads to them."""
    inner: dict[str, Any] | None = getattr(command, "commands", None)
    if inner is None:
        yield words, str(command.help or "").strip().partition("\n")[0]
        return
    for word, each in inner.items():
        yield from _commands((*words, word), each)


def _help(words: tuple[str, ...]) -> str:
    # Name and width are said, else the page would depend on who writes it.
    with redirect_stdout(io.StringIO()) as said:
        app([*words, "--help"], prog_name="mailer", terminal_width=100, max_content_width=100, standalone_mode=False)
    return "\n".join(line.rstrip() for line in said.getvalue().strip().splitlines())


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
