"""What the terminal sees: the only place that prints."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from mailer.errors import UsageError

# Names and diagnoses come from strangers; a terminal obeys escape sequences.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Text without characters that a terminal would obey instead of showing."""
    return _CONTROL.sub("�", text)


def say(text: str = "") -> None:
    """Print a line for a person."""
    print(clean(text), flush=True)  # noqa: T201  # the only place that prints


def warn(text: str) -> None:
    """Print a line for a person on standard error: what is not the answer itself."""
    print(clean(text), file=sys.stderr, flush=True)  # noqa: T201  # the only place that prints


def say_json(value: Any) -> None:
    """Print one JSON value for a program."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str), flush=True)  # noqa: T201  # as above


def say_json_array(values: Iterable[Any]) -> None:
    """Print a JSON array as its values come, so that a million of them need no memory."""
    print("[", end="")  # noqa: T201  # as above
    comma = ""
    for value in values:
        print(f"{comma}\n  {json.dumps(value, ensure_ascii=False, default=str)}", end="")  # noqa: T201  # as above
        comma = ","
    print("\n]" if comma else "]", flush=True)  # noqa: T201  # as above


def table(rows: Iterable[Sequence[object]], *, head: Sequence[str] = ()) -> None:
    """Print rows in columns as wide as their widest cell."""
    lines = [[clean(str(cell)) for cell in row] for row in rows]
    if head:
        lines.insert(0, list(head))
    if not lines:
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def ask(question: str, *, yes: bool = False) -> bool:
    """Ask a person, who must type y; `yes` is their answer given beforehand (--yes).

    Raises UsageError when nobody sits there to answer: a script must say what it wants.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError(f"{clean(question)} Nobody is here to answer", hint="say it beforehand with --yes")
    print(f"{clean(question)} [y/N] ", end="", file=sys.stderr, flush=True)  # noqa: T201  # as above
    return sys.stdin.readline().strip().lower() in ("y", "yes")
