"""The guard: stops a mailing whose bounces or complaints would cost the account its good name. Pure.

The shares are those at which Amazon puts an account under review (docs.aws.amazon.com/ses, "Enforcement FAQs").
"""

from mailer.feedback.values import Policies
from mailer.ledger.states import PauseReason
from mailer.ledger.tally import Counts


def verdict(counts: Counts, policies: Policies) -> PauseReason | None:
    """Why a mailing with these counts must pause; None: it need not."""
    if counts.final >= policies.guard_bounces_after and _reaches(
        counts.hard_bounced, counts.final, policies.guard_bounces
    ):
        return PauseReason.GUARD_BOUNCES
    if (
        counts.delivered >= policies.guard_complaints_after
        and counts.complained >= policies.guard_complaints_least
        and _reaches(counts.complained, counts.delivered, policies.guard_complaints)
    ):
        return PauseReason.GUARD_COMPLAINTS
    return None


def _reaches(part: int, whole: int, share: float) -> bool:
    """Whether it is that share; 0.05 is a little more than a twentieth to a computer, and one bounce would be missed."""
    return part >= share * whole - _HAIR


_HAIR = 1e-6
