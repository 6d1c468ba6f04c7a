"""Reads a batch before anything is written: each event once, and what cannot be read aside. Pure."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mailer.feedback.values import BadEvent, Feedback, Raw

Reader = Callable[[str], Feedback | None]
"""Reads one event; None when it says nothing of a letter. Raises BadEvent."""

_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that is kept aside."""

    raw: Raw
    problem: str


@dataclass(frozen=True)
class Batch:
    """What a batch of raws says."""

    events: dict[bytes, tuple[Feedback, Raw]]
    """By their keys: what came twice is here once."""
    unreadable: tuple[Unreadable, ...]
    ignored: int
    repeated: int


def read_batch(raws: Sequence[Raw], read: Reader) -> Batch:
    """Read every raw. Never raises for what one of them says."""
    events: dict[bytes, tuple[Feedback, Raw]] = {}
    unreadable: list[Unreadable] = []
    ignored = repeated = 0
    for raw in raws:
        try:
            feedback = read(raw.text)
        except BadEvent as error:
            unreadable.append(Unreadable(raw, str(error)))
            continue
        if feedback is None:
            ignored += 1
            continue
        key = event_key(feedback)
        repeated += key in events
        events.setdefault(key, (feedback, raw))
    return Batch(events, tuple(unreadable), ignored, repeated)


def event_key(feedback: Feedback) -> bytes:
    """What the same event has in common however often it comes, and two events never have.

    The carrier's number of the letter, what happened, to whom, and the number of the bounce or else the moment. Our tags
    too: an account may tell of one bounce in both of SES's dialects, and only one of them bears the tags that heal.
    """
    parts = (
        feedback.message_id,
        feedback.kind.value,
        feedback.detail,
        sorted(one.address for one in feedback.concerned),
        feedback.feedback_id or feedback.at.isoformat(),
        feedback.note if feedback.kind in _BY_NOTE else "",
        feedback.mailing,
        feedback.delivery,
    )
    return hashlib.sha256(json.dumps(parts).encode()).digest()[:_KEY_BYTES]


_BY_NOTE = ("clicked",)
"""Two links may be followed in one second."""


def text_key(text: str) -> bytes:
    """The same for what could not be read."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_KEY_BYTES]
