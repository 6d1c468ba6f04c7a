"""Takes a batch of raw events: read, stored once, applied; all of it in one transaction, or nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime

from mailer.database.engine import Database
from mailer.feedback.values import Feedback, Policies, Raw, Taken
from subscribers.erasure import Hasher

Reader = Callable[[str], Feedback | None]
"""Reads one event; None when it says nothing of a letter. Raises BadEvent."""


def take(
    database: Database,
    raws: Sequence[Raw],
    *,
    read: Reader,
    hashes: Hasher,
    now: datetime,
    policies: Policies,
) -> Taken:
    """Store and apply a batch of at most some hundred raws in one durable transaction; it is committed on return.

    What cannot be read is kept aside and blocks nobody; what was here already changes nothing. `hashes` gives an
    address's keyed hashes, by which an erased person is known. Raises DatabaseError when nothing could be stored: ask again.
    """
    raise NotImplementedError
