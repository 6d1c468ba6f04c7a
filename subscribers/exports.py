"""The people of a newsletter as a file that nothing is lost in: CSV for spreadsheets, JSON Lines for programs.

The columns of a CSV are COLUMNS and then one for each custom field, `field:city`. Moments are ISO 8601 in UTC, tags and
reasons stand between commas, `consent` and `suppressions` are JSON. Every cell is quoted, and guarded: see `guarded`.
A line of JSON Lines is one object with the same names, `fields` an object, `tags`, `consent` and `suppressions` arrays.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from subscribers.records import Record

COLUMNS = ("email", "name", "status", "status_at", "suppressed", "tags", "created_at", "consent", "suppressions")
"""What every export of ours begins with: by this an import knows it. `suppressed` says for people what
`suppressions` says exactly."""

FIELD = "field:"
"""What the name of a custom field's column begins with."""

# A spreadsheet takes a cell for a formula by its first character: ASVS 5.0 1.2.10, and the full-width forms, which
# some spreadsheets of East Asia take as well.
_FORMULA = re.compile("'*[=+\\-@\t\r\0＝＋－＠]")
_FIRST = frozenset("'=+-@\t\r\0＝＋－＠")


def guarded(cell: str) -> str:
    """The cell with a `'` before it where a spreadsheet would take it for a formula, or `unguarded` would take a `'` off."""
    return f"'{cell}" if cell and cell[0] in _FIRST and _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given: exactly one `'` is taken off, and only where one was put."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def as_csv(records: Iterable[Record], fields: Sequence[str]) -> Iterator[str]:
    """The lines of a CSV, its header first, each with CR LF (RFC 4180); `fields` are all names of custom fields there are."""
    line = csv.writer(_Line(), quoting=csv.QUOTE_ALL).writerow
    yield line([*COLUMNS, *(f"{FIELD}{name}" for name in fields)])
    for record in records:
        yield line([guarded(cell) for cell in _cells(record, fields)])


def as_json_lines(records: Iterable[Record]) -> Iterator[str]:
    """The lines of a JSON Lines file."""
    for record in records:
        yield f"{_json(_as_json(record))}\n"


class _Line:
    """A file of which `csv` gives back what its `write` does: the line itself."""

    def write(self, line: str) -> Any:
        return line


def _cells(record: Record, fields: Sequence[str]) -> list[str]:
    said = _as_json(record)
    return [
        record.email,
        record.name,
        said["status"],
        said["status_at"],
        ",".join(said["suppressed"]),
        ",".join(record.tags),
        said["created_at"],
        _json(said["consent"]) if record.consent else "",
        _json(said["suppressions"]) if record.suppressions else "",
        *(record.fields.get(name, "") for name in fields),
    ]


def _as_json(record: Record) -> dict[str, Any]:
    return {
        "email": record.email,
        "name": record.name,
        "status": record.status.value,
        "status_at": _moment(record.status_at),
        "suppressed": [one.reason for one in record.suppressions],
        "tags": list(record.tags),
        "created_at": _moment(record.created_at),
        "consent": [
            {
                "action": one.action,
                "newsletter": one.newsletter,
                "source": one.source,
                "at": _moment(one.at),
                "evidence": dict(sorted(one.evidence.items())),
            }
            for one in record.consent
        ],
        "suppressions": [
            {"reason": one.reason, "at": _moment(one.at), "note": one.note} for one in record.suppressions
        ],
        "fields": dict(record.fields),
    }


def _moment(at: datetime) -> str:
    return at.isoformat()


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
