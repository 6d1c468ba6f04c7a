"""The rows that were refused, in a CSV of their own: where each stands, why, and the row itself, to be mended and imported again."""

import csv
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from subscribers.errors import BadImport
from subscribers.exports import guarded

COLUMNS = ("refused_file", "refused_line", "refused_reason")
"""What stands before the row's own cells; an import leaves them out again."""


@dataclass(frozen=True)
class Refusal:
    """A row that is no person."""

    file: str
    line: int
    kind: str
    """The reason in a word or two, the same for all rows of that kind."""
    reason: str


Observer = Callable[[Refusal, Sequence[str]], None]
"""Told of each refused row and its cells as they come."""


class RefusedFile:
    """A CSV of what was refused in one file; it is there only when something was.

    It is written beside its name and renamed in the end, and nobody else may read it: it holds people's addresses.
    """

    def __init__(self, path: Path | None, header: Sequence[str]) -> None:
        """`path` None: what is refused is not written down."""
        self.path = path
        self._header = header
        self._file: IO[str] | None = None

    def add(self, refusal: Refusal, cells: Sequence[str]) -> None:
        """Write a row down. Raises BadImport when the file cannot be written."""
        if self.path is None:
            return
        try:
            if self._file is None:
                descriptor = os.open(self._part(self.path), os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
                # The mark tells a spreadsheet that it is UTF-8; a lone surrogate is in no encoding.
                self._file = os.fdopen(descriptor, "w", encoding="utf-8-sig", errors="replace", newline="")
                self._writer = csv.writer(self._file)
                self._writer.writerow([*COLUMNS, *self._header])
            self._writer.writerow([refusal.file, refusal.line, refusal.reason, *(guarded(cell) for cell in cells)])
        except OSError as error:
            raise self._unwritable(error) from error

    def finish(self) -> Path | None:
        """Put it in its place; None: nothing was refused."""
        if self._file is None or self.path is None:
            return None
        try:
            self._file.close()
            self._part(self.path).replace(self.path)
        except OSError as error:
            raise self._unwritable(error) from error
        return self.path

    def close(self) -> None:
        """Leave nothing behind of what was not finished."""
        if self._file is not None and self.path is not None and not self._file.closed:
            self._file.close()
            self._part(self.path).unlink(missing_ok=True)

    @staticmethod
    def _part(path: Path) -> Path:
        return path.with_name(f".{path.name}.part")

    def _unwritable(self, error: OSError) -> BadImport:
        return BadImport(
            f"{self.path} cannot be written: {error.strerror or error}", hint="name another folder with --refused"
        )


def refused_path(folder: Path, name: str, inputs: Sequence[Path]) -> Path:
    """Where the refused rows of a file go: `people.refused.csv`, never over a file that is read."""
    base = PurePosixPath(name.replace("\\", "/")).name.replace(" ", "-").removesuffix(".gz")
    stem = base.rsplit(".", 1)[0] if "." in base[1:] else base
    taken = {each.resolve() for each in inputs}
    number, path = 1, folder / f"{stem.removesuffix('.refused')}.refused.csv"
    while path.resolve() in taken:
        number += 1
        path = folder / f"{stem.removesuffix('.refused')}.refused-{number}.csv"
    return path
