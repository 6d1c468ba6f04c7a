"""Lists of people as tests read them: a file as the people whom an import would find in it, and nothing entered anywhere."""

import io
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from subscribers.imports.files import opened
from subscribers.imports.layout import Layout, laid_out
from subscribers.imports.parsing import Parser
from subscribers.imports.refusals import Refusal, RefusedFile, refused_path
from subscribers.imports.sheets import Sheet, open_sheet
from subscribers.imports.staged import Page, StagedRow
from subscribers.imports.wanted import Everybody, Wanted

NOW = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)


class Person(NamedTuple):
    """Somebody in a file."""

    email: str
    name: str
    tags: str
    """With commas."""
    wanted: str
    since: str
    """To the second; empty: the file does not say."""
    fields: Mapping[str, Any]


@dataclass
class Found:
    """What was read."""

    service: str = ""
    people: list[Person] = field(default_factory=list[Person])
    refused: list[Refusal] = field(default_factory=list[Refusal])
    refused_file: Path | None = None
    rows: int = 0


def read(
    path: Path,
    maps: Mapping[str, str] | None = None,
    *,
    folder: Path | None = None,
    everybody: Everybody | None = None,
) -> Found:
    """Everybody in a file, in the order of their addresses; what is refused goes to a CSV in `folder`. Raises BadImport."""
    found = Found()
    for source in opened(path, io.BytesIO(), lambda _name, _why: None):
        target = None if folder is None else refused_path(folder, source.name, [path])
        sheet = open_sheet(source, lambda _: None)
        _read(sheet, laid_out(sheet, maps or {}, keep_fields=True, everybody=everybody), target, found)
    found.people.sort(key=repr)
    return found


def _read(sheet: Sheet, layout: Layout, target: Path | None, found: Found) -> None:
    tags: list[tuple[str, ...]] = [()]

    def combination(words: tuple[str, ...]) -> int:
        if words not in tags:
            tags.append(words)
        return tags.index(words)

    with closing(RefusedFile(target, sheet.header, guards=layout.guarded)) as file:

        def refuse(line: int, kind: str, reason: str, cells: Sequence[str]) -> None:
            found.refused.append(Refusal(sheet.name, line, kind, reason))
            file.add(found.refused[-1], cells)

        parser, page = Parser(layout, combination, None, sheet.header, refuse, NOW), Page()
        for rows in sheet.rows:
            parser.stage(rows, page)
        found.refused_file = file.finish()
    plain = (StagedRow(str(key), None, str(name), int(tag), "", 0, None, "") for key, name, tag in page.plain_rows())
    found.people += [_person(row, tags) for row in (*plain, *page.others)]
    found.service = layout.service
    found.rows += parser.rows


def _person(row: StagedRow, tags: Sequence[tuple[str, ...]]) -> Person:
    fields = json.loads(row.fields or "{}") | (json.loads(row.record) if row.record else {})
    wanted = Wanted(row.wanted).name.lower()
    return Person(
        row.email or row.email_key, row.name, ",".join(tags[row.tags]), wanted, (row.since or "")[:19], fields
    )
