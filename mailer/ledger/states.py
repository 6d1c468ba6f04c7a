"""The states of a mailing and of a delivery, and the only ways between them. Pure.

            freeze              departure, then claim+commit       the transport answers
(candidate) ──────▶ PENDING ───────────────────────────▶ CLAIMED ──accepted──▶ ACCEPTED
                     │   ▲                                │  │ └──refused────▶ REFUSED
     left, suppressed│   └────────certainly not sent──────┘  └──answer lost,
     or cancelled    ▼                                          sender dead ──▶ UNCERTAIN ──event──▶ ACCEPTED
                  WITHHELD                                                       └── deliveries resolve ▶ ACCEPTED, PENDING
"""

from enum import StrEnum


class State(StrEnum):
    """What the ledger knows of a delivery."""

    PENDING = "pending"
    CLAIMED = "claimed"
    ACCEPTED = "accepted"
    UNCERTAIN = "uncertain"
    REFUSED = "refused"
    WITHHELD = "withheld"


PROVED = "an earlier letter of this mailing reached SES"
"""The reason of a CLAIMED delivery of which an event proved that an earlier attempt went out. Whatever becomes of the
call, it never goes back to PENDING: the person would get the issue once more."""


class MailingState(StrEnum):
    """What a mailing is doing."""

    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class PauseReason(StrEnum):
    """Why a mailing is paused."""

    OPERATOR = "operator"
    QUOTA = "quota"
    """The account's quota for 24 hours is used up. The one reason that passes by itself."""
    GUARD_BOUNCES = "guard-bounces"
    GUARD_COMPLAINTS = "guard-complaints"
    REFUSALS = "refusals"
    LOST_ANSWERS = "lost-answers"
    ACCOUNT = "account"
    DUPLICATE = "duplicate"
    RESTORED = "restored"
    """The database was restored from a backup, and may not know of letters that have left."""
    TRANSPORT = "transport"
    """The transport itself stopped taking letters: for the outbox, a disk that is full."""
