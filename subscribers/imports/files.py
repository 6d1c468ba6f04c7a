"""Opens what a person named: a file, a gzip, the files inside a zip, the standard input; and nothing that swells beyond measure."""

import errno
import gzip
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile, gettempdir
from typing import IO, cast

from subscribers.errors import BadImport
from subscribers.imports.text import Bytes

LARGEST = 4 << 30
"""Bytes of one file, unpacked. A million people are about 100 MB."""
SWELLING = 200
"""How many times its packed size a file may become: text packs 5 to 20 times."""
FILES_IN_A_ZIP = 100

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

PassedOver = Callable[[str, str], None]
"""Told of a file that is not read: its name, and why."""

_HEAD = 64 << 10
_ADDRESS = re.compile(rb"[^\s@]@[^\s@]+\.[^\s@]")
_ENCRYPTED = 1
"""The bit of a zip's entry that says so."""
_SLACK = 10 << 20
"""Below this a small file may swell as it likes: a thousand equal lines pack very well."""
_OFFICE = ("[Content_Types].xml", "xl/workbook.xml", "content.xml")
_TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson")
_MAYBE = (".txt", ".json", ".dat", "")
_PACKED = (".zip", ".gz", ".7z", ".rar", ".bz2", ".xz", ".tar", ".tgz")
_SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")


class Kind(Enum):
    """How sure it is that a file is a table of people."""

    NAMED = "named"
    """A person named it."""
    TABLE = "table"
    """It lies in an archive, and is called as tables are."""
    MAYBE = "maybe"
    """It lies in an archive, and may be one or the notes to one."""


@dataclass(frozen=True)
class Source:
    """Something to read, under the name that a person knows it by."""

    name: str
    stream: Bytes
    kind: Kind = Kind.NAMED


@contextmanager
def reading(name: str) -> Generator[None]:
    """What goes wrong while a file is read, in words for a person. Raises BadImport."""
    try:
        yield
    # What zipfile raises for a way of packing that it does not know, such as Deflate64, which Windows uses above 2 GB.
    except NotImplementedError as error:
        raise BadImport(
            f"{name} is packed in a way that is not known here", hint="unpack it, and name the files that you mean"
        ) from error
    # zipfile raises RuntimeError for whatever its tables say that cannot be.
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise BadImport(
            f"{name} cannot be unpacked: it is damaged or cut short", hint="export or download it again"
        ) from error
    except OSError as error:
        if error.errno in _FULL:  # nothing else is written while a file is read
            raise BadImport(
                f"{name} cannot be read: there is no room left for temporary files in {gettempdir()}",
                hint="make room there, or let TMPDIR name a folder on a larger disk; then run the same command again",
            ) from error
        raise BadImport(f"{name} cannot be read: {error.strerror or error}") from error


def opened(path: Path, standard_input: IO[bytes], passed_over: PassedOver) -> Iterator[Source]:
    """What is to be read of one argument: `-` is the standard input, a zip may hold several files.

    `passed_over` is told of files in a zip that can be no tables. Raises BadImport.
    """
    name = "standard input" if str(path) == "-" else str(path)
    with reading(name):
        if str(path) == "-":
            yield from _unpacked(name, standard_input, passed_over, size=0)
            return
        if stat.S_ISDIR(path.stat().st_mode):
            raise BadImport(f"{path} is not a file", hint="name the files in it")
        with path.open("rb") as file:
            yield from _unpacked(name, file, passed_over, size=path.stat().st_size)


def _unpacked(name: str, file: IO[bytes], passed_over: PassedOver, size: int) -> Iterator[Source]:
    head = file.read(4)
    stream = Again(head, file)
    if head.startswith(b"\x1f\x8b"):
        packed = _Counted(stream)
        unpacked = cast("IO[bytes]", gzip.GzipFile(fileobj=cast("IO[bytes]", packed)))
        yield Source(name, _Bounded(name, unpacked, packed))
    elif head == b"PK\x03\x04":
        with TemporaryFile() as spooled:
            if size:
                file.seek(0)
                yield from _in_zip(name, file, passed_over)
                return
            while more := stream.read(1 << 20):  # a zip is read from its end, and the standard input has none yet
                spooled.write(more)
            yield from _in_zip(name, spooled, passed_over)
    else:
        yield Source(name, stream)


