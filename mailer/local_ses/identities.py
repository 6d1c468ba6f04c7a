"""Who may send, and, in the sandbox, who may be sent to."""

from collections.abc import Sequence

from mailer.local_ses.options import Options
from mailer.local_ses.simulator import is_simulated


def is_verified(verified: Sequence[str] | None, address: str) -> bool:
    """Whether an address, its domain, or a domain above that is among the verified ones; None: everybody is."""
    if verified is None:
        return True
    known = {each.lower() for each in verified}
    domain = address.lower().rpartition("@")[2]
    labels = domain.split(".")
    return address.lower() in known or any(".".join(labels[start:]) in known for start in range(len(labels)))


def unverified(options: Options, senders: Sequence[str], recipients: Sequence[str]) -> list[str]:
    """The identities that fail the check: senders always, recipients in the sandbox."""
    asked = [*senders, *(() if options.production_access else recipients)]
    return [each for each in asked if not is_simulated(each) and not is_verified(options.verified, each)]
