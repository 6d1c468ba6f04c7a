"""Turns the rows of a sheet into people to be staged, and refuses those that are none; what costs time a million times over is here."""

import functools
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from subscribers.address import is_plain, parse
from subscribers.errors import BadAddress, BadValue
from subscribers.exports import unguarded
from subscribers.imports.dates import is_date, moment
from subscribers.imports.layout import Layout
from subscribers.imports.merging import as_json
from subscribers.imports.restoring import as_record
from subscribers.imports.rows import Lines, Row, Rows, Unreadable
from subscribers.imports.services import Standings
from subscribers.imports.sheets import normal
from subscribers.imports.staged import Page, StagedRow
from subscribers.imports.wanted import Wanted
from subscribers.values import clean_field_value, clean_name, clean_tag, is_clean_name

_MAILTO = re.compile(r"mailto:", re.IGNORECASE)
_ERASED = int(Wanted.ERASED)
_BRACKETS = re.compile(r"([^<>]*)<\s*([^<>\s]+@[^<>\s]+)\s*>\Z")


class _Refused(Exception):  # named for what happened
    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


@dataclass
class Parser:
    """Reads the rows of one sheet."""

    layout: Layout
    combination: Callable[[tuple[str, ...]], int]
    """Gives a combination of tags its number."""
    erased: Callable[[str], bool] | None
    """Whether the address of a key was erased; None: none was."""
    header: Sequence[str]
    refuse: Callable[[int, str, str, Sequence[str]], None]
    """Told of line, kind, reason and cells of a row that is refused."""
    now: datetime
    newsletter: str = ""
    """Proofs in an export of ours count for this one alone."""
    rows: int = 0
    undated: int = 0
    """Rows with a date that cannot be read."""

    def __post_init__(self) -> None:
        layout = self.layout
        self._email = layout.of("email")[0]
        self._name = next(iter(layout.of("name")), None)
        self._names = [*layout.of("first_name"), *layout.of("last_name")]
        self._tags = layout.of("tags")
        self._standings = list(layout.standings.items())
        since = [position for position, standings in self._standings if standings.dates is not None]
        self._flags = [*since, *layout.of("not_mailed")]
        self._moments = {
            False: [*layout.of("date"), *since],
            True: [*layout.of("left"), *layout.of("not_mailed")],
        }
        self._fields = list(layout.fields.items())
        self._header = [normal(name) for name in self.header]
        self._numbers: dict[str, int] = {}
        self._always = int(layout.always)
        # Nothing to be done for most files but an address, a name, tags.
        self._short = not (self._names or self._standings or self._fields or layout.guarded or layout.ours)
        self._short = self._short and not any(self._moments.values()) and layout.always is Wanted.SUBSCRIBED

    def stage(self, rows: Rows, page: Page) -> None:
        """Put the people of some rows onto a page."""
        if self._short:
            self._quick(rows, page)
            return
        for row in rows:
            self._take(row, page.others)

    def _quick(self, rows: Rows, page: Page) -> None:
        """As `_take` for each; the rows that need no looking into are taken here, in a fifth of the time."""
        found = page.plain
        width, email_at, name_at, erased = self.layout.width, self._email, self._name, self.erased
        tags_at = self._tags[0] if len(self._tags) == 1 else None
        numbers, before = self._numbers, len(found)
        if len(self._tags) > 1 or erased is not None:
            width = -1
        for at, cells in enumerate(rows.cells if isinstance(rows, Lines) else [row.cells for row in rows]):
            if len(cells) == width and is_plain(email := cells[email_at]):
                name = "" if name_at is None else cells[name_at]
                tags = 0 if tags_at is None or not cells[tags_at] else numbers.get(cells[tags_at])
                if tags is not None and is_clean_name(name):
                    found += (email, name, tags)
                    continue
            self._take(rows[at], page.others)
        self.rows += (len(found) - before) // 3

    def _take(self, row: Row | Unreadable, found: list[StagedRow]) -> None:
        if isinstance(row, Unreadable):
            self.rows += 1
            self.refuse(row.line, row.kind, row.reason, row.cells)
            return
        line, cells = row
        if not any(cells):
            return
        self.rows += 1
        try:
            found.append(self._person(cells))
        except _Refused as refused:
            self.refuse(line, refused.kind, str(refused), cells)
        except BadAddress as error:
            self.refuse(line, "no e-mail address", _said(error), cells)
        except BadValue as error:
            self.refuse(line, "a name, tag or field that cannot be kept", _said(error), cells)

    def _person(self, cells: list[str]) -> StagedRow:
        if len(cells) != self.layout.width:
            cells = self._fitted(cells)
        if self.layout.guarded:
            cells = [unguarded(cell) for cell in cells]
        email, called = cells[self._email], ""
        if is_plain(email):
            key = email
        else:
            email, called = _bare(email)
            address = parse(email)
            email, key = address.email, address.key
        wanted, fields, since, record = self._always, "", None, ""
        if self._short:
            name = clean_name(cells[self._name]) if self._name is not None else ""
            tags = self._tagged(cells) if self._tags else 0
        else:
            name, tags, wanted, fields, since, record = self._rest(cells)
        if called and not name:
            name = clean_name(called)
        spelled = None if email == key else email
        if self.erased and self.erased(key):
            wanted = _ERASED
        return StagedRow(key, spelled, name, tags, fields, int(wanted), since, record)

    def _fitted(self, cells: list[str]) -> list[str]:
        """Cells without the empty ones that stand behind the last column. Raises _Refused."""
        width = self.layout.width
        if len(cells) > width and not any(cells[width:]):
            return cells[:width]
        more = len(cells) > width
        hint = " (a cell with a separator in it needs quotes around it)" if more else ""
        # A row that was cut short is not filled up: the column that says who left may be the missing one.
        raise _Refused(
            "more or fewer cells than columns",
            f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'}, "
            f"but the header names {width} {'column' if width == 1 else 'columns'}{hint}",
        )

    def _rest(self, cells: Sequence[str]) -> tuple[str, int, int, str, str | None, str]:
        wanted = self.layout.always
        for position, standings in self._standings:
            wanted = max(wanted, _standing(cells[position], standings))
        name = clean_name(cells[self._name]) if self._name is not None else ""
        if not name and self._names:
            name = clean_name(" ".join(cells[position] for position in self._names))
        fields = ""
        if self._fields:
            said = {
                name: clean_field_value(name, cells[position]) for position, name in self._fields if cells[position]
            }
            fields = as_json({name: value for name, value in said.items() if value})
        tags = self._tagged(cells) if self._tags else 0
        record = ""
        if self.layout.ours:
            record = as_record(dict(zip(self._header, cells, strict=True)), self.newsletter)
        return name, tags, int(wanted), fields, self._since(cells, wanted), record

    def _tagged(self, cells: Sequence[str]) -> int:
        text = cells[self._tags[0]] if len(self._tags) == 1 else ",".join(cells[position] for position in self._tags)
        if not text:
            return 0
        number = self._numbers.get(text)
        if number is None:
            # In ours nothing stands between tags but commas: a tag may look like JSON there.
            said = text if self.layout.ours else _listed(text)
            tags = _tags(said.replace('"', "") if self.layout.quoted_tags else said)
            number = self.combination(tags)
            if len(self._numbers) < 10_000:  # noqa: PLR2004  # a file of tags that are all different must not fill memory
                self._numbers[text] = number
        return number

    def _since(self, cells: Sequence[str], wanted: Wanted) -> str | None:
        """When they agreed or, of those who left, when they did: by nothing in the file they left on the day they agreed."""
        for position in self._moments[wanted > Wanted.UNCONFIRMED]:
            text = cells[position]
            if text:
                found = moment(text, self.now)
                if found is not None:
                    return found
                # `yes` says that they left, or are subscribed, and is no date that cannot be read.
                self.undated += position not in self._flags or is_date(text)
        return None


