"""What a segment is made of, as values: who is selected, without a word of grammar or SQL. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from subscribers.lifecycle import Status, SuppressionReason


@dataclass(frozen=True)
class Tag:
    """Those who have a tag."""

    tag: str


@dataclass(frozen=True)
class FieldIs:
    """Those whose custom field is exactly this text; without the field it is the empty text."""

    field: str
    value: str


@dataclass(frozen=True)
class FieldContains:
    """Those in whose custom field this text, which is not empty, stands somewhere."""

    field: str
    value: str


@dataclass(frozen=True)
class StatusIs:
    """Those with this status for the newsletter."""

    status: Status


@dataclass(frozen=True)
class Subscribed:
    """Those who are subscribed to the newsletter, and became so in this time: days in UTC, `before` itself outside."""

    since: date | None = None
    before: date | None = None


@dataclass(frozen=True)
class Suppressed:
    """Those whose address is suppressed, for this reason or, without one, for any."""

    reason: SuppressionReason | None = None


@dataclass(frozen=True)
class Domain:
    """Those whose address is in this domain, which is written in lower case as A-labels."""

    domain: str


class Fate(StrEnum):
    """What can have become of a letter."""

    MAILED = "mailed"
    """It was handed over, or may have been: accepted or uncertain."""
    DELIVERED = "delivered"
    SOFT_BOUNCED = "soft-bounced"


@dataclass(frozen=True)
class Letters:
    """Those of whom some letter of the newsletter met this fate, of this issue and in this time (days in UTC).

    Only who keeps a ledger can tell: its condition is handed in.
    """

    fate: Fate
    issue: int | None = None
    since: date | None = None
    before: date | None = None


@dataclass(frozen=True)
class Not:
    """Those whom the part does not select."""

    part: "Segment"


@dataclass(frozen=True)
class And:
    """Those whom every part selects."""

    parts: "tuple[Segment, ...]"


@dataclass(frozen=True)
class Or:
    """Those whom at least one part selects."""

    parts: "tuple[Segment, ...]"


Condition = Tag | FieldIs | FieldContains | StatusIs | Subscribed | Suppressed | Domain | Letters
Segment = Condition | Not | And | Or


def depth(segment: Segment) -> int:
    """How many levels of parts within parts there are; a condition alone is one."""
    match segment:
        case Not(part):
            return 1 + depth(part)
        case And(parts) | Or(parts):
            return 1 + max(map(depth, parts))
        case _:
            return 1
