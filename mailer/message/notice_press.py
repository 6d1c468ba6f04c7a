"""Prints notices: the same care as for an issue's letters, and the few header fields that a notice has."""

from collections.abc import Mapping
from datetime import UTC, datetime

from mailer.errors import LetterError
from mailer.message import headers
from mailer.message.body import Body
from mailer.message.letterhead import shared_fields
from mailer.message.press import to_field
from mailer.message.verify import verify
from mailer.rendering.edition import Edition
from mailer.rendering.slots import fill

# No List-Unsubscribe: nobody is on a list by it. Auto-Submitted (RFC 3834) keeps out-of-office answers away.
_NAMES = ("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted", "Content-Type")

_LONGEST_ADDRESS = "l" * 64 + "@" + ".".join(["d" * 61] * 3) + ".org"
_LONGEST_LINK = "https://news.example.org/c/" + "x" * 300


class NoticePress:
    """Prints the letters of one rendered notice. Raises RenderError when it cannot be a letter.

    Before the first one it prints a letter with the longest values, and reads it back (`verify`).
    """

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._shared = shared_fields(edition)
        self._body = Body(edition)
        self._names = tuple(name for name in _NAMES if name != "Reply-To" or edition.letterhead.reply_to)
        self._domain = edition.letterhead.from_email.rpartition("@")[2]
        self._verify_itself()

    def letter(self, to_email: str, values: Mapping[str, str], *, mailing: str, delivery: str, date: datetime) -> bytes:
        """The whole letter to one address, as it goes over the wire; `values` fills the notice's slots.

        `mailing` and `delivery` are its tags. Raises LetterError when the address cannot stand in a header. There is no
        name in it: whoever typed the address could have written anything there.
        """
        message_id = headers.message_id(mailing, delivery, self._domain)
        head = (
            f"{self._shared.sender}{to_field(to_email, '')}{self._shared.reply_to}{self._shared.subject}"
            f"Date: {headers.date(date)}\r\nMessage-ID: {message_id}\r\nMIME-Version: 1.0\r\n"
            "Auto-Submitted: auto-generated\r\n"
            f'Content-Type: multipart/alternative; boundary="{self._body.boundary}"\r\n'
        )
        fields = head.replace("\r\n ", " ").split("\r\n")
        if len(fields) != len(self._names) + 1 or not (head.isascii() and "".join(fields).isprintable()):
            raise LetterError("its headers cannot be written: a value breaks out of them")
        return b"".join([head.encode("ascii"), *self._body.pieces(values, ())])

    def _verify_itself(self) -> None:
        edition = self._edition
        values = dict.fromkeys(edition.slots, _LONGEST_LINK)
        letter = self.letter(
            _LONGEST_ADDRESS,
            values,
            mailing="notice",
            delivery="9" * 19 + "-1",
            date=datetime(2026, 11, 23, 12, tzinfo=UTC),
        )
        verify(
            letter,
            names=self._names,
            recipient=_LONGEST_ADDRESS,
            subject=fill(edition.subject, {}, ()),
            text=fill(edition.text, values, ()),
            html=fill(edition.html, values, ()),
            unsubscribe_url=None,
        )
