"""An issue rendered once: skeletons of literal text with slots where one subscriber's values go."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Place(StrEnum):
    """Where a value lands; it is escaped for just that place."""

    HTML = "html"
    ATTRIBUTE = "attribute"
    """Inside double quotes of an HTML attribute; a whole URL in `href` too."""
    URL = "url"
    """A part of a URL inside an HTML attribute: percent-encoded."""
    TEXT = "text"
    HEADER = "header"


@dataclass(frozen=True)
class Slot:
    """A place for one subscriber's value: `name` is a personal field, or one of LINKS."""

    name: str
    place: Place
    fallback: str = ""


@dataclass(frozen=True)
class Only:
    """Pieces that only the people of a segment get."""

    segment: str
    pieces: "Skeleton"


Piece = str | Slot | Only
Skeleton = tuple[Piece, ...]

LINKS = ("unsubscribe_url", "preferences_url", "view_url")
"""Slots that every edition may have beside personal fields; their values are made by `mailer.links`."""


@dataclass(frozen=True)
class Letterhead:
    """What of the newsletter stands on the envelope; frozen with the edition, so that everyone gets the same."""

    newsletter: str
    title: str
    from_name: str
    from_email: str
    reply_to: str
    language: str


@dataclass(frozen=True)
class Edition:
    """What a mailing sends: the same for all but for its slots. Immutable, and known by its digest."""

    issue: int
    letterhead: Letterhead
    subject: Skeleton
    html: Skeleton
    text: Skeleton
    source_digest: str
    """The Issue's: tells whether its file was edited since."""

    @property
    def digest(self) -> str:
        """SHA-256 of everything that a reader sees, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def segments(self) -> tuple[str, ...]:
        """Every segment that decides about a part of this edition, sorted."""
        found = {
            piece.segment for skeleton in (self.html, self.text) for piece in walk(skeleton) if isinstance(piece, Only)
        }
        return tuple(sorted(found))

    @property
    def slots(self) -> frozenset[str]:
        """The name of every slot."""
        parts = (self.subject, self.html, self.text)
        return frozenset(piece.name for skeleton in parts for piece in walk(skeleton) if isinstance(piece, Slot))

    def to_json(self) -> str:
        """One canonical JSON text; `from_json` gives back an equal edition."""
        value = {
            "issue": self.issue,
            "letterhead": vars(self.letterhead),
            "subject": _plain(self.subject),
            "html": _plain(self.html),
            "text": _plain(self.text),
            "source_digest": self.source_digest,
        }
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Edition":
        """Read what `to_json` wrote."""
        value = json.loads(text)
        return cls(
            issue=value["issue"],
            letterhead=Letterhead(**value["letterhead"]),
            subject=_pieces(value["subject"]),
            html=_pieces(value["html"]),
            text=_pieces(value["text"]),
            source_digest=value["source_digest"],
        )


def walk(skeleton: Skeleton) -> Iterator[Piece]:
    """Every piece, those inside an Only as well."""
    for piece in skeleton:
        yield piece
        if isinstance(piece, Only):
            yield from walk(piece.pieces)


def _plain(skeleton: Skeleton) -> list[Any]:
    plain: list[Any] = []
    for piece in skeleton:
        match piece:
            case str():
                plain.append(piece)
            case Slot():
                plain.append({"slot": piece.name, "place": piece.place.value, "fallback": piece.fallback})
            case Only():
                plain.append({"only": piece.segment, "pieces": _plain(piece.pieces)})
    return plain


def _pieces(plain: list[Any]) -> Skeleton:
    pieces: list[Piece] = []
    for value in plain:
        if isinstance(value, str):
            pieces.append(value)
        elif "slot" in value:
            pieces.append(Slot(value["slot"], Place(value["place"]), value["fallback"]))
        else:
            pieces.append(Only(value["only"], _pieces(value["pieces"])))
    return tuple(pieces)
