"""Reads lines of CSV or JSON into rows that know their physical line. A row that cannot be read never takes the others with it."""

import csv
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast, overload

LONGEST_ROW = 100
"""Physical lines of one row. A quote that is opened and never closed would else take the rest of the file with it."""

_WINDOW = 1000
_new: Any = cast("Any", tuple).__new__
"""Makes a named tuple in half the time."""


_OPEN = ("quotes that do not fit", "a double quote is opened here and not closed")


class Row(NamedTuple):
    """The cells of one row, and the physical line where it begins; lines count from 1."""

    line: int
    cells: list[str]


class Unreadable(NamedTuple):
    """A row that is no row, as it stands in the file."""

    line: int
    cells: list[str]
    """The line itself, as one."""
    kind: str
    reason: str


class Lines(Sequence[Row]):
    """Rows of one line each, none empty, as nearly all rows of nearly all files are: made rows only when they are asked for."""

    def __init__(self, first: int, cells: list[list[str]]) -> None:
        """`first`: the line of the first of them."""
        self._first = first
        self.cells = cells
        """Those of each row."""

    def __len__(self) -> int:
        return len(self.cells)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...

    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        if isinstance(index, slice):
            return [Row(self._first + at, self.cells[at]) for at in range(len(self.cells))[index]]
        return Row(self._first + index, self.cells[index])


Rows = Sequence[Row | Unreadable]
"""Some rows that follow each other."""


def csv_rows(blocks: Iterator[list[str]], separator: str) -> Iterator[Rows]:
    """Every row that is not empty, in order, the header too; some hundred at a time."""
    first, rest = 1, list[str]()
    for block in blocks:
        lines = rest + block
        for start in range(0, len(lines), _WINDOW):
            window = rest + lines[start : start + _WINDOW] if start else lines[:_WINDOW]
            rows, used = _read(window, first, separator, final=False)
            first, rest = first + used, window[used:]
            if rows:
                yield rows
    rows, _ = _read(rest, first, separator, final=True)
    yield rows


def _read(lines: Sequence[str], first: int, separator: str, *, final: bool) -> tuple[Rows, int]:
    """The rows of some lines, and how many of the lines they took; what is left may be the beginning of a row."""
    quick = _one_line_each(lines, first, separator)
    if quick is not None:
        return quick, len(lines)
    rows: list[Row | Unreadable] = []
    start = 0
    while start < len(lines):
        reader = csv.reader(lines[start:] if start else lines, delimiter=separator, strict=True)
        base = start
        try:
            for cells in reader:
                if base + reader.line_num - start > LONGEST_ROW:
                    rows.append(Unreadable(first + start, [lines[start].rstrip("\r\n")], *_OPEN))
                    start += 1
                    break
                if cells:
                    rows.append(_new(Row, (first + start, cells)))
                start = base + reader.line_num
        except csv.Error as error:
            left = len(lines) - start
            if not final and base + reader.line_num >= len(lines) and _unfinished(error) and left < LONGEST_ROW:
                break
            rows.append(Unreadable(first + start, [lines[start].rstrip("\r\n")], *_why(error)))
            start += 1
    return rows, start


def _one_line_each(lines: Sequence[str], first: int, separator: str) -> Rows | None:
    """The rows, when each is one line, as nearly all are: in a third of the time. None: look closer."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        cells = list(reader)
    except csv.Error:
        return None
    if len(cells) != reader.line_num:
        return None
    rows = Lines(first, cells)
    return rows if all(cells) else [row for row in rows if row.cells]


def _unfinished(error: csv.Error) -> bool:
    return str(error) == "unexpected end of data"


def _why(error: csv.Error) -> tuple[str, str]:
    said = str(error)
    if "field limit" in said or "field larger" in said:
        return "a cell that is too long", f"a cell is longer than {csv.field_size_limit():,} characters"
    if "expected after" in said:
        return "quotes that do not fit", "a double quote stands inside a quoted cell; write it twice there"
    return _OPEN


def json_rows(blocks: Iterator[list[str]], header: Sequence[str]) -> Iterator[Rows]:
    """JSON Lines as rows under a header that names every key there is."""
    first = 1
    for block in blocks:
        rows: list[Row | Unreadable] = []
        for line, text in enumerate(block, start=first):
            if text.strip():
                rows.append(_json_row(line, text, header))
        first += len(block)
        if rows:
            yield rows


def _json_row(line: int, text: str, header: Sequence[str]) -> Row | Unreadable:
    found = json_object(text)
    if found is None:
        return Unreadable(line, [text.strip()], "no JSON", "this line is not a JSON object")
    return Row(line, [found.get(name, "") for name in header])


def json_object(text: str) -> dict[str, str] | None:
    """A JSON object with its values as cells: lists with commas, what is inside `fields` as `fields.city`. None: it is none."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    cells: dict[str, str] = {}
    for name, value in cast("dict[str, Any]", found).items():
        if name == "fields" and isinstance(value, dict):
            inner = cast("dict[str, Any]", value)
            cells.update({f"fields.{key}": _cell(each) for key, each in inner.items()})
        else:
            cells[name] = _cell(value)
    return cells


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list() if not any(isinstance(each, (dict, list)) for each in cast("list[Any]", value)):
            return ",".join(_cell(each) for each in cast("list[Any]", value))
        case _:
            return json.dumps(value, ensure_ascii=False)
