"""What must be true of an edition before it leaves: the marks that clients, filters, laws and screen readers go by."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from itertools import pairwise
from typing import Literal
from urllib.parse import quote, unquote

from mailer.issues.frontmatter import LONGEST, SHORTEST
from mailer.issues.model import Issue
from mailer.rendering.edition import LINKS, Edition, Skeleton, Slot, walk
from mailer.rendering.outline import Outline
from mailer.rendering.slots import fill

CLIPPED = 100_000
"""Bytes of HTML. Gmail clips at about 102 kB, and the unsubscribe link with it (hteumeuleu/email-bugs#41)."""
NEARLY_CLIPPED = 80_000
STYLES = 16 * 1024
"""Bytes of CSS. Gmail drops what comes after (hteumeuleu/email-bugs#90)."""
LINE = 78
"""Characters of a line of plain text (RFC 5322, 2.1.1); addresses may be longer."""

# As long as a real one: signed links are.
_LONG = "https://example.org/" + "x" * 180
_STAND_INS = {name: f"{_LONG}/{name}" for name in LINKS}


@dataclass(frozen=True, order=True)
class Finding:
    """Something that is wrong with an edition: an error keeps it from being sent, a warning is for a person to judge."""

    level: Literal["error", "warning"]
    message: str


def check_edition(edition: Edition) -> list[Finding]:
    """Everything found, errors first: looked for in what everyone gets, and in what those get who are in every segment."""
    findings: set[Finding] = set()
    findings.update(_links(edition))
    for segments in ((), edition.segments):
        html = fill(edition.html, _STAND_INS, segments)
        text = fill(edition.text, _STAND_INS, segments)
        outline = Outline.read(html)
        findings.update(Finding("error", fault) for fault in outline.faults)
        findings.update(_outlook(html))
        findings.update(_html(html, outline))
        findings.update(_headings(outline.headings))
        findings.update(_twin(outline, text))
    findings.update(_leftovers(edition))
    if not fill(edition.subject, {}, ()).strip():
        findings.add(Finding("error", "the subject is empty"))
    return sorted(findings)


def check_inbox(issue: Issue) -> list[Finding]:
    """What an inbox makes of an issue before it is opened; none of it keeps the issue from being sent."""
    length = len(issue.preheader)
    if length < SHORTEST:
        return [Finding("warning", f"the preheader has {length} characters; an inbox fills the line from the page")]
    if length > LONGEST:
        return [Finding("warning", f"the preheader has {length} characters; an inbox shows {LONGEST} at most")]
    return []


def _links(edition: Edition) -> Iterator[Finding]:
    for part, skeleton in (("HTML", edition.html), ("text", edition.text)):
        # Only what everyone gets: a link inside a section for some is missing for the others.
        present = {piece.name for piece in skeleton if isinstance(piece, Slot)}
        if "unsubscribe_url" not in present:
            yield Finding("error", f"the {part} has no link to unsubscribe")
        for name in ("preferences_url", "view_url"):
            if name not in present:
                yield Finding("warning", f"the {part} has no {name.removesuffix('_url')} link")


def _outlook(html: str) -> Iterator[Finding]:
    opened, closed = html.count("<!--[if"), html.count("<![endif]-->")
    if not opened or opened != closed:
        yield Finding("error", f"Outlook's conditional comments do not match: {opened} begin, {closed} end")
        return
    seen = re.sub(r"<!--\[if !mso[^\]]*\]><!-->.*?<!--<!\[endif\]-->", "", html, flags=re.DOTALL)
    seen = re.sub(r"<!--\[if [^\]]*\]>|<!\[endif\]-->", "", seen)
    for fault in Outline.read(seen).faults:
        yield Finding("error", f"in Outlook, {fault}")


def _html(html: str, outline: Outline) -> Iterator[Finding]:
    size = len(html.encode())
    if size > CLIPPED:
        yield Finding("error", f"the HTML has {size:,} bytes: Gmail clips it, and the unsubscribe link with it")
    elif size > NEARLY_CLIPPED:
        yield Finding("warning", f"the HTML has {size:,} bytes; Gmail clips at about 102,000")
    css = "".join(outline.css)
    if len(css.encode()) > STYLES:
        yield Finding("error", f"the style sheets have {len(css.encode()):,} bytes; Gmail reads the first {STYLES:,}")
    for mark in ("@media", "!important"):
        if mark not in css:
            yield Finding("error", f"the style sheets have lost every {mark}: phones and dark mode live by them")
    if not html.startswith("<!DOCTYPE html>"):
        yield Finding("error", "the HTML does not begin with <!DOCTYPE html>: browsers would lay it out as in 1998")
    if control := re.search(r"[\x80-\x9f]", html):
        yield Finding(
            "error", f"the HTML has the control character U+{ord(control[0]):04X}: Gmail clips the letter there"
        )
    if not outline.postal_address.strip():
        yield Finding("error", "the HTML shows no postal address (an element of class postal-address)")


def _headings(levels: Iterable[int]) -> Iterator[Finding]:
    found = list(levels)
    if found.count(1) != 1:
        yield Finding("error", f"there are {found.count(1)} headings of level 1; there must be one")
    for before, after in pairwise(found):
        if after > before + 1:
            yield Finding("error", f"a heading of level {after} follows one of level {before}: a level is missing")


def _twin(outline: Outline, text: str) -> Iterator[Finding]:
    yield from (
        Finding("error", f"a line of the text has {len(line)} characters, more than {LINE}: {line[:40]}…")
        for line in text.splitlines()
        if len(line) > LINE and "://" not in line
    )
    said = _letters(text)
    for paragraph in outline.paragraphs:
        if _letters(paragraph) not in said:
            yield Finding("warning", f"the text does not have these words of the HTML: {_short(paragraph)}")
    if _letters(outline.postal_address) not in said:
        yield Finding("error", "the text has no postal address")
    addresses = {_plain_url(url) for url in re.findall(r"<([^<>\s]+)>", text)}
    for link in outline.links:
        if _plain_url(link) not in addresses:
            yield Finding("warning", f"the text does not have this link of the HTML: {_short(link)}")


def _leftovers(edition: Edition) -> Iterator[Finding]:
    for part, skeleton in (("HTML", edition.html), ("text", edition.text), ("subject", edition.subject)):
        for found in sorted(set(re.findall(r"@@[0-9a-f]{8}_\d+@@", _literal(skeleton)))):
            yield Finding("error", f"the {part} has a token left over: {found}")
        for found in sorted(set(re.findall(r"\{\{|\{%|%7B%7B", _literal(skeleton)))):
            yield Finding("warning", f"the {part} has {found} in it: was something to be filled in?")


def _literal(skeleton: Skeleton) -> str:
    return "\0".join(piece for piece in walk(skeleton) if isinstance(piece, str))


def _letters(words: str) -> str:
    """Letters and digits alone, addresses left out: what is left when the two parts are set differently."""
    without = re.sub(r"<[^<>\s]+>|\b(?:https?://|mailto:)[^\s<>]+", "", unescape(words))
    return "".join(character for character in without.casefold() if character.isalnum())


def _plain_url(url: str) -> str:
    return quote(unquote(url), safe="/:?&=#@+,;%")


def _short(words: str) -> str:
    return words if len(words) <= 60 else f"{words[:59]}…"  # noqa: PLR2004  # a line of a terminal
