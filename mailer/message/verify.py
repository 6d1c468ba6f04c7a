"""Reads a letter back as a mail program would, and says whether it is what was meant."""

import re
from collections.abc import Iterator, Mapping, Sequence
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses

from mailer.errors import RenderError

_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_ENCODED_WORD = re.compile(rb"=\?[^? ]*\?[BbQq]\?[^? ]*\?=")
_LONGEST_LINE = 998  # RFC 5322 §2.1.1, without its CRLF
_LONGEST_BODY_LINE = 76  # RFC 2045 §6.7
_LONGEST_ENCODED_WORD = 75  # RFC 2047 §2


def verify(
    letter: bytes,
    *,
    names: Sequence[str],
    recipient: str,
    subject: str,
    text: str,
    html: str,
    unsubscribe_url: str | None,
) -> None:
    """Check everything that a letter promises. Raises RenderError that names each broken promise.

    Exactly the header fields `names` in that order, and one recipient; the subject and both parts word for word; an
    unbroken List-Unsubscribe (None: it has none); 7 bits, CRLF only, lines within limits. The stdlib reads it, which did
    not write it.
    """
    message = message_from_bytes(letter)
    wrong = [
        *_wire(letter, unsubscribe_url),
        *_fields(message, names, recipient, subject),
        *_parts(message, {"text/plain": text, "text/html": html}),
    ]
    if wrong:
        raise RenderError(
            "a letter of this edition would not arrive as it was meant: " + "; ".join(wrong),
            hint="Nothing was sent. This is a fault in the program or its theme: please report it with the issue's file.",
        )


def _wire(letter: bytes, unsubscribe_url: str | None) -> Iterator[str]:
    head, _, body = letter.partition(b"\r\n\r\n")
    if _BARE.search(letter):
        yield "it holds a bare CR or LF"
    if not letter.isascii() or b"\0" in letter:
        yield "it is not 7-bit"
    if max(map(len, letter.split(b"\r\n"))) > _LONGEST_LINE:
        yield f"a line is longer than {_LONGEST_LINE} bytes"
    if max(map(len, body.split(b"\r\n"))) > _LONGEST_BODY_LINE:
        yield f"a line of its body is longer than {_LONGEST_BODY_LINE} bytes"
    if any(len(word) > _LONGEST_ENCODED_WORD for word in _ENCODED_WORD.findall(head)):
        yield f"an encoded word is longer than {_LONGEST_ENCODED_WORD} bytes"
    if unsubscribe_url and f"\r\nList-Unsubscribe: <{unsubscribe_url}>\r\n".encode() not in head + b"\r\n":
        yield "its List-Unsubscribe is broken"


def _fields(message: Message, names: Sequence[str], recipient: str, subject: str) -> Iterator[str]:
    if message.keys() != list(names):
        yield f"its header fields are {', '.join(message.keys())}"
    addresses = [address for _, address in getaddresses([str(value) for value in message.get_all("To", [])])]
    if addresses != [recipient]:
        yield f"it is addressed to {', '.join(addresses)}"
    found = _words(str(message["Subject"]))
    if found != subject:
        yield f"its subject reads {found!r}"


def _parts(message: Message, expected: Mapping[str, str]) -> Iterator[str]:
    every = list(message.walk())
    kinds = [part.get_content_type() for part in every]
    if kinds != ["multipart/alternative", *expected]:
        yield f"its parts are {', '.join(kinds)}"
    for part, (kind, words) in zip(every[1:], expected.items(), strict=False):
        if _decoded(part) != words.replace("\r\n", "\n").replace("\r", "\n"):
            yield f"its {kind} part has other words"
    defects = [type(defect).__name__ for part in every for defect in part.defects]
    if defects:
        yield f"it is malformed: {', '.join(defects)}"


def _words(value: str) -> str:
    unfolded = value.replace("\r\n", "").replace("\n", "")
    try:
        return str(make_header(decode_header(unfolded)))
    except (HeaderParseError, UnicodeDecodeError, LookupError):
        return unfolded


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    return content.decode("utf-8", "replace").replace("\r\n", "\n")
