"""Watches what comes back from the calls, and says when it is too much: to pause, to wait, or to give up."""

from collections import deque
from collections.abc import Callable, Sequence

from mailer.ledger.states import PauseReason
from mailer.transport.base import Lost, NotSent, Receipt, Refused

WINDOW = 50
LOST_LEAST = 5
LOST_SHARE = 0.2
"""DESIGN §5.3: one answer in a hundred is lost on a bad day. One in five means that something is broken, and each of
them is a person of whom nobody knows."""
REFUSED_LEAST = 20
"""DESIGN §5.8: of the last 50 letters. So many wrong addresses are not in any list; it is the letter."""

PATIENCE_SECONDS = 600.0
"""How long nothing at all may be carried before a run ends. AWS says to wait "up to 10 minutes" when it refuses."""
_FIRST_WAIT = 1.0
_LONGEST_WAIT = 30.0


class Troubles:
    """What one run has met lately. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lost: deque[bool] = deque(maxlen=WINDOW)
        self._refused: deque[bool] = deque(maxlen=WINDOW)
        self._nothing_since: float | None = None
        self._wait = 0.0
        self._waited = True

    def heard(self, receipts: Sequence[Receipt]) -> str:
        """One call was answered. Why the whole mailing must pause for it; empty: it goes on."""
        if not receipts:
            return ""
        self._carried(receipts)
        if any(not isinstance(receipt, NotSent) for receipt in receipts):
            self._lost.append(any(isinstance(receipt, Lost) for receipt in receipts))
        self._refused.extend(isinstance(receipt, Refused) for receipt in receipts if not isinstance(receipt, NotSent))
        for receipt in receipts:
            if isinstance(receipt, NotSent) and receipt.pause:
                return receipt.pause
        if sum(self._lost) >= max(LOST_LEAST, LOST_SHARE * len(self._lost)):
            return PauseReason.LOST_ANSWERS
        return PauseReason.REFUSALS if sum(self._refused) >= REFUSED_LEAST else ""

    def take_wait(self) -> float:
        """Seconds to let pass before the next try: longer each time that nothing was carried, and said once each time."""
        wait = 0.0 if self._waited else self._wait
        self._waited = True
        return wait

    @property
    def nothing_for(self) -> float:
        """For how many seconds nothing has been carried, though it was tried."""
        return 0.0 if self._nothing_since is None else self._clock() - self._nothing_since

    def _carried(self, receipts: Sequence[Receipt]) -> None:
        unsent = [receipt for receipt in receipts if isinstance(receipt, NotSent)]
        if len(unsent) < len(receipts):
            self._nothing_since, self._wait, self._waited = None, 0.0, True
            return
        if self._nothing_since is None:
            self._nothing_since = self._clock()
        # Whoever is too fast slows the pace down, and a mailing that pauses ends; it is where nobody answers at all that one
        # waits. Twenty calls that were under way together are all refused, and mean one thing.
        if self._waited and not any(receipt.too_fast or receipt.pause for receipt in unsent):
            self._wait = min(max(_FIRST_WAIT, 2 * self._wait), _LONGEST_WAIT)
            self._waited = False
