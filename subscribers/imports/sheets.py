"""A file as a sheet: what its columns are called, and its rows; CSV with any separator, or JSON Lines."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from tempfile import TemporaryFile
from typing import IO

from subscribers.errors import BadImport
from subscribers.imports.files import Again, Source, reading
from subscribers.imports.guesses import GUESSES
from subscribers.imports.kinds import HEAD, refuse_what_is_no_table
from subscribers.imports.rows import Rows, Unreadable, csv_rows, json_object, json_rows
from subscribers.imports.text import LONGEST_LINE, blocks

COLUMNS = 1000
"""Columns of a sheet."""

_SEPARATORS = ",;\t|"
_SAYS_SEPARATOR = re.compile(r'"?sep=(.)"?\s*\Z', re.IGNORECASE)
_BLOCK = 1 << 18
_A_PERSON = re.compile(r"\S@\S+\.\S")
_NOTHING = "\ufeff\u200b\xa0"
_HINT = "its first line names the columns, such as email,name,tags"
_JSON_LINES = "write one object to a line (JSON Lines), and nothing else"
_SEVERAL = "write one object to a line (JSON Lines), as `jq -c '.[]' FILE` does with an array"
_ADDRESSES = {name for name, role in GUESSES.items() if role == "email"} | {"email_address"}
_SOON = 50
"""Lines above the header that a person may have put there."""


@dataclass(frozen=True)
class Sheet:
    """A file that is open, read up to its header."""

    name: str
    header: Sequence[str]
    """As it is written, without white space around it."""
    line: int
    """Where the header is; 0: there is none."""
    rows: Iterator[Rows]
    """All rows below it, some hundred at a time."""
    is_json: bool = False
    further_down: int = 0
    """The line below that seems to be the header rather; 0: none."""


def normal(name: str) -> str:
    """A column's name as it is compared: lower case, with single spaces, and without the `*` or `:` of a form behind it."""
    return " ".join(name.strip(_NOTHING).rstrip(_NOTHING + "*: ").split()).lower()


def open_sheet(source: Source, seen: Callable[[bytes], object]) -> Sheet:
    """Read a file's header; `seen` is told of all bytes. Raises BadImport when it has none, or cannot be read."""
    with reading(source.name):
        return _opened(source, seen)


def _opened(source: Source, seen: Callable[[bytes], object]) -> Sheet:
    beginning = source.stream.read(HEAD)
    try:
        refuse_what_is_no_table(source.name, beginning)
    except BadImport:
        source.stream.read(_BLOCK)  # whoever decides whether it may be passed over looks for addresses in what was read
        raise
    read = blocks(Again(beginning, source.stream), seen)
    head: list[str] = []
    for block in read:
        head += block
        if any(line.strip(_NOTHING + " \t\r\n,;") for line in head):
            break
    else:
        raise BadImport(f"{source.name} is empty", hint=_HINT)
    lines = chain([head], read)
    first = next(line for line in head if line.strip(_NOTHING + " \t\r\n,;"))
    bare = first.strip(_NOTHING + " \t\r\n")
    if bare == "{":
        raise BadImport(f"{source.name} is one JSON document of many lines", hint=_SEVERAL)
    if bare.startswith("{"):
        return _json_sheet(source.name, lines)
    if bare.startswith("["):
        raise BadImport(f"{source.name} is a JSON array", hint=_SEVERAL)
    if len(first) >= LONGEST_LINE:
        raise BadImport(f"{source.name}:1: the first line does not end", hint="name a CSV file")
    return _csv_sheet(source.name, head, lines, first)


