"""The two MIME parts of an edition, encoded once: bytes that are the same for all, and places where a person's go."""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from mailer.message.quoted import quoted
from mailer.rendering.edition import Edition, Only, Place, Skeleton, Slot
from mailer.rendering.slots import escape, value_for

# Values that every escape and quoted-printable leave as they are: nearly all of them. On one line, if they are short.
_PLAIN = re.compile(r"(?!From |\.)[\w!#$*+,/:;@~?.-]+(?: [\w!#$*+,/:;@~?.-]+)*", re.ASCII)
_SHORT = 72


@dataclass(frozen=True)
class _Only:
    segment: str
    pieces: "_Encoded"


_Encoded = tuple[bytes | Slot | _Only, ...]


@dataclass(frozen=True)
class _Plan:
    """The body for the people of certain segments."""

    pieces: tuple[bytes, ...]
    """Empty where a value goes."""
    values: tuple[tuple[int, int], ...]
    """Where a value goes, and which of `slots` it is."""
    slots: tuple[Slot, ...]


class Body:
    """multipart/alternative, the text first: a reader shows the last part that it can (RFC 2046 §5.1.4).

    Raises UnicodeEncodeError when half of a surrogate pair stands in the edition.
    """

    def __init__(self, edition: Edition) -> None:
        self._parts = (("plain", _encoded(edition.text)), ("html", _encoded(edition.html)))
        self._segments = edition.segments
        self._plans: dict[tuple[bool, ...], _Plan] = {}
        # "=_" never occurs in quoted-printable, so this boundary cannot occur in a part (RFC 2045 §6.7).
        self.boundary = f"=_{edition.digest[:32]}"

    def pieces(self, values: Mapping[str, str], segments: Container[str]) -> list[bytes]:
        """What follows the header fields, to be joined. Raises RenderError for a link without a value."""
        plan = self._plan(segments)
        pieces = list(plan.pieces)
        encoded = [_value(slot, values) for slot in plan.slots]
        for place, which in plan.values:
            pieces[place] = encoded[which]
        return pieces

    def _plan(self, segments: Container[str]) -> _Plan:
        inside = tuple(segment in segments for segment in self._segments)
        plan = self._plans.get(inside)
        if plan is None:
            plan = self._plans[inside] = self._made(segments)
        return plan

    def _made(self, segments: Container[str]) -> _Plan:
        pieces: list[bytes] = []
        values: list[tuple[int, int]] = []
        slots: dict[Slot, int] = {}
        for kind, part in self._parts:
            pieces.append(
                f"\r\n--{self.boundary}\r\n"
                f'Content-Type: text/{kind}; charset="utf-8"\r\n'
                "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode("ascii")
            )
            for piece in _chosen(part, segments):
                if isinstance(piece, Slot):
                    values.append((len(pieces), slots.setdefault(piece, len(slots))))
                    pieces.append(b"")
                else:
                    pieces.append(piece)
        pieces.append(f"\r\n--{self.boundary}--\r\n".encode("ascii"))
        return _Plan(tuple(pieces), tuple(values), tuple(slots))


def _encoded(skeleton: Skeleton) -> _Encoded:
    return tuple(
        quoted(piece)
        if isinstance(piece, str)
        else _Only(piece.segment, _encoded(piece.pieces))
        if isinstance(piece, Only)
        else piece
        for piece in skeleton
    )


def _chosen(pieces: _Encoded, segments: Container[str]) -> Iterator[bytes | Slot]:
    for piece in pieces:
        if not isinstance(piece, _Only):
            yield piece
        elif piece.segment in segments:
            yield from _chosen(piece.pieces, segments)


def _value(slot: Slot, values: Mapping[str, str]) -> bytes:
    value = values.get(slot.name, "")
    if len(value) <= _SHORT and slot.place is not Place.URL and _PLAIN.fullmatch(value):
        return value.encode("ascii") + b"=\r\n"
    return quoted(escape(value_for(slot, values), slot.place))
