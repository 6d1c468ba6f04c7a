"""One edition, and its letters both ways."""

from collections.abc import Container, Mapping
from datetime import UTC, datetime

from mailer.message.press import Press
from mailer.rendering.edition import LINKS, Edition, Letterhead, Only, Place, Slot
from mailer.ses.entries import Entries
from mailer.ses.entry import Entry
from mailer.transport.base import Envelope

MAILING = "m0123456789abcdef"
EDITION = Edition(
    issue=54,
    letterhead=Letterhead(
        newsletter="ai-morning-post",
        title="Die Morgenpost für Künstliche Intelligenz, größer und schöner als je zuvor",
        from_name="Morgenpost, die schöne",
        from_email="news@example.org",
        reply_to="editor@example.org",
        language="de-DE",
    ),
    subject=("Grüße {{an}} ", Slot("first_name", Place.HEADER, "dich"), "}"),
    html=(
        "<style>a{b:{c}}</style><p>Guten Morgen, {",
        Slot("first_name", Place.HTML, "Leser"),
        '}</p>\n<a title="\\',
        Slot("first_name", Place.ATTRIBUTE, "Leser"),
        '" href="',
        Slot("unsubscribe_url", Place.ATTRIBUTE),
        "?x=",
        Slot("first_name", Place.URL),
        '">{{Leave}}</a>',
        Only("tag:pro", ("<p>For you alone, ", Slot("first_name", Place.HTML), "}</p>")),
        "</html>\n",
    ),
    text=(
        "Guten Morgen, ",
        Slot("first_name", Place.TEXT, "Leser"),
        "\n\n",
        Only("tag:pro", ("For you alone {{{\n",)),
        "Leave: ",
        Slot("unsubscribe_url", Place.TEXT),
        "\n.\nFrom here\n",
    ),
    source_digest="5" * 64,
)
_PRESS = Press(EDITION)
_DATE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


def url(number: int) -> str:
    """A person's way out."""
    return f"https://news.example.org/u/{number}"


def values(number: int, first_name: str) -> Mapping[str, str]:
    """What their slots are filled with."""
    return dict.fromkeys(LINKS, url(number)) | {"first_name": first_name}


def envelope(
    number: int, *, email: str = "", name: str = "", first_name: str = "", segments: Container[str] = ()
) -> Envelope:
    """The raw letter to one person."""
    tag = f"{number}-1"
    email = email or f"reader{number}@example.com"
    content = _PRESS.letter(
        email,
        name,
        values(number, first_name),
        segments,
        unsubscribe_url=url(number),
        message_id=_PRESS.message_id(MAILING, tag),
        date=_DATE,
    )
    return Envelope("news@example.org", email, content, MAILING, tag)


def entries() -> Entries:
    """Makes the entries of the edition."""
    return Entries(EDITION, MAILING, "newsletter")


def entry(
    made: Entries, number: int, *, email: str = "", name: str = "", first_name: str = "", segments: Container[str] = ()
) -> Entry:
    """The entry of one person."""
    return made.entry(
        email or f"reader{number}@example.com",
        name,
        values(number, first_name),
        segments,
        unsubscribe_url=url(number),
        delivery=f"{number}-1",
    )
