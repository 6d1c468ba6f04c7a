"""Turns bytes into physical lines of text, a block at a time: any encoding that exports have, any line end, no line too long."""

import codecs
import io
from collections.abc import Callable, Iterator
from typing import Protocol

LONGEST_LINE = 1 << 20
"""Characters of a line that are looked at; what comes after them is dropped, and such a row is refused for its length."""

_BLOCK = 1 << 18
_HEAD = 4096
_FALLBACK = "mailer-windows-1252"


class Bytes(Protocol):
    """What is read from: the file, what was unpacked from it, or the standard input."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most so many; none at the end."""
        ...


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are not UTF-8 are Windows-1252, and what that does not know either is Latin-1.

    Byte by byte: a file may be one of them, or a mixture made by appending one export to another, and a million rows
    may pass before the first letter that tells.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(_letter(byte) for byte in bad), error.end


def _letter(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


codecs.register_error(_FALLBACK, _as_windows_1252)


def blocks(stream: Bytes, seen: Callable[[bytes], object]) -> Iterator[list[str]]:
    """The lines of a text with their ends, some thousand at a time; `seen` is told of all bytes."""
    head = stream.read(_HEAD)
    decoder = _decoder(head)
    data, rest, dropping = head, "", False
    while True:
        seen(data)
        text = rest + decoder.decode(data, final=not data)
        if dropping:
            text, dropping = _after_line_end(text)
        # With newline="" it splits at \n, \r and \r\n and nowhere else, as str.splitlines does not.
        lines = io.StringIO(text, newline="").readlines()
        rest = ""
        if data and lines and not lines[-1].endswith("\n"):
            rest = lines.pop()  # a \r at the end may be the half of \r\n
            if len(rest) > LONGEST_LINE:
                lines.append(rest[:LONGEST_LINE] + "\n")
                rest, dropping = "", True
        yield lines
        if not data:
            return
        data = stream.read(_BLOCK)


def _after_line_end(text: str) -> tuple[str, bool]:
    """What comes after the first line end; and whether there was none, so that more has to be dropped."""
    ends = [end for end in (text.find("\n"), text.find("\r")) if end >= 0]
    return (text[min(ends) + 1 :], False) if ends else ("", True)


def _decoder(head: bytes) -> codecs.IncrementalDecoder:
    encoding = "utf-8-sig"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\0" in head:
        # Without a mark: Western text in UTF-16 has a zero in every other byte. A row of them fills a block on a disk.
        text = head[:512].rstrip(b"\0")
        evens, odds = text[0::2].count(0), text[1::2].count(0)
        if text and max(evens, odds) * 3 >= len(text):
            encoding = "utf-16-le" if odds > evens else "utf-16-be"
    errors = _FALLBACK if encoding == "utf-8-sig" else "replace"
    return codecs.getincrementaldecoder(encoding)(errors)
