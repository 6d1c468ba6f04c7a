"""What SES's servers refuse beyond the model of their interface: addresses, tags, headers, sizes, and raw messages."""

import re
from collections.abc import Mapping, Sequence
from email.utils import getaddresses, parseaddr
from typing import Any

from mailer.local_ses.refusals import Refusal, bad_request

MOST_ENTRIES = 50
MOST_RECIPIENTS = 50
MOST_REQUEST_BYTES = 1_048_576  # of a call with an inline template
MOST_RAW_BYTES = 40 * 1_048_576  # after base64
MOST_LINE_BYTES = 1_000  # RFC 5321 §4.5.3.1.6, with its CRLF
MOST_HEADER_CHARACTERS = 996  # name and value together

_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")
_ADDRESS = re.compile(r"[!#-'*+\-/-9=?A-Z^-~.\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_FIELD = re.compile(rb"[!-9;-~]+:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*")
_FROM = re.compile(rb"^from:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*", re.IGNORECASE | re.MULTILINE)
# Amazon lists these as fields that a message may carry once only.
_ONCE = {
    *("from", "sender", "subject", "reply-to", "to", "cc", "bcc", "date", "message-id", "mime-version", "content-type"),
    *("list-id", "list-help", "list-unsubscribe", "list-unsubscribe-post", "list-archive", "list-post", "return-path"),
}
# SES writes these itself, from the call; a second one would break the letter.
_WRITTEN_BY_SES = {
    *("from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "return-path"),
    *("mime-version", "content-type", "content-transfer-encoding"),
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def address(text: str) -> str:
    """The bare address of `Name <address>`. Raises Refusal for what SES calls illegal."""
    if _is_well_formed(text):
        return text  # the most of them, by far
    if _CONTROL.search(text):
        raise bad_request(f"Control characters in address: {text!r}")
    _, bare = parseaddr(text)
    if "@" not in bare:
        raise bad_request(f"Missing final '@domain' in {text!r}")
    if not bare.isascii():
        raise bad_request(
            f"Address contains characters that are not 7-bit ASCII (a domain is written in Punycode): {text!r}"
        )
    if not _is_well_formed(bare):
        raise bad_request(f"Illegal address {text!r}")
    if not text.isascii():
        raise bad_request(f"Names beside addresses are encoded as RFC 2047 has it: {text!r}")
    return bare


def _is_well_formed(bare: str) -> bool:
    return _ADDRESS.fullmatch(bare) is not None and ".." not in bare and "." in bare.rpartition("@")[2]


def recipients(destination: Mapping[str, Sequence[str]]) -> list[str]:
    """The bare addresses of a Destination. Raises Refusal for a wrong one, or for more than 50."""
    found = [
        address(each) for field in ("ToAddresses", "CcAddresses", "BccAddresses") for each in destination.get(field, ())
    ]
    if len(found) > MOST_RECIPIENTS:
        raise bad_request(f"Recipient count exceeds {MOST_RECIPIENTS}.")
    return found


def tags(*lists: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Tags by name; a later list wins over an earlier one. Raises Refusal for characters that SES does not take."""
    merged: dict[str, str] = {}
    for given in lists:
        names: set[str] = set()
        for tag in given:
            for text in (tag["Name"], tag["Value"]):
                if not _TAG.fullmatch(text):
                    raise bad_request(
                        f"Invalid tag {text!r}: only letters, digits, '_' and '-' are allowed, 256 of them at most."
                    )
            if tag["Name"] in names:
                raise bad_request(f"Duplicate tag {tag['Name']!r}.")
            names.add(tag["Name"])
            merged[tag["Name"]] = tag["Value"]
    return merged


def headers(default: Sequence[Mapping[str, str]], own: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """Default headers with an entry's own in their place, whatever the case of their names. Raises Refusal."""
    merged: dict[str, tuple[str, str]] = {}
    for given in (default, own):
        names: set[str] = set()
        for header in given:
            name, value = header["Name"], header["Value"]
            if len(name) + len(value) > MOST_HEADER_CHARACTERS:
                raise bad_request(f"Header {name!r} is longer than {MOST_HEADER_CHARACTERS} characters.")
            if name.lower() in names:
                raise bad_request(f"Duplicate header {name!r}.")
            if name.lower() in _WRITTEN_BY_SES:
                raise bad_request(f"The header {name!r} is written by SES.")
            names.add(name.lower())
            merged[name.lower()] = (name, value)
    return list(merged.values())


def raw(source: bytes) -> list[tuple[str, str]]:
    """The header fields of a raw message, undecoded. Raises Refusal where it does not parse or a line is too long."""
    if len(source) * 4 // 3 > MOST_RAW_BYTES:
        raise bad_request("Message length is more than 41943040 bytes long.")
    if max(map(len, source.split(b"\n"))) + 1 > MOST_LINE_BYTES:
        raise bad_request(f"A line is longer than {MOST_LINE_BYTES} bytes.")
    end = re.search(rb"\r?\n\r?\n", source)
    if end is None:
        raise bad_request("The message has no empty line between its headers and its body.")
    head = source[: end.start()]
    if not head.isascii():
        raise bad_request("A header holds characters that are not 7-bit ASCII.")
    fields: list[tuple[str, str]] = []
    at = 0
    while at < len(head):
        found = _FIELD.match(head, at)
        if found is None:
            line = head[at : at + 60].split(b"\n")[0].decode()
            raise bad_request(f"Not a header: {line!r}")
        name, _, value = found[0].decode().partition(":")
        fields.append((name, re.sub(r"\r?\n", "", value).strip()))
        at = found.end()
        at += len(head[at : at + 2]) if head.startswith(b"\r\n", at) else len(head[at : at + 1])
    names = [name.lower() for name, _ in fields]
    for name in _ONCE:
        if names.count(name) > 1:
            raise bad_request(f"Duplicate header '{name}'.")
    if "from" not in names:
        raise bad_request("Missing required header 'From'.")
    return fields


def with_sender(source: bytes, sender: str) -> bytes:
    """A raw message with `From` replaced, as SES does when a call names a sender of its own."""
    end = re.search(rb"\r?\n\r?\n", source)
    head = source[: end.start()] if end else source
    return _FROM.sub(lambda _: b"From: " + sender.encode(), head, count=1) + source[len(head) :]


def addressed_to(fields: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """The Destination that a raw message's own headers make, where a call names none."""
    lines = [value for name, value in fields if name.lower() in {"to", "cc", "bcc"}]
    return {"ToAddresses": [bare for _, bare in getaddresses(lines) if bare]}


def refuse_unless(known: Mapping[str, Any], name: str) -> None:
    """Raises Refusal (NotFoundException) when a call names a configuration set that is not there."""
    if name and name not in known:
        raise Refusal("NotFoundException", f"Configuration set <{name}> does not exist.", status=404)
