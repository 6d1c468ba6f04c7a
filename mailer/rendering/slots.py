"""Put one subscriber's values into a skeleton, each escaped for the place where it lands."""

import html
import re
from collections.abc import Container, Iterator, Mapping
from urllib.parse import quote

from mailer.errors import RenderError
from mailer.rendering.edition import LINKS, Place, Skeleton, Slot

# A line break in a header begins another header; C1 controls make Gmail clip a letter of any size.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Half of a pair cannot be encoded as UTF-8; U+FFFE and U+FFFF are no characters, and HTML parsers disagree about them.
_NO_CHARACTERS = re.compile("[\ud800-\udfff\ufffe\uffff]")
# Embeddings, overrides and isolates: a name could turn round the words after it. The plain marks (U+200E, U+200F) stay.
_TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """The same words without control characters (a space stands for each run) and without broken surrogates."""
    return _NO_CHARACTERS.sub("\ufffd", _CONTROLS.sub(" ", text))


def escape(value: str, place: Place) -> str:
    """One line of `value`, fit for `place`: no control characters, no markup, no way out of a quoted attribute."""
    value = re.sub(" {2,}", " ", clean(_TURNING.sub("", value))).strip()
    match place:
        case Place.HTML:
            return html.escape(value, quote=False)
        case Place.ATTRIBUTE:
            return html.escape(value, quote=True)
        case Place.URL:
            return quote(value, safe="")
        case Place.TEXT | Place.HEADER:
            return value


def value_for(slot: Slot, values: Mapping[str, str]) -> str:
    """What stands in the slot, not escaped: the subscriber's value, or the fallback where it is missing or blank.

    Raises RenderError for a link without a value: a letter whose unsubscribe link leads nowhere must not leave.
    """
    value = values.get(slot.name, "")
    if escape(value, Place.TEXT):
        return value
    if slot.name in LINKS:
        raise RenderError(
            f"no value for the link {slot.name}",
            hint="Every letter needs its own links: hand in a value for each of " + ", ".join(LINKS) + ".",
        )
    return slot.fallback


def fill(skeleton: Skeleton, values: Mapping[str, str], segments: Container[str]) -> str:
    """The text of one subscriber, who is in `segments`. Raises RenderError as `value_for` does."""
    return "".join(_filled(skeleton, values, segments))


def _filled(skeleton: Skeleton, values: Mapping[str, str], segments: Container[str]) -> Iterator[str]:
    for piece in skeleton:
        if isinstance(piece, str):
            yield piece
        elif isinstance(piece, Slot):
            yield escape(value_for(piece, values), piece.place)
        elif piece.segment in segments:
            yield from _filled(piece.pieces, values, segments)
