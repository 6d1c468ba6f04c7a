"""Makes one row of two about the same person, the same one whichever comes first. Pure."""

import json

from subscribers.imports.staged import StagedRow


def merged(one: StagedRow, other: StagedRow) -> StagedRow:
    """What two rows of one person say together; their tags are the caller's.

    The graver standing holds, and the earliest date of those who say it. Of two names or values the longer one is
    kept (`Ada Lovelace`, not `Ada`), of two as long the first in the alphabet; of two spellings the one in lower case.
    """
    grave = max(one, other, key=lambda row: row.wanted)
    said = [row for row in (one, other) if row.wanted == grave.wanted]
    dates = [row.since for row in said if row.since]
    return one._replace(
        email=None if one.email is None or other.email is None else max(one.email, other.email),
        name=_fuller(one.name, other.name),
        fields=one.fields if one.fields == other.fields else _fields(one.fields, other.fields),
        wanted=grave.wanted,
        since=min(dates, default=None),
        # That of somebody who is subscribed in one file would bring them back whom another file says to have left.
        record=_fuller(said[0].record, said[-1].record),
    )


def _fuller(one: str, other: str) -> str:
    return min(one, other, key=lambda text: (-len(text), text))


def _fields(one: str, other: str) -> str:
    first: dict[str, str] = json.loads(one or "{}")
    second: dict[str, str] = json.loads(other or "{}")
    names = sorted(first.keys() | second.keys())
    return as_json({name: _fuller(first.get(name, ""), second.get(name, "")) for name in names})


def as_json(fields: dict[str, str]) -> str:
    """Fields as they are staged: the same text for the same fields; none is the empty text."""
    return json.dumps(fields, sort_keys=True, ensure_ascii=False) if fields else ""
