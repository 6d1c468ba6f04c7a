"""A small edition, and how tests print it and read it back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message

from mailer.message import Press
from mailer.rendering.edition import LINKS, Edition, Letterhead, Only, Place, Slot

LETTERHEAD = Letterhead(
    newsletter="ai-morning-post",
    title="The AI Morning Post",
    from_name="The AI Morning Post",
    from_email="news@example.org",
    reply_to="editor@example.org",
    language="en-GB",
)
EDITION = Edition(
    issue=54,
    letterhead=LETTERHEAD,
    subject=("Small models, big ideas",),
    html=(
        "<p>Good morning, ",
        Slot("first_name", Place.HTML, "reader"),
        '</p><a title="',
        Slot("first_name", Place.ATTRIBUTE, "reader"),
        '" href="',
        Slot("unsubscribe_url", Place.ATTRIBUTE),
        '">Leave</a>',
        Only("tag:pro", ("<p>For you alone, ", Slot("first_name", Place.HTML), "</p>")),
        "</html>\n",
    ),
    text=(
        "Good morning, ",
        Slot("first_name", Place.TEXT, "reader"),
        "\n\n",
        Only("tag:pro", ("For you alone\n",)),
        "Leave: ",
        Slot("unsubscribe_url", Place.TEXT),
        "\n",
    ),
    source_digest="5" * 64,
)
URL = "https://news.example.org/u/ai-morning-post/ElimWdCJIeZfwI-H3wL9Sazg1f4"
VALUES = dict.fromkeys(LINKS, URL) | {"first_name": "Anna"}
DATE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
NAMES = [
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
]
EVIL = "=?utf-8?q?hi=0D=0ABcc:_v=40example.com?="


def print_letter(
    edition: Edition = EDITION,
    *,
    to_email: str = "anna@example.org",
    to_name: str = "Anna Bell",
    values: Mapping[str, str] = VALUES,
    segments: tuple[str, ...] = (),
    url: str = URL,
    message_id: str = "<f00dcafe.7-1@example.org>",
) -> bytes:
    return Press(edition).letter(
        to_email, to_name, values, segments, unsubscribe_url=url, message_id=message_id, date=DATE
    )


def field_names(letter: bytes) -> list[str]:
    head = letter.partition(b"\r\n\r\n")[0].decode("ascii")
    assert head.replace("\r\n", "").isprintable()
    return [line.partition(":")[0] for line in head.split("\r\n") if not line.startswith(" ")]


def words_of(letter: bytes) -> tuple[str, str]:
    text, html = [part for part in message_from_bytes(letter).walk() if not part.is_multipart()]
    return decoded(text), decoded(html)


def decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


# --- one letter, whole ----------------------------------------------------------------------------------------------
