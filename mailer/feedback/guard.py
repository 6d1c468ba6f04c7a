"""The guard: stops a mailing whose bounces or complaints would cost the account its good name. Pure.

The shares are those at which Amazon puts an account under review (docs.aws.amazon.com/ses, "Enforcement FAQs").
"""

from mailer.feedback.values import Policies
from mailer.ledger.tally import GUARD_BOUNCES, GUARD_COMPLAINTS, Counts


def verdict(counts: Counts, policies: Policies) -> str:
    """Why a mailing with these counts must pause; empty: it need not."""
    if counts.final >= policies.guard_bounces_after and counts.hard_bounced >= policies.guard_bounces * counts.final:
        return GUARD_BOUNCES
    if (
        counts.delivered >= policies.guard_complaints_after
        and counts.complained >= policies.guard_complaints_least
        and counts.complained >= policies.guard_complaints * counts.delivered
    ):
        return GUARD_COMPLAINTS
    return ""
