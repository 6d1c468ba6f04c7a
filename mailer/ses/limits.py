"""SES's limits that botocore does not check: looked at before a call, so that one bad letter never fails the others.

Sources: the service model (`max`, `pattern`), which botocore does not enforce, and the developer guide's quotas.
Each function says what is wrong in words that name no address, and nothing when nothing is.
"""

import re
from collections.abc import Sequence

from mailer.message.headers import is_address

MOST_ENTRIES = 50
"""Destinations in a call of SendBulkEmail (developer guide; not in the model)."""
LARGEST_CALL = 1_000_000
"""Bytes of the JSON of a SendBulkEmail with its template inside: "1 MB", read as the smaller of its two meanings."""
LARGEST_LETTER = 40_000_000
"""Bytes of a raw letter after base64."""
LONGEST_DATA = 262_144
"""Characters of an entry's ReplacementTemplateData."""
MOST_HEADERS = 15
LONGEST_HEADER_NAME = 126
LONGEST_HEADER_VALUE = 995
LONGEST_HEADER = 996
"""Name and value together."""
LONGEST_MAILBOX = 320
"""Characters of an address with its display name (version 1's documentation; version 2 is silent)."""
LONGEST_TAG = 256
LONGEST_SET = 64
_LONGEST_LOCAL_PART = 64  # RFC 5321 §4.5.3.1.1
_LONGEST_LABEL = 63  # RFC 1035 §2.3.4

_AROUND_ENTRIES = 100
"""Bytes, generously, of what stands around the entries of a call."""

_WORD = re.compile(r"[A-Za-z0-9_-]+")
_HEADER_NAME = re.compile(r"[!-9;-@A-~]+")
_HEADER_VALUE = re.compile(r"[ -~]+")


def in_address(address: str) -> str:
    """What is wrong with a recipient: SES takes plain ASCII, and a domain with other letters as xn--…."""
    local, _, domain = address.rpartition("@")
    if not is_address(address):
        return "its address is not name@domain in plain ASCII"
    if len(local) > _LONGEST_LOCAL_PART:
        return f"its address has more than {_LONGEST_LOCAL_PART} characters before the @"
    if max(map(len, domain.split("."))) > _LONGEST_LABEL:
        return f"its domain has a part of more than {_LONGEST_LABEL} characters"
    return ""


def in_tag(value: str) -> str:
    """What is wrong with the value of a message tag."""
    if len(value) > LONGEST_TAG or not _WORD.fullmatch(value):
        return f"a tag must be up to {LONGEST_TAG} of the characters A-Z a-z 0-9 _ -"
    return ""


def in_letter(content: bytes) -> str:
    """What is wrong with a raw letter."""
    if (len(content) + 2) // 3 * 4 > LARGEST_LETTER:
        return f"it is larger than the {LARGEST_LETTER // 1_000_000} MB that SES takes"
    return ""


def in_headers(headers: Sequence[tuple[str, str]]) -> str:
    """What is wrong with the header fields of a template or of an entry of SendBulkEmail."""
    if len(headers) > MOST_HEADERS:
        return f"it has more than {MOST_HEADERS} header fields"
    for name, value in headers:
        if len(name) > LONGEST_HEADER_NAME or not _HEADER_NAME.fullmatch(name):
            return f"{name[:40]!r} cannot be the name of a header field"
        if len(value) > LONGEST_HEADER_VALUE or len(name) + len(value) > LONGEST_HEADER:
            return f"its header field {name} is longer than {LONGEST_HEADER} characters"
        if not _HEADER_VALUE.fullmatch(value):
            return f"its header field {name} is empty, or holds something else than printable ASCII"
    return ""


def in_data(data: str) -> str:
    """What is wrong with an entry's ReplacementTemplateData."""
    return f"its values are longer than {LONGEST_DATA:,} characters" if len(data) > LONGEST_DATA else ""


def in_call(size: int) -> str:
    """What is wrong with a call of SendBulkEmail that one entry makes of so many bytes with its template."""
    room = LARGEST_CALL - _AROUND_ENTRIES
    return f"with the template it is larger than the {LARGEST_CALL:,} bytes of a call" if size > room else ""


def in_configuration_set(name: str) -> str:
    """What is wrong with the name of a configuration set."""
    if len(name) > LONGEST_SET or not _WORD.fullmatch(name):
        return f"a configuration set's name is up to {LONGEST_SET} of the characters A-Z a-z 0-9 _ -"
    return ""
