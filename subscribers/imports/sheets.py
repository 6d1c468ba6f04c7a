"""A file as a sheet: what its columns are called, and its rows; CSV with any separator, or JSON Lines."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from tempfile import TemporaryFile
from typing import IO

from subscribers.errors import BadImport
from subscribers.imports.files import Source, reading
from subscribers.imports.rows import Row, Unreadable, csv_rows, json_object, json_rows
from subscribers.imports.text import LONGEST_LINE, blocks

COLUMNS = 1000
"""Columns of a sheet."""

_SEPARATORS = ",;\t|"
_SAYS_SEPARATOR = re.compile(r'"?sep=(.)"?\s*\Z', re.IGNORECASE)
_BLOCK = 1 << 18
_A_PERSON = re.compile(r"\S@\S+\.\S")
_NOTHING = "\ufeff\u200b\xa0"
_HINT = "its first line names the columns, such as email,name,tags"


@dataclass(frozen=True)
class Sheet:
    """A file that is open, read up to its header."""

    name: str
    header: Sequence[str]
    """As it is written, without white space around it."""
    line: int
    """Where the header is; 0: there is none."""
    rows: Iterator[list[Row | Unreadable]]
    """All rows below it, some hundred at a time."""
    is_json: bool = False


def normal(name: str) -> str:
    """A column's name as it is compared: lower case, with single spaces."""
    return " ".join(name.strip(_NOTHING).split()).lower()


def open_sheet(source: Source, seen: Callable[[bytes], object]) -> Sheet:
    """Read a file's header; `seen` is told of all bytes. Raises BadImport when it has none, or cannot be read."""
    with reading(source.name):
        return _opened(source, seen)


def _opened(source: Source, seen: Callable[[bytes], object]) -> Sheet:
    read = blocks(source.stream, seen)
    head: list[str] = []
    for block in read:
        head += block
        if any(line.strip(_NOTHING + " \t\r\n,;") for line in head):
            break
    else:
        raise BadImport(f"{source.name} is empty", hint=_HINT)
    lines = chain([head], read)
    first = next(line for line in head if line.strip(_NOTHING + " \t\r\n,;"))
    if first.lstrip(_NOTHING + " \t").startswith("{"):
        return _json_sheet(source.name, lines)
    if first.lstrip(_NOTHING + " \t").startswith("["):
        raise BadImport(f"{source.name} is a JSON array", hint="write one object to a line (JSON Lines)")
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
                _refuse_what_is_no_header(name, row.line, cells)
                return Sheet(name, cells, row.line, chain([page[position + 1 :]], rows))
    raise BadImport(f"{name} is empty", hint=_HINT)


def _separator(line: str) -> str:
    """What stands most often between the column names, outside of quotes."""
    bare = re.sub(r'"(?:[^"]|"")*"', "", line)
    return max(_SEPARATORS, key=bare.count)


def _refuse_what_is_no_header(name: str, line: int, cells: Sequence[str]) -> None:
    where = f"{name}:{line}"
    if "\0" in "".join(cells):
        raise BadImport(f"{name} is not text", hint="export it as CSV (UTF-8)")
    if len(cells) > COLUMNS:
        raise BadImport(f"{where}: more than {COLUMNS} columns", hint="name a CSV file")
    if any(_A_PERSON.search(cell) for cell in cells):
        raise BadImport(
            f"{where}: the first line must name the columns, and it is a person", hint="put `email,name,tags` above it"
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
            raise BadImport(f"{name}:1: this line is not a JSON object", hint="write one object to a line (JSON Lines)")
        spooled.seek(0)
        again = _again(spooled, stack.pop_all())
        next(again)  # from here on it closes the file, also when nobody reads it
    return Sheet(name, list(header), 0, json_rows(again, list(header)), is_json=True)


def _again(spooled: IO[str], stack: ExitStack) -> Iterator[list[str]]:
    with stack:
        yield []
        while block := spooled.readlines(_BLOCK):
            yield block
