"""Imports a plain CSV file: columns email, name and tags."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, select

from subscribers.address import Address, parse
from subscribers.erasure import Hasher, marks
from subscribers.errors import BadAddress, BadImport, BadValue
from subscribers.imports.report import BadRow, ImportReport
from subscribers.imports.rows import Row, read_rows
from subscribers.imports.staging import SLICE, StagedRow, Staging
from subscribers.lifecycle import SuppressionReason
from subscribers.rows import lock_erasures
from subscribers.tables import suppressions
from subscribers.values import clean_name, clean_tags

COLUMNS = ("email", "name", "tags")
"""What a plain file may say. `email` must be there; upper and lower case do not count, nor does the order."""

ERASED = SuppressionReason.ERASED.value


def import_file(
    connection: Connection,
    path: Path,
    newsletter: str,
    *,
    consent_source: str | None,
    hasher: Hasher,
    now: datetime,
) -> ImportReport:
    """Take the people of a file into a newsletter, in the caller's transaction.

    With a consent source they are subscribed, without one unconfirmed. People who are here keep what is known of
    them: a missing name is filled, tags are added. Whoever left, is suppressed or was erased stays as they are.
    A bad row is reported and stops no other. Importing the same file again changes nothing.

    Raises BadImport when the file cannot be read or its columns are not these, before anything is written.
    """
    rows = read_rows(path)
    columns = _columns(path, next(rows, None))
    lock_erasures(connection, to_erase=False)
    staging = Staging(connection, newsletter)
    reading = _Reading(columns, _Erased(connection, hasher))
    for staged in reading.slices(rows, staging):
        staging.add(staged)
    people = staging.meet()
    kept_out = staging.kept_out()
    if reading.erased.met:
        kept_out[ERASED] = len(reading.erased.met)
    source = (consent_source or "").strip()
    newcomers, changed = staging.newcomers(), staging.changing(consent=bool(source))
    staging.enter(consent_source=source, now=now)
    return ImportReport(
        path=path,
        newsletter=newsletter,
        rows=reading.good + len(reading.bad),
        added=newcomers,
        changed=changed,
        unchanged=people + len(reading.erased.met) - sum(kept_out.values()) - newcomers - changed,
        kept_out=dict(sorted(kept_out.items())),
        duplicates=reading.good - people - len(reading.erased.met),
        bad=tuple(reading.bad),
    )


class _Erased:
    """Knows erased addresses, and remembers which of them the file names."""

    def __init__(self, connection: Connection, hasher: Hasher) -> None:
        reason = suppressions.c.reason == ERASED
        self._marks = set(connection.execute(select(suppressions.c.address_key).where(reason)).scalars())
        self._hasher = hasher
        self.met: set[str] = set()

    def __contains__(self, address: Address) -> bool:
        if not self._marks or self._marks.isdisjoint(marks(self._hasher(address.key))):
            return False
        self.met.add(address.key)
        return True


@dataclass
class _Reading:
    """Turns rows into staged people, and counts."""

    columns: dict[str, int]
    erased: _Erased
    good: int = 0
    bad: list[BadRow] = field(default_factory=list[BadRow])

    def slices(self, rows: Iterator[Row | BadRow], staging: Staging) -> Iterator[list[StagedRow]]:
        staged: list[StagedRow] = []
        for row in rows:
            if isinstance(row, BadRow):
                self.bad.append(row)
                continue
            try:
                address, name, tags = self._person(row.cells)
            except (BadAddress, BadValue) as error:
                self.bad.append(BadRow(row.line, f"{error} ({error.hint})" if error.hint else str(error)))
                continue
            self.good += 1
            if address in self.erased:
                continue
            staged.append(StagedRow(row.line, address.key, address.email, name, staging.combination(tags)))
            if len(staged) == SLICE:
                yield staged
                staged = []
        yield staged

    def _person(self, cells: list[str]) -> tuple[Address, str, tuple[str, ...]]:
        if len(cells) != len(self.columns):
            more = len(cells) > len(self.columns)
            raise BadValue(
                f"{len(cells)} cells, but the header names {len(self.columns)} columns",
                hint="several tags in one cell need quotes around them, or `;` between them" if more else "",
            )
        name = clean_name(cells[self.columns["name"]]) if "name" in self.columns else ""
        tags = _tags(cells[self.columns["tags"]]) if "tags" in self.columns else ()
        return parse(cells[self.columns["email"]]), name, tags


@functools.lru_cache(maxsize=4096)  # a list has a million rows and a dozen combinations of tags
def _tags(cell: str) -> tuple[str, ...]:
    return clean_tags(part for part in re.split("[,;]", cell) if part.strip()) if cell else ()


def _columns(path: Path, header: Row | BadRow | None) -> dict[str, int]:
    """Where each column stands. Raises BadImport, naming what is not known."""
    if header is None:
        raise BadImport(f"{path} is empty", hint="its first line names the columns: email,name,tags")
    where = f"{path}:{header.line}"
    if isinstance(header, BadRow):
        raise BadImport(f"{where}: {header.reason}")
    names = [" ".join(cell.split()).lower() for cell in header.cells]
    known = "a plain file has the columns email (needed), name and tags"
    if len(names) == 1 and re.search("[;\t]", header.cells[0]):
        raise BadImport(
            f"{where}: the columns are not separated by commas", hint="export it with `,` between the cells"
        )
    if any("@" in name for name in names):
        raise BadImport(
            f"{where}: the first line must name the columns, and it is a person", hint="put `email,name,tags` above it"
        )
    unknown = [f"`{cell.strip()}`" for cell, name in zip(header.cells, names, strict=True) if name not in COLUMNS]
    if unknown:
        raise BadImport(f"{where}: unknown column {', '.join(unknown)}", hint=f"{known}; rename it or take it out")
    if "email" not in names:
        raise BadImport(f"{where}: there is no column `email`", hint=known)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadImport(f"{where}: the column `{twice[0]}` is there twice", hint="take one of them out")
    return {name: position for position, name in enumerate(names)}
