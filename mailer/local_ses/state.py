"""What a local SES remembers: what it accepted, what it let through, and its options; guarded by one lock."""

import itertools
import threading
from collections import deque
from collections.abc import Callable
from random import Random

from mailer.local_ses.events import Event, what_follows
from mailer.local_ses.letters import AcceptedLetter
from mailer.local_ses.limits import Limits
from mailer.local_ses.options import Options
from mailer.local_ses.queue import Queue
from mailer.local_ses.suppression import SuppressionList


class State:
    """The account. Whoever reads or changes it holds `lock`."""

    def __init__(self, options: Options, *, clock: Callable[[], float], chance: Random) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.chance = chance
        self.options = options
        self.limits = Limits()
        self.suppression = SuppressionList()
        self.queue = Queue(clock=clock, chance=chance)
        self.accepted: list[AcceptedLetter] = []
        self._kept: deque[AcceptedLetter] = deque()
        self._numbers = itertools.count(1)

    def next_message_id(self, now: float) -> str:
        """An id that looks like Amazon's and is never the same twice."""
        return f"0100{int(now * 1000):012x}-{next(self._numbers):08x}-{self.chance.getrandbits(64):016x}-000000"

    def accept(self, letter: AcceptedLetter, region: str) -> None:
        """Remember a letter, publish what follows of it, and forget the oldest content when too much is kept."""
        published = self.options.configuration_sets.get(letter.configuration_set, ())
        for kind, detail in what_follows(letter, self.suppression.reason(letter.recipient)):
            if kind in published:
                event = Event(kind, letter, region, detail, next(self._numbers))
                self.queue.put(event, times=1 + self.options.repeat_events)
        self.accepted.append(letter)
        self._kept.append(letter)
        while len(self._kept) > self.options.keep_contents:
            self._kept.popleft().kept = None
