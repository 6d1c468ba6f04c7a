"""Knows by its first bytes what is no table of people, to say so in words that help."""

import re

from subscribers.errors import BadImport

HEAD = 512
"""Bytes that are looked at."""

_AS_CSV = "export the people as CSV (UTF-8), and name that"
_UNPACK = "unpack it, and name the files that you mean"
_DOWNLOADED = "what was to be downloaded may have needed a sign-in: open it in a browser, and export the people as CSV"

_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF", _AS_CSV),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet or a document of an office program", "save it as CSV (UTF-8), and name that"),
    (b"{\\rtf", "a document of an office program", _AS_CSV),
    (b"\x89PNG", "a picture", _AS_CSV),
    (b"\xff\xd8\xff", "a picture", _AS_CSV),
    (b"GIF8", "a picture", _AS_CSV),
    (b"<?xml", "XML", _AS_CSV),
    (b"SQLite format 3", "a database", _AS_CSV),
    (b"BEGIN:VCARD", "a file of contacts (vCard)", "export the contacts as CSV (UTF-8), and name that"),
    (b"PK\x05\x06", "an empty archive", ""),
    (b"PK\x03\x04", "packed a second time", _UNPACK),
    (b"\x1f\x8b", "packed a second time", _UNPACK),
    (b"BZh", "packed in a way that is not known here", _UNPACK),
    (b"\xfd7zXZ", "packed in a way that is not known here", _UNPACK),
    (b"7z\xbc\xaf", "packed in a way that is not known here", _UNPACK),
    (b"Rar!", "packed in a way that is not known here", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "packed in a way that is not known here", _UNPACK),
)
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|meta|table|body|div)\b", re.IGNORECASE)
_LETTER = re.compile(
    rb"(?:From \S+ +(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) |(?:Return-Path|Received|Delivered-To|From|To|Subject|Date|MIME-Version|Message-ID|X-[\w-]+): )",
    re.ASCII,
)
_TAR = slice(257, 262)


def refuse_what_is_no_table(name: str, head: bytes) -> None:
    """Raise BadImport for what begins like something else."""
    for beginning, what, hint in _BEGINNINGS:
        if head.startswith(beginning):
            raise BadImport(f"{name} is {what}", hint=hint)
    if head[_TAR] == b"ustar":
        raise BadImport(f"{name} is packed in a way that is not known here", hint=_UNPACK)
    if _PAGE.match(head):
        raise BadImport(f"{name} is a web page", hint=_DOWNLOADED)
    if _LETTER.match(head):
        raise BadImport(f"{name} is an e-mail", hint="name a file of people")
