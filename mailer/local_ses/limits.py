"""The send rate and the daily quota, counted in recipients as Amazon counts them: in sliding windows."""

from collections import deque

DAY = 86_400.0


class Window:
    """How many recipients were let through within the last `seconds`; kept by steps, so that a day is not a million rows."""

    def __init__(self, seconds: float, step: float) -> None:
        self._seconds = seconds
        self._step = step
        self._steps: deque[tuple[float, int]] = deque()
        self._total = 0

    def add(self, now: float, recipients: int) -> None:
        """Recipients were let through now."""
        if self._steps and now - self._steps[-1][0] < self._step:
            begun, before = self._steps[-1]
            self._steps[-1] = (begun, before + recipients)
        else:
            self._steps.append((now, recipients))
        self._total += recipients

    def count(self, now: float) -> int:
        """Recipients within the window that ends now."""
        while self._steps and self._steps[0][0] <= now - self._seconds:
            self._total -= self._steps.popleft()[1]
        return self._total


class Limits:
    """What was let through, and whether one more may go. Seconds are those of the caller's clock."""

    def __init__(self) -> None:
        self._second = Window(1.0, 0.0)
        self._day = Window(DAY, 1.0)
        self._next: dict[str, float] = {}

    def over_rate(self, now: float, rate: float) -> bool:
        """Whether nothing is left of this second. Below 1/s a single recipient may still go when the second is empty."""
        return self._second.count(now) + 1 > max(rate, 1.0)

    def over_quota(self, now: float, quota: float, recipients: int) -> bool:
        """Whether so many more are above the quota of 24 hours; -1 is no quota."""
        return quota >= 0 and self._day.count(now) + recipients > quota

    def over_control(self, now: float, operation: str, rate: float) -> bool:
        """Whether an operation that does not send is asked for too often; if not, this call is noted. A rate of 0 is no limit."""
        earliest = self._next.get(operation, now) if rate else now
        if now < earliest:
            return True
        self._next[operation] = now + (1 / rate if rate else 0)
        return False

    def let_through(self, now: float, recipients: int, *, counted: int) -> None:
        """Note recipients; only so many of them are `counted` for the day (the mailbox simulator is not)."""
        self._second.add(now, recipients)
        if counted:
            self._day.add(now, counted)

    def sent_last_day(self, now: float) -> int:
        """GetAccount's SentLast24Hours."""
        return self._day.count(now)
