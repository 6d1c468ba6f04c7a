"""The letter of a notice: few header fields, no name, nothing that a stranger could have written."""

from datetime import UTC, datetime
from email import message_from_bytes

import pytest

from mailer.errors import LetterError
from mailer.message.notice_press import NoticePress
from mailer.rendering.edition import Edition, Letterhead, Place, Slot

EDITION = Edition(
    issue=0,
    letterhead=Letterhead("news", "News", "The News", "news@example.org", "editor@example.org", "en-GB"),
    subject=("Please confirm",),
    html=('<p>Hello <a href="', Slot("link_url", Place.ATTRIBUTE), '">yes</a></p>'),
    text=("Hello ", Slot("link_url", Place.TEXT), "\n"),
    source_digest="5" * 64,
)
DATE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def _letter(email: str = "anna@example.org") -> bytes:
    press = NoticePress(EDITION)
    return press.letter(email, {"link_url": "https://a.example/c/1"}, mailing="notice", delivery="7-1", date=DATE)


def test_a_notice_has_these_fields_and_no_others() -> None:
    message = message_from_bytes(_letter())
    assert {name: value for name, value in message.items() if name != "Content-Type"} == {
        "From": "The News <news@example.org>",
        "To": "<anna@example.org>",
        "Reply-To": "<editor@example.org>",
        "Subject": "Please confirm",
        "Date": "Mon, 23 Nov 2026 09:30:00 +0000",
        "Message-ID": "<notice.7-1@example.org>",
        "MIME-Version": "1.0",
        "Auto-Submitted": "auto-generated",
    }


def test_both_parts_hold_the_link() -> None:
    parts = [part for part in message_from_bytes(_letter()).walk() if not part.is_multipart()]
    contents = [part.get_payload(decode=True) for part in parts]
    assert contents == [
        b"Hello https://a.example/c/1\r\n",
        b'<p>Hello <a href="https://a.example/c/1">yes</a></p>',
    ]


@pytest.mark.parametrize("email", ["a@example.org\r\nBcc: b@example.org", "ä@example.org", "=?utf-8?q?a?=@example.org"])
def test_an_address_that_breaks_out_of_its_header_gets_no_letter(email: str) -> None:
    with pytest.raises(LetterError):
        _letter(email)
