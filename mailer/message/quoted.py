"""Quoted-printable in pieces that can be joined in any order: each begins and ends at the start of a line.

That is what lets an edition be encoded once: a person's value, or a section that is only for some, goes between two
pieces without a byte of them changing. Sources: RFC 2045 §6.7, and the traps of RFC 2049 §3 (dots, "From ").
"""

import re
from email import quoprimime

_WIDTH = 73
"""76 is the limit: two characters are kept for an escaped first one, one for the soft break that ends a piece."""

# A line that begins with a dot may be taken for the end of the letter, or lose the dot; "From " may get a ">" before it.
_TRAPS = re.compile(r"^(?:\.|F(?=rom ))", re.MULTILINE)


def quoted(text: str) -> bytes:
    """`text` in UTF-8 as lines of quoted-printable, 76 columns at most; each of its line breaks is a CRLF.

    Raises UnicodeEncodeError for half a surrogate pair.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    # The stdlib's encoder takes one character for each byte.
    encoded = quoprimime.body_encode(lines.encode().decode("latin-1"), _WIDTH, "\r\n")
    encoded = _TRAPS.sub(lambda found: f"={ord(found[0]):02X}", encoded)
    if encoded and not encoded.endswith("\n"):
        encoded += "=\r\n"
    return encoded.encode("ascii")
