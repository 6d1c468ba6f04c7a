"""The port: what a transport is given, and the four things that it can answer.

A transport never raises for what became of a letter: it answers with a Receipt for each envelope, in order.
It raises TransportError only when nothing of a call was carried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Envelope:
    """A letter on its way: the whole message as it goes over the wire, and the tags that events will carry back."""

    sender: str
    recipient: str
    content: bytes
    mailing: str
    """The mailing's random token."""
    delivery: str
    """`<subscriber>-<attempt>`: never the same twice within a mailing."""


@dataclass(frozen=True)
class Accepted:
    """The transport took it. That proves nothing about a mailbox."""

    message_id: str


@dataclass(frozen=True)
class Refused:
    """This letter was refused for good; others are not concerned."""

    reason: str


@dataclass(frozen=True)
class NotSent:
    """Certainly not sent: it may be tried again. `pause` names why the whole mailing must wait, if it must."""

    reason: str
    pause: str = ""


@dataclass(frozen=True)
class Lost:
    """We asked and the answer was lost: nobody knows, so it is never sent again on our own motion."""

    reason: str


Receipt = Accepted | Refused | NotSent | Lost


class Transport(Protocol):
    """Carries envelopes."""

    name: str
    """As in MAILER_TRANSPORT; stored with the mailing."""
    about: str
    """Where letters go, in a few words for the plan: whether they leave this machine."""
    batch: int
    """The most envelopes that one call takes."""

    def prepare(self) -> None:
        """Asked before anything is frozen. Raises TransportError, with the remedy, when nothing could be carried now."""
        ...

    def send(self, envelopes: Sequence[Envelope]) -> list[Receipt]:
        """Carry at most `batch` envelopes; one receipt for each, in order.

        Raises TransportError when certainly none of them was carried.
        """
        ...

    def where(self, mailing: str) -> str:
        """Where a person finds the letters of a mailing; empty when they have left."""
        ...

    def look_up(self, mailing: str, deliveries: Sequence[str]) -> dict[str, Receipt] | None:
        """What became of deliveries whose answer was lost with its sender: Accepted or NotSent, by delivery tag.

        None when the transport cannot know; then they stay uncertain until an event or a person settles them.
        """
        ...