def _csv_sheet(name: str, head: list[str], lines: Iterator[list[str]], first: str) -> Sheet:
    said = _SAYS_SEPARATOR.match(first.strip(_NOTHING + " \r\n"))
    if said:
        position = head.index(first)
        head[: position + 1] = [""] * (position + 1)  # lines are counted on
        if not any(line.strip() for line in head):
            raise BadImport(f"{name} is empty but for its separator", hint=_HINT)
        first = next(line for line in head if line.strip())
    separator = said[1] if said else _separator(first)
    further_down = _further_down(head, first)
    rows = csv_rows(lines, separator)
    for page in rows:
        for position, row in enumerate(page):
            if isinstance(row, Unreadable):
                raise BadImport(f"{name}:{row.line}: {row.reason}")
            cells = [" ".join(cell.strip(_NOTHING).split()) for cell in row.cells]
            if any(cells):
                while not cells[-1]:
                    cells.pop()
                if len(cells) == 1 and _A_PERSON.search(cells[0]):
                    # A list of addresses and nothing else, as people keep it: it can be read in one way only.
                    return Sheet(name, ["email"], 0, chain([page[position:]], rows))
                _refuse_what_is_no_header(name, row.line, cells, separator)
                below = chain([page[position + 1 :]], rows)
                return Sheet(name, cells, row.line, below, further_down=further_down)
    raise BadImport(f"{name} is empty", hint=_HINT)


def _separator(line: str) -> str:
    """What stands most often between the column names, outside of quotes; first of all what makes one name addresses."""
    bare = re.sub(r'"(?:[^"]|"")*"', "", line)
    return max(_SEPARATORS, key=lambda each: (_names_addresses(line, each), bare.count(each)))


def _names_addresses(line: str, separator: str) -> bool:
    """Whether a cell of the line is what people call a column of addresses."""
    return not _ADDRESSES.isdisjoint(normal(cell.strip(_NOTHING + ' "\r\n')) for cell in line.split(separator))


def _further_down(head: Sequence[str], first: str) -> int:
    """The line that names the columns, when a title or a remark stands above it; 0: the first does, or none."""
    for number, line in enumerate(head[:_SOON], start=1):
        # Somebody's row may hold the word too: by `email` they want to be reached.
        if not _A_PERSON.search(line) and any(_names_addresses(line, separator) for separator in _SEPARATORS):
            return 0 if line is first else number
    return 0


def _refuse_what_is_no_header(name: str, line: int, cells: Sequence[str], separator: str) -> None:
    where = f"{name}:{line}"
    if "\0" in "".join(cells):
        raise BadImport(f"{name} is not text", hint="export it as CSV (UTF-8)")
    if len(cells) > COLUMNS:
        raise BadImport(f"{where}: more than {COLUMNS} columns", hint="name a CSV file")
    people = [position for position, cell in enumerate(cells) if _A_PERSON.search(cell)]
    if len(people) > 1:
        raise BadImport(f"{where}: several addresses stand in one line", hint="put each on a line of its own")
    if people:
        names = [f"column {number}" for number in range(1, len(cells) + 1)]
        names[people[0]] = "email"
        if len(names) > 1:
            names[1 if people[0] == 0 else 0] = "name"
        raise BadImport(
            f"{where}: the first line must name the columns, and it is a person",
            hint=f"put a line with their names above it, such as `{separator.join(names)}`",
        )


def _json_sheet(name: str, lines: Iterator[list[str]]) -> Sheet:
    """The keys of all objects are the columns, in the order in which they come: who left may be said in the last line alone.

    They are read once for their keys, into a file without a name, and once more from there: the standard input and what
    is unpacked cannot be read twice.
    """
    header: dict[str, None] = {}
    with ExitStack() as stack:
        spooled = stack.enter_context(TemporaryFile("w+", encoding="utf-8", errors="surrogatepass", newline=""))
        for block in lines:
            for line in block:
                header.update(dict.fromkeys(json_object(line) or ()))
            if len(header) > COLUMNS:
                raise BadImport(f"{name}: more than {COLUMNS} keys", hint="name a file of people")
            spooled.writelines(block)
        if not header:
            raise BadImport(f"{name}:1: this line is not a JSON object", hint=_JSON_LINES)
        spooled.seek(0)
        again = _again(spooled, stack.pop_all())
        next(again)  # from here on it closes the file, also when nobody reads it
    return Sheet(name, list(header), 0, json_rows(again, list(header)), is_json=True)


def _again(spooled: IO[str], stack: ExitStack) -> Iterator[list[str]]:
    with stack:
        yield []
        while block := spooled.readlines(_BLOCK):
            yield block