def _standing(cell: str, standings: Standings) -> Wanted:
    word = cell.strip().lower()
    found = standings.words.get(word, standings.other)
    if found is None and "," in word:
        each = [standings.words.get(part.strip()) for part in word.split(",")]
        found = max((one for one in each if one is not None), default=None) if None not in each else None
    if found is None and standings.dates is not None and is_date(cell):
        found = standings.dates
    if found is None:
        what = f'the status "{cell[:60]}" is not known here' if word else "the status is empty"
        raise _Refused("a status that is not known", f"{what}; say {_some(standings)}")
    return found


def _listed(cell: str) -> str:
    """Tags that a program wrote as a JSON array, of texts or of objects with a name, with commas; else the cell as it is."""
    if not (cell.startswith("[") and cell.endswith("]")):
        return cell
    try:
        found = cast("list[Any]", json.loads(cell))
    except (ValueError, RecursionError):
        return cell
    said = [cast("dict[str, Any]", each).get("name") if isinstance(each, dict) else each for each in found]
    names = [each for each in said if isinstance(each, str)]
    return ",".join(names) if len(names) == len(said) else cell


@functools.lru_cache(maxsize=4096)
def _tags(cell: str) -> tuple[str, ...]:
    return tuple(sorted({clean_tag(part) for part in re.split("[,;]", cell) if part.strip()}))


def _bare(text: str) -> tuple[str, str]:
    """Address and name in `Ada <ada@example.org>`; the address in `mailto:ada@example.org`, and behind what cannot be seen."""
    text = text.strip().strip("\ufeff\u200b\xa0").strip()
    found, name = _BRACKETS.match(text), ""
    if found:
        name, text = found[1].strip().strip("\"'").strip(), found[2]
    return (_MAILTO.sub("", text, count=1) if _MAILTO.match(text) else text), name


def _said(error: BadAddress | BadValue) -> str:
    return f"{error} ({error.hint})" if error.hint else str(error)


def _some(standings: Standings) -> str:
    words = [word for word in standings.words if word]
    return ", ".join(words[:6]) + (", …" if len(words) > 6 else "")  # noqa: PLR2004  # enough to see what is meant
