"""Reading back: a letter that broke a promise is noticed, whichever it is."""

import pytest

from mailer.errors import RenderError
from mailer.message import verify

URL = "https://news.example.org/u/a/token"
NAMES = ["From", "To", "Subject", "List-Unsubscribe", "MIME-Version", "Content-Type"]
GOOD = b"\r\n".join(
    [
        b"From: News <news@example.org>",
        b'To: "Bell, Anna" <anna@example.org>',
        b"Subject: =?utf-8?q?Small_models=2C?=",
        b" =?utf-8?q?_big_id=C3=A9es?=",
        b"List-Unsubscribe: <https://news.example.org/u/a/token>",
        b"MIME-Version: 1.0",
        b'Content-Type: multipart/alternative; boundary="=_b"',
        b"",
        b"--=_b",
        b'Content-Type: text/plain; charset="utf-8"',
        b"Content-Transfer-Encoding: quoted-printable",
        b"",
        b"caf=C3=A9=",
        b" noir",
        b"",
        b"--=_b",
        b'Content-Type: text/html; charset="utf-8"',
        b"Content-Transfer-Encoding: quoted-printable",
        b"",
        b"<p>caf=C3=A9</p>",
        b"--=_b--",
        b"",
    ]
)


def check(letter: bytes) -> None:
    verify(
        letter,
        names=NAMES,
        recipient="anna@example.org",
        subject="Small models, big idées",
        text="café noir\n",
        html="<p>café</p>",
        unsubscribe_url=URL,
    )


def test_a_good_letter_passes() -> None:
    check(GOOD)


@pytest.mark.parametrize(
    ("part", "spoiled", "said"),
    [
        (b"Subject:", b"Bcc: x@example.org\r\nSubject:", "its header fields are From, To, Bcc"),
        (b"MIME-Version: 1.0\r\n", b"", "its header fields are"),
        (b"<anna@example.org>", b"<anna@example.org>, <bo@example.org>", "it is addressed to"),
        (b"From: News", b"From: News\nBcc: x@example.org\r\nX: y", "a bare CR or LF"),
        (b"<p>", b"<p\r>", "a bare CR or LF"),
        (b"anna@", b"anne@", "it is addressed to anne@example.org"),
        (b"Small", b"Large", "its subject reads 'Large models, big idées'"),
        (b"noir", b"au lait", "its text/plain part has other words"),
        (b"</p>", b"</p>=20", "its text/html part has other words"),
        (b"text/html", b"text/plain", "its parts are"),
        (b"alternative", b"mixed", "its parts are multipart/mixed"),
        (b"--=_b--", b"--=_c--", "it is malformed"),
        (b"<https://news", b"\r\n <https://news", "its List-Unsubscribe is broken"),
        (b"/token>", b"/taken>", "its List-Unsubscribe is broken"),
        (b"noir", "noir\u00e9".encode(), "it is not 7-bit"),
        (b"noir", b"noir\0", "it is not 7-bit"),
        (b"<p>", b"<p>" + b"x" * 77, "a line of its body is longer than 76"),
        (b"From: News", b"From: " + b"x" * 1000, "a line is longer than 998"),
        (b"_big", b"_big" + b"_" * 75, "an encoded word is longer than 75"),
    ],
)
def test_a_broken_promise_is_named(part: bytes, spoiled: bytes, said: str) -> None:
    assert part in GOOD
    with pytest.raises(RenderError, match="would not arrive as it was meant") as caught:
        check(GOOD.replace(part, spoiled))
    assert said in str(caught.value)
