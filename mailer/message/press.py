"""Prints letters: encodes an edition once, and finishes it for a person with a few joins."""

import re
from collections.abc import Container, Mapping
from datetime import UTC, datetime

from mailer.errors import LetterError, RenderError
from mailer.message import headers
from mailer.message.body import Body
from mailer.message.letterhead import shared_fields
from mailer.message.verify import verify
from mailer.rendering.edition import LINKS, Edition
from mailer.rendering.slots import fill

_NAMES = (
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Precedence",
    "Content-Type",
)

_UNSUBSCRIBE_URL = re.compile(r"(?:https://|http://(?:localhost|127\.0\.0\.1|\[::1\])[:/])[!-;=?-~]{1,900}", re.ASCII)

# The worst that an import could hold: quotes, markup, another header, an encoded one, the end of a letter, long words.
_LONGEST_ADDRESS = "l" * 64 + "@" + ".".join(["d" * 61] * 3) + ".org"
_WORST = (
    'Zoë "Ω" \\ <b>&amp;</b> \U0001f9d1\u200d\U0001f680 =?utf-8?q?=0D=0ABcc:_x=40example.org?=\r\nBcc: x@example.org\r\n'
    "\r\n.\r\nFrom \u2028 \x00 = =3D " + "\U0001d54f" * 120
)


class Press:
    """Prints the letters of one edition. Raises RenderError when the edition cannot be a letter.

    Before the first one it prints letters with the worst values it can think of, and reads them back (`verify`).
    """

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._shared = shared_fields(edition)
        try:
            self._body = Body(edition)
        except UnicodeEncodeError as error:
            raise RenderError(
                f"issue {edition.issue}: half of a character stands in its words, which no letter can carry",
                hint="Look for a damaged emoji in the issue's file or its theme.",
            ) from error
        self._names = tuple(name for name in _NAMES if name != "Reply-To" or edition.letterhead.reply_to)
        self._domain = edition.letterhead.from_email.rpartition("@")[2]
        self._verify_itself()

    def letter(
        self,
        to_email: str,
        to_name: str,
        values: Mapping[str, str],
        segments: Container[str],
        *,
        unsubscribe_url: str,
        message_id: str,
        date: datetime,
    ) -> bytes:
        """The whole letter to one person, as it goes over the wire.

        `values` holds the person's fields and the links of the edition's slots; `segments` contains those of
        `edition.segments` that the person is in; `date` has a time zone.
        Raises LetterError when this person's address or link cannot stand in a header, RenderError for a missing link.
        """
        head = (
            f"{self._shared.sender}{to_field(to_email, to_name)}{self._shared.reply_to}{self._subject_field(values)}"
            f"Date: {headers.date(date)}\r\nMessage-ID: {message_id}\r\nMIME-Version: 1.0\r\n{self._shared.list_id}"
            f"List-Unsubscribe: <{list_unsubscribe(unsubscribe_url)}>\r\n"
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nPrecedence: bulk\r\n"
            f'Content-Type: multipart/alternative; boundary="{self._body.boundary}"\r\n'
        )
        # The last guard against injection, whatever became of the values: so many fields and no more, of plain ASCII.
        fields = head.replace("\r\n ", " ").split("\r\n")
        if len(fields) != len(self._names) + 1 or not (head.isascii() and "".join(fields).isprintable()):
            raise LetterError("its headers cannot be written: a value breaks out of them")
        return b"".join([head.encode("ascii"), *self._body.pieces(values, segments)])

    def message_id(self, mailing_token: str, delivery_tag: str) -> str:
        """The Message-ID of one delivery, in the sender's domain; see `headers.message_id`."""
        return headers.message_id(mailing_token, delivery_tag, self._domain)

    def _subject_field(self, values: Mapping[str, str]) -> str:
        return self._shared.subject or headers.unstructured("Subject", self._subject(values)) + "\r\n"

    def _subject(self, values: Mapping[str, str]) -> str:
        return headers.tame(fill(self._edition.subject, values, ()))

    def _verify_itself(self) -> None:
        edition = self._edition
        url = "https://news.example.org/u/" + "x" * 300
        links: dict[str, str] = dict.fromkeys(LINKS, url)
        worst = dict.fromkeys(edition.slots, _WORST)
        for values, segments, name in ((worst | links, edition.segments, _WORST), (links, (), "")):
            letter = self.letter(
                _LONGEST_ADDRESS,
                name,
                values,
                segments,
                unsubscribe_url=url,
                message_id=self.message_id("x" * 32, "9" * 19 + "-1"),
                date=datetime(2026, 11, 23, 12, tzinfo=UTC),
            )
            verify(
                letter,
                names=self._names,
                recipient=_LONGEST_ADDRESS,
                subject=self._subject(values),
                text=fill(edition.text, values, segments),
                html=fill(edition.html, values, segments),
                unsubscribe_url=url,
            )


def to_field(email: str, name: str) -> str:
    """The field To with its CRLF. Raises LetterError for an address that cannot stand in one."""
    if not headers.is_address(email):
        raise LetterError(
            # It is not named here: a refusal's reason outlives a person who is erased.
            "the address is none that a letter can carry",
            hint="It must be name@domain in plain ASCII; a domain with other letters is written xn--….",
        )
    return headers.phrase_and_angle("To", headers.tame(name, headers.LONGEST_NAME), email) + "\r\n"


def list_unsubscribe(url: str) -> str:
    """The URL as it is: folded or encoded, Gmail would ignore it and offer only "report spam".

    Raises LetterError when it cannot stand so.
    """
    if not _UNSUBSCRIBE_URL.fullmatch(url) or "=?" in url:
        raise LetterError(
            "the unsubscribe link cannot be a List-Unsubscribe: mailbox providers want one https address (RFC 8058)",
            hint="MAILER_BASE_URL must begin with https:// (http only on this machine itself).",
        )
    return url
