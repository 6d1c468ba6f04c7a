"""Each letter's story for one person: what became of it, from its claim to the last event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection


@dataclass(frozen=True)
class Moment:
    """One thing that happened to a letter; `what` is one clean line."""

    at: datetime | None
    """None: nobody knows when."""
    what: str


@dataclass(frozen=True)
class Story:
    """One letter to one person."""

    newsletter: str
    issue: int
    standing: str
    moments: tuple[Moment, ...]
    """In order of time."""


def stories(connection: Connection, subscriber_id: int) -> Sequence[Story]:
    """The story of every letter to a person, the latest mailing first. Diagnoses are stripped of control characters."""
    raise NotImplementedError
