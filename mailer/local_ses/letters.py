"""The letters that were accepted, as an inbox would show them: headers, both bodies, and the source."""

import email
import email.policy
import quopri
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import format_datetime
from functools import cached_property
from typing import Any

from mailer.local_ses.template import MissingValue, Slot, fill


class RawContent:
    """A message that came whole."""

    def __init__(self, source: bytes, failure: str = "") -> None:
        self.source = source
        self.failure = failure

    @cached_property
    def _message(self) -> EmailMessage:
        return email.message_from_bytes(self.source, policy=email.policy.default)

    @cached_property
    def headers(self) -> Sequence[tuple[str, str]]:
        """As AcceptedLetter has them."""
        return _headers(self.source)

    @property
    def subject(self) -> str:
        """As AcceptedLetter has it."""
        return next((value for name, value in self.headers if name.lower() == "subject"), "")

    @cached_property
    def html(self) -> str:
        """As AcceptedLetter has it."""
        return self._body("html")

    @cached_property
    def text(self) -> str:
        """As AcceptedLetter has it."""
        return self._body("plain")

    def _body(self, kind: str) -> str:
        part = self._message.get_body((kind,))
        return str(part.get_content()).replace("\r\n", "\n") if part else ""


@dataclass(frozen=True)
class Parts:
    """An inline template, parsed."""

    subject: Sequence[str | Slot]
    text: Sequence[str | Slot]
    html: Sequence[str | Slot]

    @cached_property
    def slots(self) -> Sequence[Slot]:
        """Every slot once: who has a value for each of them can be written to."""
        found = (part for parts in (self.subject, self.text, self.html) for part in parts if isinstance(part, Slot))
        return tuple(dict.fromkeys(found))


class FilledContent:
    """A message that SES builds of a template. It is built when somebody looks; until then only its values are kept."""

    def __init__(
        self,
        parts: Parts,
        values: Mapping[str, Any],
        *,
        addressed: Sequence[tuple[str, str]],
        own: Sequence[tuple[str, str]],
        message_id: str,
        at: float,
    ) -> None:
        """`addressed`: From, To and Reply-To; `own`: the headers of the call, replaced where an entry says so."""
        self._parts = parts
        self._values = values
        self._addressed = addressed
        self._own = own
        self._message_id = message_id
        self._at = at
        self.failure = ""
        try:
            fill(parts.slots, values)
        except MissingValue as error:
            self.failure = str(error)

    def _filled(self, part: Sequence[str | Slot]) -> str:
        return "" if self.failure else fill(part, self._values)

    @property
    def subject(self) -> str:
        """As AcceptedLetter has it."""
        return self._filled(self._parts.subject)

    @property
    def html(self) -> str:
        """As AcceptedLetter has it."""
        return self._filled(self._parts.html).replace("\r\n", "\n")

    @property
    def text(self) -> str:
        """As AcceptedLetter has it."""
        return self._filled(self._parts.text).replace("\r\n", "\n")

    @cached_property
    def headers(self) -> Sequence[tuple[str, str]]:
        """As AcceptedLetter has them."""
        return _headers(self._written(lambda _: b""))

    @property
    def source(self) -> bytes:
        """The message: both bodies as multipart/alternative, the text first."""
        return self._written(_body)

    def _written(self, body: Callable[[str], bytes]) -> bytes:
        boundary = f"----=_{self._message_id}"
        head = [
            ("Date", format_datetime(datetime.fromtimestamp(self._at, UTC))),
            ("Message-ID", f"<{self._message_id}@email.amazonses.com>"),
            *self._addressed,
            ("Subject", _encoded_subject(" ".join(self.subject.splitlines()))),
            *self._own,
            ("MIME-Version", "1.0"),
        ]
        bodies = [(kind, text) for kind, text in (("plain", self.text), ("html", self.html)) if text]
        if len(bodies) == 1:
            head += _body_head(bodies[0][0])
            return _lines(head) + b"\r\n" + body(bodies[0][1])
        head.append(("Content-Type", f'multipart/alternative; boundary="{boundary}"'))
        whole = _lines(head) + b"\r\n"
        for kind, text in bodies:
            whole += f"--{boundary}\r\n".encode() + _lines(_body_head(kind)) + b"\r\n" + body(text) + b"\r\n"
        return whole + f"--{boundary}--\r\n".encode()


Content = RawContent | FilledContent


Told = tuple[str, str]
"""A thing that SES tells of a letter: its type, as MatchingEventTypes has it, and its kind within that, as Permanent/General."""


@dataclass(frozen=True, slots=True)
class AcceptedLetter:
    """A letter that SES took, for one recipient. Its content is None (and the rest empty) once it is too long ago."""

    message_id: str
    sender: str
    """From, as the call has it: with the name, if it has one."""
    recipient: str
    """The address alone."""
    tags: Mapping[str, str]
    accepted_at: float
    """Seconds since 1970."""
    operation: str
    """SendEmail or SendBulkEmail."""
    configuration_set: str
    region: str
    failure: str
    """Why it was never sent although it was accepted, in Amazon's words; empty: it was."""
    told: Sequence[Told] = ()
    """What SES tells of it afterwards, in order: only what its configuration set publishes."""
    kept: Content | None = field(default=None, repr=False, compare=False)

    @property
    def content(self) -> bytes | None:
        """The whole message: in raw as it came, in bulk as SES would build it; None when forgotten or never sent."""
        return self.kept.source if self.kept and not self.failure else None

    @property
    def subject(self) -> str:
        """The subject, decoded."""
        return self.kept.subject if self.kept else ""

    @property
    def html(self) -> str:
        """The HTML body, decoded."""
        return self.kept.html if self.kept else ""

    @property
    def text(self) -> str:
        """The text body, decoded, with a line feed at the ends of its lines."""
        return self.kept.text if self.kept else ""

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """All headers in order, decoded and unfolded."""
        return self.kept.headers if self.kept else ()


_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


def _headers(source: bytes) -> Sequence[tuple[str, str]]:
    """Decoded and unfolded. The body is not read: an event asks for the head of every letter."""
    end = _END_OF_HEAD.search(source)
    head = BytesHeaderParser(policy=email.policy.default).parsebytes(source[: end.end()] if end else source)
    return tuple((name, str(value)) for name, value in head.items())


def _encoded_subject(text: str) -> str:
    if text.isascii() and len(text) < 900:  # noqa: PLR2004  # below a line's 998
        return text
    return Header(text, "utf-8", maxlinelen=76, header_name="Subject").encode(linesep="\r\n")


def _body_head(kind: str) -> list[tuple[str, str]]:
    return [("Content-Type", f"text/{kind}; charset=UTF-8"), ("Content-Transfer-Encoding", "quoted-printable")]


def _lines(headers: Sequence[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode()


def _body(text: str) -> bytes:
    return quopri.encodestring(text.encode()).replace(b"\n", b"\r\n")