def _in_zip(name: str, file: IO[bytes], passed_over: PassedOver) -> Iterator[Source]:
    """The text files inside; a folder that a name leads through is never made, and nothing is written to the disk."""
    with zipfile.ZipFile(file) as archive:
        names = [entry.filename for entry in archive.infolist()]
        if any(known in names for known in _OFFICE):
            raise BadImport(
                f"{name} is a spreadsheet or a document of an office program",
                hint="save it as CSV (UTF-8), and name that",
            )
        entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _hidden(entry.filename)]
        if not entries:
            raise BadImport(f"{name} is an empty archive")
        chosen = [(entry, kind) for entry in entries if (kind := _kind(name, entry)) is not None]
        if len(chosen) > FILES_IN_A_ZIP:
            raise BadImport(
                f"{name} holds {len(chosen)} files, more than {FILES_IN_A_ZIP}",
                hint="unpack it, and name those you mean",
            )
        for entry in entries:
            if entry not in [each for each, _ in chosen]:
                passed_over(_inside(name, entry), "which is no table")
        for entry, kind in chosen:
            with archive.open(entry) as unpacked:
                inside = _inside(name, entry)
                yield Source(inside, _Bounded(inside, unpacked, _Known(entry.compress_size)), kind)


def _kind(name: str, entry: zipfile.ZipInfo) -> Kind | None:
    """What a file in an archive is by its name; None: no table. Raises BadImport for what must not be passed over."""
    inside, suffix = _inside(name, entry), PurePosixPath(entry.filename).suffix.lower()
    if suffix in _SPREADSHEETS:
        raise BadImport(f"{inside} is a spreadsheet", hint="save it as CSV (UTF-8), and name that")
    if suffix in _PACKED:
        raise BadImport(f"{inside} is packed a second time", hint="unpack it, and name the files that you mean")
    kind = Kind.TABLE if suffix in _TABLES else Kind.MAYBE if suffix in _MAYBE else None
    if kind is not None and entry.flag_bits & _ENCRYPTED:
        raise BadImport(f"{inside} is encrypted", hint="unpack it with its password, and name the files that you mean")
    return kind


def _inside(name: str, entry: zipfile.ZipInfo) -> str:
    return f"{name}/{PurePosixPath(entry.filename.replace(chr(92), '/')).name}"


def _hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or parts[-1].startswith(".")


class Again(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: Bytes) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        if size < 0:
            head, self._head = self._head, b""
            return head + self._rest.read(size)
        head, self._head = self._head[:size], self._head[size:]
        return head + self._rest.read(size - len(head)) if len(head) < size else head

    def readable(self) -> bool:
        """It is."""
        return True


class _Counted:
    """Counts the packed bytes that were read."""

    def __init__(self, stream: Bytes) -> None:
        self._stream = stream
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self.size += len(data)
        return data


@dataclass
class _Known:
    """Packed bytes whose number the archive says."""

    size: int


class _Bounded:
    """What comes out of an archive, as long as it is not more than what went in can honestly be."""

    def __init__(self, name: str, unpacked: IO[bytes], packed: "_Counted | _Known") -> None:
        self._name = name
        self._unpacked = unpacked
        self._packed = packed
        self._size = 0

    def read(self, size: int, /) -> bytes:
        data = self._unpacked.read(size)
        self._size += len(data)
        if self._size > max(_SLACK, SWELLING * self._packed.size) or self._size > LARGEST:
            raise BadImport(
                f"{self._name} becomes too large when it is unpacked",
                hint="unpack it yourself, look at it, and name it",
            )
        return data


class Headed:
    """A stream that remembers how it began."""

    def __init__(self, stream: Bytes) -> None:
        self._stream = stream
        self._head = b""

    def read(self, size: int, /) -> bytes:
        """The next bytes."""
        data = self._stream.read(size)
        if len(self._head) < _HEAD:
            self._head += data[: _HEAD - len(self._head)]
        return data

    @property
    def names_somebody(self) -> bool:
        """Whether there is an address in what was read first, in whatever encoding."""
        return _ADDRESS.search(self._head.replace(b"\0", b"")) is not None
