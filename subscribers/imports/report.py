"""What became of a file: every row is in exactly one of the report's counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class BadRow:
    """A row that was left out, at the physical line where it begins; lines count from 1."""

    line: int
    reason: str


@dataclass(frozen=True)
class ImportReport:
    """`rows == added + changed + unchanged + kept_out's values + duplicates + len(bad)`."""

    path: Path
    newsletter: str
    rows: int
    """Rows of the file, without its header and empty ones."""
    added: int
    """People who had no subscription to the newsletter."""
    changed: int
    """People who had one, of whom something new was learned: consent, a name, a tag."""
    unchanged: int
    kept_out: Mapping[str, int]
    """People whom an import cannot bring back, by reason: `unsubscribed` or a suppression's. They stay as they are."""
    duplicates: int
    """Rows of somebody whom an earlier row names."""
    bad: tuple[BadRow, ...]
