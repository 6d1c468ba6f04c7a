"""The faults that a local SES was told to have, counted off call by call."""

import threading
from dataclasses import dataclass
from random import Random

from mailer.local_ses.options import Options
from mailer.local_ses.refusals import Refusal


@dataclass(frozen=True)
class Fault:
    """What one send call meets; without anything set, nothing."""

    refusal: Refusal | None = None
    carried: bool = True
    """Whether the call is carried out, whatever its answer."""
    lost: bool = False
    """The call is carried out, and its answer never arrives."""


class Faults:
    """Counts the faults of `options` off; safe among threads."""

    def __init__(self, options: Options, chance: Random) -> None:
        self._options = options
        self._chance = chance
        self._lock = threading.Lock()
        self._throttle, self._after = options.throttle_next, options.fail_after
        self._fail, self._lose = options.fail_next, options.lose_next

    def next(self, over_rate: str) -> Fault:
        """What the next send call meets; `over_rate` is what a throttled one is told."""
        options = self._options
        with self._lock:
            if self._throttle > 0 or self._happens(options.throttle_share):
                self._throttle = max(0, self._throttle - 1)
                return Fault(Refusal("TooManyRequestsException", over_rate, status=429), carried=False)
            if self._after > 0:
                self._after -= 1
            elif self._fail > 0 or self._happens(options.fail_share):
                self._fail = max(0, self._fail - 1)
                refusal = Refusal(options.fail_code, options.fail_message, status=options.fail_status)
                return Fault(refusal, carried=options.fail_accepted)
            if self._lose > 0:
                self._lose -= 1
                return Fault(lost=True)
            return Fault(lost=self._happens(options.lose_share))

    def _happens(self, share: float) -> bool:
        return share > 0 and self._chance.random() < share
