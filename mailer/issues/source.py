"""A file that a person wrote: its text, its places, and every mistake found in it."""

import difflib
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from mailer.errors import ContentErrors, Mistake

LIMIT = 1_000_000
"""Bytes. A longer file is no issue but an accident, such as a picture pasted as text."""

Place = tuple[int, int]
"""Line and column, counted from 1."""

Locate = Callable[[int], Place]
"""The place in the file of an offset in a run of words that was read from it."""

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
"""What no mail and no header may hold. Gmail clips a mail at U+0080–U+009F (hteumeuleu/email-bugs#41); U+2028 and
U+2029 end a line for some readers of headers and for PyYAML, so they would shift every place after them."""

BRACES = re.compile(r"\{\{|\}\}|\{%|\{#")
"""Personal words, and marks of Jinja: what a line that is the same for all cannot hold."""

_LONGEST = 300
"""Characters of a message."""

_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Source:
    """The text of one file, as lines, and the list of mistakes that reading it fills.

    Raises ContentErrors if it is UTF-16; another wrong encoding is one mistake among others.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.data = data
        self.mistakes: list[Mistake] = []
        if data.startswith(_UTF_16):
            raise ContentErrors([Mistake(path, 1, 1, "the file is UTF-16: save it as UTF-8")])
        data = data.removeprefix(_BOM)
        try:
            text, undecoded = data.decode(), None
        except UnicodeDecodeError as error:
            text, undecoded = data.decode(errors="replace"), error
        text = _unified(text)
        # Each is replaced by one character, so that what is read afterwards keeps its places.
        self.lines: tuple[str, ...] = tuple(CONTROL.sub("\ufffd", text).split("\n"))
        if undecoded:
            before = _unified(data[: undecoded.start].decode())
            place = before.count("\n") + 1, len(before) - before.rfind("\n")
            self.mistake(place, _about_byte(data[undecoded.start]))
        if CONTROL.search(text):
            self._report_controls(text)

    def mistake(self, place: Place, message: str) -> None:
        """Note a mistake.

        A place outside the file (a parser's mark behind its end) is moved to the nearest inside. The message is made
        one line that a terminal only shows, whatever it quotes from the file.
        """
        line = min(max(place[0], 1), len(self.lines))
        column = min(max(place[1], 1), len(self.lines[line - 1]) + 1)
        shown = "".join(each if each.isprintable() else "\ufffd" for each in " ".join(message.split()))
        if len(shown) > _LONGEST:
            shown = shown[: _LONGEST - 1] + "…"
        self.mistakes.append(Mistake(self.path, line, column, shown))

    def finish(self) -> None:
        """Raise ContentErrors if there is any mistake."""
        if self.mistakes:
            raise ContentErrors(self.mistakes)

    def indent(self, line: int) -> Place:
        """The place of the first word of a line."""
        text = self.lines[min(line, len(self.lines)) - 1]
        return line, len(text) - len(text.lstrip()) + 1

    def _report_controls(self, text: str) -> None:
        seen: set[str] = set()
        for number, line in enumerate(text.split("\n"), 1):
            for found in CONTROL.finditer(line):
                if found[0] not in seen:
                    seen.add(found[0])
                    self.mistake((number, found.start() + 1), _about_control(found[0], text.count(found[0])))


def read_source(path: Path) -> Source:
    """Read a file whole. Raises ContentErrors if it cannot be read or is larger than LIMIT."""
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except OSError as error:
        raise ContentErrors([Mistake(path, 1, 1, f"cannot be read: {error.strerror or error}")]) from error
    if len(data) > LIMIT:
        raise ContentErrors([Mistake(path, 1, 1, f"is larger than 1 MB ({LIMIT:,} bytes): an issue is words only")])
    return Source(path, data)


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    near = difflib.get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6)
    return near[0] if near else None


def suggest(word: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown word: what was probably meant, or what there is."""
    words = sorted(known)
    if near := closest(word, words):
        return f", did you mean '{near}'?"
    return f" (there is {', '.join(words)})" if words else ""


def _unified(text: str) -> str:
    """The same text with every line ended by a line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _about_byte(byte: int) -> str:
    guess = bytes([byte]).decode("cp1252", "replace")
    meant = f" (in Windows-1252 it is '{guess}')" if guess.isprintable() and guess != "\ufffd" else ""
    return f"the byte 0x{byte:02X} is not UTF-8{meant}: save the file as UTF-8"


def _about_control(character: str, count: int) -> str:
    code = ord(character)
    again = "" if count == 1 else f", {count} times in this file"
    if 0x80 <= code <= 0x9F:  # noqa: PLR2004  # the C1 block, by its numbers
        meant = bytes([code]).decode("cp1252", "replace")
        guess = f"'{meant}' was probably meant" if meant != "\ufffd" and meant.isprintable() else "delete it"
        return f"the control character U+{code:04X}{again}: Gmail clips a mail that holds it; {guess}"
    if character in "\u2028\u2029":
        return f"the line separator U+{code:04X}{again}: an ordinary line break is meant"
    return f"the control character U+{code:04X}{again}: delete it"
