"""Reads a CSV file into rows that know their physical line. A row that cannot be read never takes the others with it."""

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from subscribers.errors import BadImport
from subscribers.imports.report import BadRow

LONGEST_ROW = 100
"""Physical lines of one row. A quote that is opened and never closed would else take the rest of the file with it."""

_HEAD = 1 << 20
_NOT_UTF8 = re.compile("[\udc80-\udcff]")


class Row(NamedTuple):
    """The cells of one row, and the physical line where it begins; lines count from 1."""

    line: int
    cells: list[str]


def read_rows(path: Path) -> Iterator[Row | BadRow]:
    """Every row that is not empty, in order, the header too.

    UTF-8, with or without a byte-order mark; any line ends. Raises BadImport when the file cannot be read at all.
    """
    _refuse_what_is_no_text(path)
    try:
        # surrogateescape: one byte that is not UTF-8 must not end the reading; its row is reported.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield from _rows(_Lines(file))
    except OSError as error:
        raise _unreadable(path, error) from error


class _TooManyLines(Exception):
    pass


class _Lines:
    """Physical lines for csv.reader, which can go back to the second line of a row that went wrong."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self.first = 1
        self.not_utf8 = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self._taken.append(line)
        if not line.isascii() and _NOT_UTF8.search(line):
            self.not_utf8 = True
        if len(self._taken) > LONGEST_ROW:
            raise _TooManyLines
        return line

    def done(self) -> None:
        """The row is read; the next line begins another."""
        self.first += len(self._taken)
        self._taken.clear()
        self.not_utf8 = False

    def go_back(self) -> None:
        """Give up the row's first line alone: those after it may be rows of their own."""
        self._again.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]
        self.done()


def _rows(lines: _Lines) -> Iterator[Row | BadRow]:
    reader = csv.reader(lines, strict=True)
    while True:
        try:
            cells = next(reader, None)
        except (csv.Error, _TooManyLines) as error:
            yield BadRow(lines.first, _reason(error))
            lines.go_back()
            reader = csv.reader(lines, strict=True)
            continue
        if cells is None:
            return
        if lines.not_utf8:
            yield BadRow(lines.first, "not UTF-8: save the file as UTF-8 and import it again")
        elif any(cells):
            yield Row(lines.first, cells)
        lines.done()


def _reason(error: csv.Error | _TooManyLines) -> str:
    said = str(error)
    if "field limit" in said:
        return f"a cell is longer than {csv.field_size_limit():,} characters"
    if "expected after" in said:
        return "a double quote stands inside a quoted cell; write it twice there"
    return "a double quote is opened here and not closed"


def _refuse_what_is_no_text(path: Path) -> None:
    """Say what a file is when it is not a CSV file, before its bytes become a thousand bad rows."""
    try:
        if not path.is_file():
            path.stat()
            raise BadImport(f"{path} is not a file", hint="name a CSV file")
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise _unreadable(path, error) from error
    if not head.strip():
        raise BadImport(f"{path} is empty", hint="its first line names the columns: email,name,tags")
    if head.startswith(b"PK\x03\x04"):
        raise BadImport(f"{path} is a spreadsheet or a zip archive", hint="export it as CSV (UTF-8)")
    first_line = re.split(rb"[\r\n]", head, maxsplit=1)[0]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in first_line:
        raise BadImport(f"{path} is not UTF-8 text", hint="save it as CSV (UTF-8)")
    if len(first_line) == _HEAD:
        raise BadImport(f"{path}:1: the first line does not end", hint="name a CSV file")


def _unreadable(path: Path, error: OSError) -> BadImport:
    return BadImport(f"{path} cannot be read: {error.strerror or error}")
