"""What a local SES remembers: what it accepted, what it let through, and its options; guarded by one lock."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

from mailer.local_ses.events import suppresses, what_follows
from mailer.local_ses.letters import AcceptedLetter
from mailer.local_ses.limits import Limits
from mailer.local_ses.log import AcceptedLog
from mailer.local_ses.options import Options
from mailer.local_ses.queue import Queue
from mailer.local_ses.shares import Shares
from mailer.local_ses.simulator import box
from mailer.local_ses.suppression import SuppressionList


class State:
    """The account. Whoever reads or changes it holds `lock`."""

    def __init__(self, options: Options, *, clock: Callable[[], float], chance: Random, log: Path | None) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.chance = chance
        self.options = options
        self.limits = Limits()
        self.suppression = SuppressionList()
        self.accepted = AcceptedLog(log)
        self.queue = Queue(self.accepted, clock=clock, chance=chance)
        self.expires_at: int | None = options.expire_after
        self._shares = Shares()
        self._numbers = itertools.count(1)

    def set_options(self, options: Options) -> None:
        """From now on these hold; the letters until the credentials expire are counted anew."""
        self.options = options
        self.expires_at = None if options.expire_after is None else len(self.accepted) + options.expire_after
        if not options.hold_events:
            self.queue.release(repeated=options.repeat_events)

    @property
    def expired(self) -> bool:
        """Whether the credentials have expired."""
        return self.expires_at is not None and len(self.accepted) >= self.expires_at

    def next_message_id(self, now: float) -> str:
        """An id that looks like Amazon's and is never the same twice."""
        return f"0100{int(now * 1000):012x}-{next(self._numbers):08x}-{self.chance.getrandbits(64):016x}-000000"

    def accept(self, letter: AcceptedLetter) -> None:
        """Remember a letter, publish what follows of it, and forget the oldest content when too much is kept."""
        options = self.options
        suppressed = self.suppression.reason(letter.recipient)
        boxed = box(letter.recipient)
        ordinary = not (letter.failure or suppressed or boxed)
        fate, read = self._shares.next(options) if ordinary else ("", ())
        told = what_follows(letter.recipient, failure=letter.failure, suppressed=suppressed, fate=fate, read=read)
        published = options.configuration_sets.get(letter.configuration_set, ())
        letter = replace(letter, told=[each for each in told if each[0] in published])
        self.accepted.append(letter, keep=options.keep_contents)
        reason = suppresses(told) if fate else ""
        if reason:
            # As Amazon's account list does: who bounced or complained is not sent to again.
            self.suppression.put(letter.recipient, reason, letter.accepted_at)
        self.queue.put(
            len(self.accepted) - 1, len(letter.told), repeated=options.repeat_events, held=options.hold_events
        )
