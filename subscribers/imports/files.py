"""Opens what a person named: a file, a gzip, the files inside a zip, the standard input; and nothing that swells beyond measure."""

import gzip
import io
import stat
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO, cast

from subscribers.errors import BadImport
from subscribers.imports.text import Bytes

LARGEST = 4 << 30
"""Bytes of one file, unpacked. A million people are about 100 MB."""
SWELLING = 200
"""How many times its packed size a file may become: text packs 5 to 20 times."""
FILES_IN_A_ZIP = 100

_SLACK = 10 << 20
"""Below this a small file may swell as it likes: a thousand equal lines pack very well."""
_SPREADSHEET = ("[Content_Types].xml", "xl/workbook.xml", "content.xml")


@dataclass(frozen=True)
class Source:
    """Something to read, under the name that a person knows it by."""

    name: str
    stream: Bytes


@contextmanager
def reading(name: str) -> Generator[None]:
    """What goes wrong while a file is read, in words for a person. Raises BadImport."""
    try:
        yield
    # zipfile raises NotImplementedError for a way of packing that it does not know, and RuntimeError for a password.
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadImport(
            f"{name} cannot be unpacked: it is damaged, cut short or encrypted",
            hint="export or download it again; a zip must have no password",
        ) from error
    except OSError as error:
        raise BadImport(f"{name} cannot be read: {error.strerror or error}") from error


def opened(path: Path, standard_input: IO[bytes]) -> Iterator[Source]:
    """What is to be read of one argument: `-` is the standard input, a zip may hold several files. Raises BadImport."""
    name = "standard input" if str(path) == "-" else str(path)
    with reading(name):
        if str(path) == "-":
            yield from _unpacked(name, standard_input, size=0)
            return
        if stat.S_ISDIR(path.stat().st_mode):
            raise BadImport(f"{path} is not a file", hint="name the files in it")
        with path.open("rb") as file:
            yield from _unpacked(name, file, size=path.stat().st_size)


def _unpacked(name: str, file: IO[bytes], size: int) -> Iterator[Source]:
    head = file.read(4)
    stream = _Again(head, file)
    if head.startswith(b"\x1f\x8b"):
        packed = _Counted(stream)
        unpacked = cast("IO[bytes]", gzip.GzipFile(fileobj=cast("IO[bytes]", packed)))
        yield Source(name.removesuffix(".gz"), _Bounded(name, unpacked, packed))
    elif head == b"PK\x03\x04":
        with TemporaryFile() as spooled:
            if size:
                file.seek(0)
                yield from _in_zip(name, file)
                return
            while more := stream.read(1 << 20):  # a zip is read from its end, and the standard input has none yet
                spooled.write(more)
            yield from _in_zip(name, spooled)
    else:
        yield Source(name, stream)


def _in_zip(name: str, file: IO[bytes]) -> Iterator[Source]:
    """The text files inside; a folder that a name leads through is never made, and nothing is written to the disk."""
    with zipfile.ZipFile(file) as archive:
        names = [entry.filename for entry in archive.infolist()]
        if any(known in names for known in _SPREADSHEET):
            raise BadImport(f"{name} is a spreadsheet", hint="save it as CSV (UTF-8)")
        entries = [entry for entry in archive.infolist() if not entry.is_dir() and not _hidden(entry.filename)]
        if not entries:
            raise BadImport(f"{name} is an empty archive")
        if len(entries) > FILES_IN_A_ZIP:
            raise BadImport(
                f"{name} holds {len(entries)} files, more than {FILES_IN_A_ZIP}",
                hint="unpack it, and name those you mean",
            )
        for entry in entries:
            with archive.open(entry) as unpacked:
                packed = _Known(entry.compress_size)
                inside = f"{name}/{PurePosixPath(entry.filename.replace(chr(92), '/')).name}"
                yield Source(inside, _Bounded(inside, unpacked, packed))


def _hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or parts[-1].startswith(".")


class _Again(io.RawIOBase):
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int = -1, /) -> bytes:
        if not self._head:
            return self._rest.read(size)
        if size < 0:
            head, self._head = self._head, b""
            return head + self._rest.read()
        head, self._head = self._head[:size], self._head[size:]
        return head

    def readable(self) -> bool:
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
