"""Writes header fields that mean what was said and nothing more: encoded, folded, and closed to injection.

Python's email package is not trusted with any of this. On patch levels that are still in use an encoded word in a
subject becomes a real `Bcc:` (CVE-2024-6923, CVE-2026-1299), and on every one a List-Unsubscribe of more than 60
characters is encoded until Gmail ignores it. Of the stdlib only the encoding of one encoded word is used.
"""

import re
import textwrap
from datetime import datetime
from email.charset import Charset
from email.utils import format_datetime
from functools import lru_cache

from mailer.errors import LetterError
from mailer.rendering.edition import Place
from mailer.rendering.slots import clean, escape

COLUMNS = 78  # RFC 5322 §2.1.1
ENCODED_WORD = 75  # RFC 2047 §2
LONGEST = 400
"""Characters of a subject or of a name that belongs to the edition; nobody reads on."""
LONGEST_NAME = 100
"""Characters of a person's name: what is longer is no name, and is cut."""

_LONGEST_ADDRESS = 254  # RFC 5321 §4.5.3.1, less the angle brackets
_UTF8 = Charset("utf-8")
_ENCODED_WORD = re.compile(r"=\?[^?]*\?[BbQq]\?.*?\?=", re.DOTALL)
_ATOMS = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_DOT_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
_ADDRESS = re.compile(rf"{_DOT_ATOM}@{_HOST}", re.ASCII)
_LIST_ID = re.compile(rf"{_DOT_ATOM}\.{_HOST}", re.ASCII)
_TAG = re.compile(r"[\w-]{1,100}", re.ASCII)
_DOMAIN = re.compile(_HOST, re.ASCII)


def trouble(text: str, longest: int = LONGEST) -> str:
    """Why these words of an edition cannot stand in a header; empty when they can."""
    if clean(text) != text:
        return "it holds a line break, a control character or half of a character"
    if _ENCODED_WORD.search(text):
        return 'it holds an "encoded word" (=?…?=), which mail programs decode; write the words themselves'
    if len(text) > longest:
        return f"it is longer than {longest} characters"
    return ""


def tame(text: str, longest: int = LONGEST) -> str:
    """Words made harmless: no control characters, nothing that decodes to some, no more than `longest`.

    A person's are mended, not refused: nobody goes without a letter for a strange name.
    """
    text = escape(text, Place.HEADER)[:longest].rstrip()
    return text.replace("=?", "= ?") if _ENCODED_WORD.search(text) else text


def unstructured(name: str, text: str) -> str:
    """The field `name` with tamed text, folded, without its closing CRLF."""
    line = f"{name}: {text}"
    if _is_plain(text):
        if len(line) <= COLUMNS:
            return line
        lines = textwrap.wrap(
            text,
            COLUMNS,
            initial_indent=f"{name}: ",
            subsequent_indent=" ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        if max(map(len, lines)) <= COLUMNS:
            return "\r\n".join(lines)
    return f"{name}: " + "\r\n ".join(_encoded_words(text, COLUMNS - len(name) - 2))


def phrase_and_angle(name: str, words: str, inside: str) -> str:
    """The field `name` with tamed words for people and, in angle brackets, what programs read: a mailbox, a List-Id."""
    if not words:
        return f"{name}: <{inside}>"
    if _ATOMS.fullmatch(words) and "=?" not in words:
        phrase = words
    elif _is_plain(words):
        phrase = '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        phrase = ""
    if not phrase or len(name) + 2 + len(phrase) > COLUMNS:
        phrase = "\r\n ".join(_encoded_words(words, COLUMNS - len(name) - 2))
    fits = len(name) + 2 + len(phrase) + 1 + len(inside) + 2 <= COLUMNS
    gap = " " if fits else "\r\n "
    return f"{name}: {phrase}{gap}<{inside}>"


def is_address(text: str) -> bool:
    """Whether an address can stand in a header as it is: ASCII, dot-atom, 254 octets at most.

    A local part that looks like an encoded word is none, though its letters are allowed: parsers decode it.
    """
    return len(text) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None and "=?" not in text


def is_list_id(text: str) -> bool:
    """Whether a List-Id's identifier is one (RFC 2919 §2)."""
    return len(text) <= _LONGEST_ADDRESS and _LIST_ID.fullmatch(text) is not None and "=?" not in text


def message_id(mailing_token: str, delivery_tag: str, domain: str) -> str:
    """The Message-ID of one delivery's letter: `<mailing.subscriber-attempt@domain>`, the same whenever it is asked for.

    SES puts its own in its place; in the outbox and in replies this one leads back to the delivery.
    Raises LetterError when a part of it could break out of the header.
    """
    if not (_TAG.fullmatch(mailing_token) and _TAG.fullmatch(delivery_tag) and _DOMAIN.fullmatch(domain)):
        raise LetterError(f"no Message-ID can be made of {mailing_token!r}, {delivery_tag!r} and {domain!r}")
    return f"<{mailing_token}.{delivery_tag}@{domain}>"


@lru_cache(maxsize=16)
def date(moment: datetime) -> str:
    """A moment as RFC 5322 writes it. Raises ValueError when it has no time zone: the reader's would be assumed."""
    if moment.tzinfo is None:
        raise ValueError(f"a Date without a time zone: {moment!r}")
    return format_datetime(moment)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and text == text.strip() and "=?" not in text


def _encoded_words(text: str, room: int) -> list[str]:
    """The text as encoded words of at most 75 characters, the first within `room`; halved until they fit.

    Between two of them readers drop the white space, so that none is lost or added.
    """
    word = _UTF8.header_encode(text)
    if len(word) <= min(room, ENCODED_WORD) or len(text) == 1:
        return [word]
    half = len(text) // 2
    return _encoded_words(text[:half], room) + _encoded_words(text[half:], ENCODED_WORD)
