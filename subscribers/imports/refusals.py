"""The rows that were refused, in a CSV of their own: where each stands, why, and the row itself, to be mended and imported again."""

import csv
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from subscribers.errors import BadImport
from subscribers.exports import guarded, unguarded

COLUMNS = ("refused_file", "refused_line", "refused_reason")
"""What stands before the row's own cells; an import leaves them out again."""


_BLOCK = 1 << 18


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

    Nobody else may read it: it holds people's addresses. Until it is whole it has no name, so that nothing of it is left
    behind by a process that is killed. What is there already is never written over: somebody may have mended half of it.
    """

    def __init__(self, path: Path | None, header: Sequence[str], *, guards: bool = False) -> None:
        """`path` None: what is refused is not written down. `guards`: the cells are guarded already, as ours are."""
        self.path = path
        # Of a file of refused rows that is refused in part once more, what stands in front is said anew.
        self._first = len(COLUMNS) if tuple(header[: len(COLUMNS)]) == COLUMNS else 0
        self._header = header
        self._guards = guards
        self._file: TextIOWrapper | None = None

    def add(self, refusal: Refusal, cells: Sequence[str]) -> None:
        """Write a row down. Raises BadImport when the file cannot be written."""
        if self.path is None:
            return
        try:
            if self._file is None:
                self._unnamed = cast("BinaryIO", TemporaryFile(dir=self.path.parent))  # noqa: SIM115  # closed by `close`
                # The mark tells a spreadsheet that it is UTF-8; a lone surrogate is in no encoding.
                self._file = TextIOWrapper(self._unnamed, encoding="utf-8-sig", errors="replace", newline="")
                self._writer = csv.writer(self._file)
                self._write(COLUMNS, self._header)
            self._write((refusal.file, str(refusal.line), refusal.reason), cells)
        except OSError as error:
            raise self._unwritable(error) from error

    def _write(self, front: Sequence[str], cells: Sequence[str]) -> None:
        # A line that is no row stands there as one cell: it is not cut.
        own = cells[self._first :] if len(cells) > self._first else cells
        as_they_were = (unguarded(cell) for cell in own) if self._guards else own
        self._writer.writerow([guarded(cell) for cell in (*front, *as_they_were)])

    def finish(self) -> Path | None:
        """Put it in its place, or in the next free one, which is the answer; None: nothing was refused."""
        if self._file is None or self.path is None:
            return None
        path = self.path
        try:
            self._file.flush()
            digest = _digest(self._unnamed)
            while not _is_there(path, digest):
                if not path.exists():
                    _put(self._unnamed, path, digest)
                    break
                path = _next(path)
        except OSError as error:
            raise self._unwritable(error) from error
        return path

    def close(self) -> None:
        """Leave nothing behind of what was not finished."""
        if self._file is not None:
            with suppress(OSError):  # what is still in the buffer may find the disk full, and is not wanted
                self._file.close()

    def _unwritable(self, error: OSError) -> BadImport:
        return BadImport(
            f"{self.path} cannot be written: {error.strerror or error}", hint="name another folder with --refused"
        )


def refused_path(folder: Path, name: str, inputs: Sequence[Path]) -> Path:
    """Where the refused rows of a file go: `people.refused.csv`, never over a file that is read."""
    base = PurePosixPath(name.replace("\\", "/")).name.replace(" ", "-").removesuffix(".gz")
    stem = base.rsplit(".", 1)[0] if "." in base[1:] else base
    taken = {each.resolve() for each in inputs}
    path = folder / f"{re.sub(r'[.]refused(-[0-9]+)?$', '', stem)}.refused.csv"
    while path.resolve() in taken:
        path = _next(path)
    return path


def _next(path: Path) -> Path:
    """The name that is tried after this one: `people.refused-2.csv` after `people.refused.csv`."""
    stem, _, number = path.stem.rpartition("-")
    return path.with_name(f"{stem}-{int(number) + 1}.csv" if stem and number.isdigit() else f"{path.stem}-2.csv")


def _digest(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while some := file.read(_BLOCK):
        digest.update(some)
    return digest.hexdigest()


def _is_there(path: Path, digest: str) -> bool:
    if not path.exists():
        return False
    with path.open("rb") as file:
        return _digest(file) == digest


def _put(written: BinaryIO, path: Path, digest: str) -> None:
    """By renaming: whoever opens it finds all of it, and a full disk leaves nothing of it."""
    # Named after what is in it: two imports at once never write into one another's, and one that was killed is taken up.
    part = path.with_name(f".{path.name}.{digest[:12]}.part")
    written.seek(0)
    try:
        descriptor = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            shutil.copyfileobj(written, file)
        part.replace(path)
    except FileNotFoundError:
        if not _is_there(path, digest):  # else the other of two that wrote the same has renamed it already
            raise
    finally:
        part.unlink(missing_ok=True)
