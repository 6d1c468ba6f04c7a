"""The port: what a transport is given, and the four things that it can answer.

A transport never raises for what became of a letter: it answers with a Receipt for each envelope, in order.
It raises TransportError only when nothing of a call was carried.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from typing_extensions import TypeVar


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
    too_fast: bool = False
    """The carrier asks for a slower pace."""


@dataclass(frozen=True)
class Lost:
    """We asked and the answer was lost: nobody knows, so it is never sent again on our own motion."""

    reason: str


Receipt = Accepted | Refused | NotSent | Lost


@dataclass(frozen=True)
class Finding:
    """Something that was found out before anything is frozen, and what to do about it."""

    what: str
    remedy: str
    stops: bool
    """Whether nothing could be sent as it is; the rest is worth knowing."""


Carried_contra = TypeVar("Carried_contra", contravariant=True, default=Envelope)
"""What a transport takes: envelopes with whole letters, unless the carrier composes the letters itself."""


class Transport(Protocol[Carried_contra]):
    """Carries envelopes, or what stands for them."""

    name: str
    """As in MAILER_TRANSPORT; stored with the mailing."""
    about: str
    """Where letters go, in a few words for the plan: whether they leave this machine."""
    batch: int
    """The most that one call takes."""
    at_once: int
    """How many calls may be under way at the same time. 1: a call is over so soon that nothing is worth doing meanwhile."""

    def prepare(self, sender: str, audience: int) -> Sequence[Finding]:
        """Asked before anything is frozen: what is worth knowing before so many people are written to by `sender`.

        Raises TransportError, with the remedies, when nothing could be carried now.
        """
        ...

    def rate(self) -> float | None:
        """Recipients a second that may leave; None: as many as you like. Asked for every departure, as it may change."""
        ...

    def too_fast(self) -> None:
        """It said that letters came too fast: the rate that it goes by may not be true any more."""
        ...

    def calls(self, envelopes: Sequence[Carried_contra], /) -> Iterable[Sequence[int]]:
        """How they are carried: the places of the envelopes that each call holds, every one once."""
        ...

    def send(self, envelopes: Sequence[Carried_contra], /) -> list[Receipt]:
        """One call, with at most `batch` envelopes; one receipt for each, in order. Several threads may call at once.

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

    def close(self) -> None:
        """Give back what it holds: connections, threads."""
        ...
