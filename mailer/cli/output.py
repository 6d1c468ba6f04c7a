"""What the terminal sees: the only place that prints."""

import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO, cast

from mailer.errors import MailerError, UsageError

# Names and diagnoses come from strangers; a terminal obeys escape sequences.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

_AT_ONCE = 500
"""Lines that are handed over together."""

_WIDEST = 100
"""Characters of a line of prose, however wide the terminal is: longer ones are hard to read."""


def clean(text: str) -> str:
    """Text without characters that a terminal would obey instead of showing."""
    return _CONTROL.sub("�", text)


def any_locale() -> None:
    """Let the streams print every character, whatever the locale: what it does not have is written as its number.

    In the C locale the first person called Zoë would end a listing.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a test may have put something else in their place
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def say(text: str = "") -> None:
    """Print a line for a person."""
    _out(f"{clean(text)}\n")


def say_prose(text: str) -> None:
    """Print sentences for a person, whole words to a line of their terminal."""
    say(_in_lines(text, sys.stdout))


def _in_lines(text: str, stream: TextIO) -> str:
    """Paragraphs broken into the lines of a terminal, as they are for a file or a pipe."""
    if not stream.isatty():
        return text
    width = min(_WIDEST, shutil.get_terminal_size().columns)
    broken = (textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) for line in text.split("\n"))
    return "\n".join(broken)


def say_lines(lines: Iterable[str]) -> None:
    """Print lines for a person as they come, until there is none left, or nobody who reads (`… | head`)."""
    # Not line by line: a million of them would be handed to the system one by one.
    for some in _batches(f"{line}\n" for line in lines):
        if not _out(clean(some)):
            return


def say_lines_or(lines: Iterable[str], nothing: str) -> None:
    """As `say_lines`; where there is no line, `nothing` is said on standard error: an empty page could be a fault."""
    rest = iter(lines)
    first = next(rest, None)
    if first is None:
        warn(nothing)
        return
    say_lines(chain([first], rest))


def say_file(pieces: Iterable[str]) -> None:
    """Print a file's text as it comes; unchanged, unless a terminal would obey what stands in it."""
    harmless = clean if sys.stdout.isatty() else str
    for some in _batches(pieces):
        if not _out(harmless(some)):
            return


def _batches(pieces: Iterable[str]) -> Iterator[str]:
    rest = iter(pieces)
    while some := "".join(islice(rest, _AT_ONCE)):
        yield some


def warn(text: str) -> None:
    """Print a line for a person on standard error: what is not the answer itself."""
    print(clean(text), file=sys.stderr, flush=True)  # noqa: T201  # the only place that prints


def say_json(value: Any) -> None:
    """Print one JSON value for a program."""
    _out(f"{_json(value, indent=2)}\n")


def say_json_array(values: Iterable[Any]) -> None:
    """Print a JSON array as its values come, so that a million of them need no memory."""
    separator, last = "[\n  ", "[]\n"
    texts = map(_json, values)
    while some := list(islice(texts, _AT_ONCE)):
        if not _out(separator + ",\n  ".join(some)):
            return
        separator, last = ",\n  ", "\n]\n"
    _out(last)


def _json(value: Any, *, indent: int | None = None) -> str:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    # backslashreplace knows nothing of JSON: `\xeb` would be no JSON.
    text = _encoder(encoding.lower() != "utf-8", indent).encode(value)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


@cache
def _encoder(only_ascii: bool, indent: int | None) -> json.JSONEncoder:
    return json.JSONEncoder(ensure_ascii=only_ascii, indent=indent, default=str)


def _out(text: str) -> bool:
    """Print; False when nobody reads any more.

    A command goes on all the same, and its exit code says what it did: `mailer send | head` must not stop between the
    freeze and the first letter. Raises MailerError when what it prints to is full.
    """
    try:
        print(text, end="", flush=True)  # noqa: T201  # the only place that prints
    except BrokenPipeError:
        _print_nowhere()
        return False
    except OSError as error:
        _print_nowhere()
        raise MailerError(
            f"the answer cannot be printed: {error.strerror}", hint="look at where the output goes, then ask again"
        ) from error
    return True


def _print_nowhere() -> None:
    """Later prints, and Python's own flush at the end, would fail again, the latter with an exit code of its own."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def table(rows: Iterable[Sequence[object]], *, head: Sequence[str] = ()) -> None:
    """Print rows in columns as wide as their widest cell."""
    lines = [[clean(str(cell)) for cell in row] for row in rows]
    if head:
        lines.insert(0, list(head))
    if not lines:
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    say_lines("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def ask(question: str, *, yes: bool = False) -> bool:
    """Ask a person, who must type y; `yes` is their answer given beforehand (--yes).

    Raises UsageError when nobody sits there to answer: a script must say what it wants.
    """
    if yes:
        return True
    someone = cast("TextIO | None", sys.stdin)  # None where there is no standard input at all, as `<&-` has it
    if someone is None or not someone.isatty():
        raise UsageError(f"{clean(question)} Nobody is here to answer", hint="say it beforehand with --yes")
    try:
        print(f"{_in_lines(f'{clean(question)} [y/N]', sys.stderr)} ", end="", file=sys.stderr, flush=True)  # noqa: T201  # as above
        answer = sys.stdin.readline()
        if not answer:
            warn("")  # Ctrl-D leaves the cursor behind the question
        return answer.strip().lower() in ("y", "yes")
    except KeyboardInterrupt:
        warn("\nNothing was changed.")
        raise
