"""The people of one claim leave: something is made for each of them, and each call begins at its moment."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from mailer.errors import DatabaseError
from mailer.ledger.claims import Claimed
from mailer.ledger.senders import Lock
from mailer.pacing.pacer import Leave
from mailer.sending.answers import NOT_CALLED, Answers
from mailer.sending.calls import Answer, Calls
from mailer.transport.base import Receipt, Refused, Transport

STALE_SECONDS = 60.0
"""A claim older than this is given back, not called for: its sender was stopped in between, and people may have left."""

LATEST_SECONDS = 1.0
"""A call that is later than this after the moment it waited for is given back: the second that it was numbered off for is over,
and others have used the one that a process which was stopped wakes up in. Nor need their departures wait for it."""

Carried = TypeVar("Carried")


@dataclass
class Leaving(Generic[Carried]):
    """How one sender's claims leave. `lock` is the sender's, `clock` counts seconds."""

    transport: Transport[Carried]
    compose: Callable[[Claimed], Carried | Refused]
    calls: Calls
    answers: Answers
    lock: Lock
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    _looking: threading.Lock = field(default_factory=threading.Lock)
    _late: float = 0.0

    def begin(self, people: Sequence[Claimed], claimed_at: float, leave: Leave) -> float:
        """Begin the calls of a claim; when all was ready for them, by the clock.

        They leave from the departure on, evenly until the next one: twenty at once would crowd the second they fall in.
        Whatever it raises, those whose calls did not begin are handed back.
        """
        able = self._composed(people)
        waiting = {person.subscriber_id: person for person, _ in able}
        try:
            calls = list(self.transport.calls([outcome for _, outcome in able]))
            ready = self.clock()
            spread = leave.seconds / max(1, len(calls)) if self.transport.at_once > 1 else 0.0
            for number, places in enumerate(calls):
                mine = [able[place] for place in places]
                early = min(max(0.0, leave.at - ready), leave.early) + number * spread
                call = self._calling([outcome for _, outcome in mine], claimed_at, ready + early, early)
                for person, _ in mine:
                    del waiting[person.subscriber_id]  # whatever is raised from here on, they may be in a call
                self.calls.begin([person for person, _ in mine], call)
        except Exception:
            # The machine may have no thread more for us, the server no clock.
            self.answers.hand_back(list(waiting.values()))
            raise
        return ready

    def take_late(self) -> float:
        """How many seconds too late a call began that waited for its moment, at the worst since this was asked before."""
        late, self._late = self._late, 0.0
        return late

    def _composed(self, people: Sequence[Claimed]) -> list[tuple[Claimed, Carried]]:
        """Each person with what is carried to them; for whom nothing can be made, is refused."""
        try:
            composed = [(person, self.compose(person)) for person in people]
        except Exception:
            self.answers.hand_back(people)
            raise
        able: list[tuple[Claimed, Carried]] = []
        for person, outcome in composed:
            if isinstance(outcome, Refused):
                self.answers.add(Answer([person], [outcome]))
            else:
                able.append((person, outcome))
        return able

    def _calling(
        self, carried: Sequence[Carried], claimed_at: float, at: float, early: float
    ) -> Callable[[], Sequence[Receipt]]:
        """The call that a thread makes, at that time of the clock: at most so many seconds from now."""

        def call() -> Sequence[Receipt]:
            # The clock may be set back at any moment.
            wait = min(at - self.clock(), early)
            if wait > 0:
                self.sleep(wait)
                late = self.clock() - at
                if late > LATEST_SECONDS:
                    return [NOT_CALLED] * len(carried)
                self._late = max(self._late, late)
            with self._looking:
                alive = self.lock.held()
            if not alive:
                raise DatabaseError(
                    "this sender lost its lock: others count it as dead",
                    hint="run the same command again; nobody is sent to twice",
                )
            # Last of all: asking a server for the lock may itself take minutes, while the network is gone.
            if abs(self.clock() - claimed_at) > STALE_SECONDS:
                return [NOT_CALLED] * len(carried)
            return self.transport.send(carried)

        return call
