"""What readers ask for on the web, and how it is proved that they did: joining, a new address, their own data, erasure.

A page only writes a request down (`enter`), with the same work for every address; `decide` looks people up afterwards,
where nobody waits for the answer, and adds the notices. Nothing here commits.
"""

from mailer.consent.forgetting import clean, erase
from mailer.consent.joining import decide
from mailer.consent.requests import waiting

__all__ = ["clean", "decide", "erase", "waiting"]
