"""What comes back, as values: one vocabulary for everything that a carrier tells of a letter, whatever its own words."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailer.errors import MailerError


class BadEvent(MailerError):
    """What came in is no event that can be read; it is kept aside, and blocks nobody."""


class Kind(StrEnum):
    """What became of a letter. An open enumeration: what is not known here yet is OTHER, and kept."""

    ACCEPTED = "accepted"
    """The carrier took it."""
    DELAYED = "delayed"
    """The recipient's server does not take it yet; the carrier goes on trying."""
    DELIVERED = "delivered"
    """The recipient's server took it."""
    SOFT_BOUNCED = "soft-bounced"
    """Returned for now, for good: the carrier stopped trying. Behind a delivery it is an answer out of office."""
    CONTENT_BOUNCED = "content-bounced"
    """Returned because of the letter itself (too large, its content): says nothing of the reader."""
    HARD_BOUNCED = "hard-bounced"
    """Returned: there is no such mailbox."""
    REJECTED = "rejected"
    """The carrier took it and never sent it."""
    COMPLAINED = "complained"
    """The reader called it spam."""
    NOT_SPAM = "not-spam"
    """The reader said that it is no spam."""
    OPENED = "opened"
    CLICKED = "clicked"
    PREFERENCE = "preference"
    """The reader changed something in a contact list that the carrier keeps."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Concerned:
    """One address that an event names, and what its server said. Hostile text: clean it where it is shown."""

    address: str
    status: str = ""
    """As in RFC 3463, such as 5.1.1."""
    diagnosis: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """One event: what happened to one letter."""

    kind: Kind
    detail: str
    """The carrier's own words for its kind within its kind, such as `Permanent/General` or `abuse`."""
    message_id: str
    """The carrier's number for the letter; empty when the event has none."""
    mailing: str
    """Our tag `mailing`: the mailing's token; empty: the event does not bear it."""
    delivery: str
    """Our tag `delivery`: `<subscriber>-<attempt>`; empty as above."""
    destination: tuple[str, ...]
    """Whom the letter was sent to, as we said it ourselves."""
    concerned: tuple[Concerned, ...]
    """Whom the event names. It may be somebody else: a letter that was forwarded bounces at the last address."""
    at: datetime
    """When it happened, by the carrier's clock."""
    accepted_at: datetime | None = None
    """When the carrier took the letter."""
    feedback_id: str = ""
    """The carrier's number for this bounce or complaint."""
    note: str = ""
    """What else the carrier said: the reason of a rejection, the server's answer, a link that was followed."""
    raw: str = ""
    """The event as it came, without what it was wrapped in."""

    @property
    def diagnosis(self) -> str:
        """What the recipient's server or the carrier said, in one line. Hostile text."""
        said = (f"{one.status} {one.diagnosis}".strip() for one in self.concerned)
        return "; ".join(part for part in (*said, self.note) if part)

    @property
    def letter(self) -> tuple[int, int] | None:
        """(subscriber, attempt) of our tag; None when it is none of ours."""
        found = _DELIVERY.fullmatch(self.delivery) if self.mailing else None
        if found is None:
            return None
        subscriber, attempt = int(found[1]), int(found[2])
        return (subscriber, attempt) if max(subscriber, attempt) <= _LARGEST else None


def storable(text: str) -> str:
    """Text that both databases take: JSON may name NUL and half of a surrogate pair, which none of them can keep."""
    if text.isascii():
        return text.replace("\0", "�")
    return text.replace("\0", "�").encode("utf-8", "replace").decode()


def one_line(text: str) -> str:
    """Text of a stranger as one short line, without characters that a terminal would obey."""
    line = "".join(char if char.isprintable() else " " if char.isspace() else "�" for char in text)
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"


_LONGEST_LINE = 300
_DELIVERY = re.compile(r"([0-9]{1,10})-([0-9]{1,10})")
_LARGEST = 2**31 - 1  # what the ledger's columns hold on PostgreSQL


@dataclass(frozen=True, slots=True)
class Raw:
    """Something that came in and was not looked at yet."""

    text: str
    origin: str = ""
    """Where it came from, for whoever must find out why it cannot be read: `queue`, `web`, `dump.jsonl:17`."""


@dataclass(frozen=True)
class Taken:
    """What became of a batch; every raw is counted in exactly one of the first four."""

    new: int = 0
    repeated: int = 0
    """Events that were here already: they changed nothing."""
    unreadable: int = 0
    """Kept aside: `mailer events errors`."""
    ignored: int = 0
    """No events: what the carrier says when somebody subscribes to a topic."""
    orphans: int = 0
    """New events of letters that are not in the ledger; hard bounces and complaints of them were obeyed nonetheless."""
    settled: int = 0
    """Deliveries that were uncertain, or still in a call, and are accepted now."""
    suppressed: int = 0
    """Addresses that are not mailed any more since now."""
    paused: tuple[tuple[str, int, str], ...] = ()
    """(newsletter, issue, reason) of mailings that this batch paused."""
    adopted: int = 0
    """Orphans of earlier batches whose letter is known now."""

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(
            self.new + other.new,
            self.repeated + other.repeated,
            self.unreadable + other.unreadable,
            self.ignored + other.ignored,
            self.orphans + other.orphans,
            self.settled + other.settled,
            self.suppressed + other.suppressed,
            (*self.paused, *other.paused),
            self.adopted + other.adopted,
        )


@dataclass(frozen=True)
class Policies:
    """What is concluded from feedback. The sources of the figures: docs/settings.md."""

    soft_bounces: int = 5
    """This many letters in a row that bounced softly, with no delivery between them, …"""
    soft_bounces_days: int = 14
    """… over at least so many days: the address is undeliverable."""
    guard_bounces: float = 0.05
    """The share of hard bounces among letters with a final fact that pauses a mailing …"""
    guard_bounces_after: int = 200
    """… once so many of them have one."""
    guard_complaints: float = 0.001
    """The share of complaints among delivered letters that pauses a mailing …"""
    guard_complaints_after: int = 2000
    """… once so many are delivered …"""
    guard_complaints_least: int = 3
    """… and so many have complained."""
