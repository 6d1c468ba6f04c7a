"""Marks that stand for slots while an issue goes through Jinja2, MJML and premailer, and the split at them afterwards.

A token is `@@<mark>_<n>@@`: MJML and premailer leave it alone, in words and in `href` (facts measured; braces and spaces
would be percent-encoded).
"""

import hashlib
import re
from dataclasses import dataclass

from mailer.errors import RenderError
from mailer.rendering.edition import Only, Piece, Place, Skeleton, Slot


@dataclass(frozen=True)
class _Opening:
    segment: str


@dataclass(frozen=True)
class _Closing:
    segment: str


_Meaning = Slot | _Opening | _Closing


class Tokens:
    """The tokens of one part (HTML or text) of one issue. Equal slots share a token."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._meanings: list[_Meaning] = []
        self._slots: dict[Slot, str] = {}

    def slot(self, slot: Slot) -> str:
        """The token that stands for `slot`."""
        if slot not in self._slots:
            self._slots[slot] = self._new(slot)
        return self._slots[slot]

    def only(self, segment: str) -> tuple[str, str]:
        """The tokens before and after what only `segment` gets."""
        return self._new(_Opening(segment)), self._new(_Closing(segment))

    def _new(self, meaning: _Meaning) -> str:
        self._meanings.append(meaning)
        return f"@@{self._mark}_{len(self._meanings) - 1}@@"

    def split(self, source: str) -> Skeleton:
        """The skeleton of `source`. Raises RenderError when a token was lost: its slot or its section would be, too."""
        found = self._found(source)
        lost = [meaning for number, meaning in enumerate(self._meanings) if number not in {n for _, n in found}]
        if lost:
            raise RenderError(
                f"rendering lost {_describe(lost[0])}",
                hint="The theme's _page.mjml.j2 must print {{ sections }}, and a partial every part that it declares.",
            )
        return self._nest(source, found)

    def places(self, source: str) -> list[tuple[int, Slot | None]]:
        """Where each token of `source` begins, with its slot (None for the two ends of an Only)."""
        meanings = [(start.start(), self._meanings[number]) for start, number in self._found(source)]
        return [(start, meaning if isinstance(meaning, Slot) else None) for start, meaning in meanings]

    def _found(self, source: str) -> list[tuple[re.Match[str], int]]:
        return [(match, int(match[1])) for match in re.finditer(rf"@@{self._mark}_(\d+)@@", source)]

    def _nest(self, source: str, found: list[tuple[re.Match[str], int]]) -> Skeleton:
        pieces: list[Piece] = []
        outer: list[Piece] | None = None
        end = 0
        for match, number in found:
            if match.start() > end:
                pieces.append(source[end : match.start()])
            end = match.end()
            match self._meanings[number]:
                case Slot() as slot:
                    pieces.append(slot)
                case _Opening() if outer is None:
                    outer, pieces = pieces, []
                case _Closing(segment) if outer is not None:
                    outer.append(Only(segment, tuple(pieces)))
                    pieces, outer = outer, None
                case meaning:
                    raise RenderError(f"rendering moved {_describe(meaning)} away from its section")
        if end < len(source):
            pieces.append(source[end:])
        return tuple(pieces)


def choose_mark(source_digest: str, content: str) -> str:
    """Eight hexadecimal digits of the digest that no text of the issue contains as a token would."""
    mark = source_digest[:8]
    while f"@@{mark}_" in content:
        mark = hashlib.sha256(mark.encode()).hexdigest()[:8]
    return mark


# A comment, a style or script with what is in it, or a tag: whatever of HTML is not words.
_NOT_WORDS = re.compile(
    r"""<!--.*?--> | <(?P<raw>style|script|title)\b.*?</(?P=raw)> | <[a-z/!](?:[^"'>]|"[^"]*"|'[^']*')*>""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)


def split_html(html: str, tokens: Tokens) -> Skeleton:
    """The skeleton of an HTML page, each slot proved to stand where its place says.

    Raises RenderError for a token in a comment, a style sheet, a tag outside double quotes, or at a place that it is not
    escaped for: a value there could leave its quotes.
    """
    spans = [(span.start(), span.end(), span[0]) for span in _NOT_WORDS.finditer(html)]
    current = 0
    for start, slot in tokens.places(html):
        while current < len(spans) and spans[current][1] <= start:
            current += 1
        inside = spans[current] if current < len(spans) and spans[current][0] <= start else None
        line = html.count("\n", 0, start) + 1
        _verify(slot, inside[2] if inside else "", start - inside[0] if inside else 0, line)
    return tokens.split(html)


def _verify(slot: Slot | None, span: str, offset: int, line: int) -> None:
    if slot is None:
        if span:
            raise RenderError(
                f"a section with `only` stands inside a comment or a tag of the rendered HTML, line {line}",
                hint="The theme must print {{ sections }} straight in <mj-body>, not in <mj-wrapper> or <mj-section>.",
            )
        return
    if not span:
        fits = slot.place is Place.HTML
        where = "between the tags"
    elif span.startswith("<!") or span[1:6].lower() in ("style", "scrip", "title"):
        fits, where = False, "in a comment, a title or a style sheet"
    else:
        fits = slot.place in (Place.ATTRIBUTE, Place.URL) and _in_double_quotes(span, offset)
        where = "inside a tag"
    if not fits:
        raise RenderError(
            f"the slot {slot.name} is escaped for {slot.place.value}, but stands {where} of the rendered HTML, line {line}",
            hint='A theme writes links.unsubscribe and its like as href="{{ … }}", and words between tags.',
        )


def _in_double_quotes(tag: str, offset: int) -> bool:
    quoted = re.finditer(r""""[^"]*"|'[^']*'""", tag)
    return any(match[0][0] == '"' and match.start() < offset < match.end() for match in quoted)


def _describe(meaning: _Meaning) -> str:
    match meaning:
        case Slot(name):
            return f"the slot {name}"
        case _Opening(segment) | _Closing(segment):
            return f"the section that is only for {segment}"
