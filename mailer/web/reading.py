"""A frozen edition as anyone may read it: nobody's values, no section that is for some, no link that acts for anyone."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

from mailer.rendering.edition import LINKS, Edition
from mailer.rendering.slots import fill

# As mrml and mailer.rendering.markup draw <mj-preview>: the first element of the body, hidden.
_PREHEADER = re.compile(r'<body[^>]*>\s*<div [^>]*style="display:none;[^>]*>(.*?)</div>', re.DOTALL)
_FILLER = re.compile(r"[\s\u034f\u2007\ufeff]+")
_PICTURE = re.compile(r'<img\b[^>]*\bsrc="(https://[^"]+)"')
_BODY = re.compile(r"<body[^>]*>")


@dataclass(frozen=True)
class Copy:
    """An edition's archive copy."""

    subject: str
    preheader: str
    picture: str
    """The URL of its first picture; empty: none."""
    language: str
    head: str
    """The letter's HTML up to the end of its head, from there to its content, and the content itself."""
    opening: str
    content: str
    closing: str

    def page(self, head: str, before: str) -> str:
        """The copy as a page, with `head` (HTML) added to its head and `before` (HTML) above it."""
        return f"{self.head}{head}{self.opening}{before}<main>{self.content}</main>{self.closing}"


def archive_copy(edition: Edition, links: Mapping[str, str]) -> Copy:
    """The copy; `links` has a value for each of LINKS, the same for everyone.

    Somebody in no segment at all reads over our shoulder: what is for some is left out.
    """
    drawn = fill(edition.html, {name: links[name] for name in LINKS}, ())
    head, _, rest = drawn.partition("</head>")
    opening = _BODY.search(rest)
    end = opening.end() if opening else 0
    content, closing, after = rest[end:].rpartition("</body>")
    hidden = _PREHEADER.search(drawn)
    picture = _PICTURE.search(drawn)
    return Copy(
        subject=fill(edition.subject, {}, ()).strip(),
        preheader=_FILLER.sub(" ", html.unescape(hidden[1])).strip() if hidden else "",
        picture=html.unescape(picture[1]) if picture else "",
        language=edition.letterhead.language.replace("_", "-"),
        head=head,
        opening=f"</head>{rest[:end]}",
        content=content,
        closing=closing + after,
    )
