"""The account's rate, as GetAccount says it: read at the start, and again every few minutes, beside the sending."""

import threading
from collections.abc import Callable

from mailer.errors import TransportError
from mailer.ses.account import Account

REREAD_SECONDS = 180.0
"""Amazon raises rates by itself, and lowers them; a mailing of a day should notice."""
_AT_LEAST_SECONDS = 10.0
"""Between two questions, however often SES says "too fast": GetAccount is itself limited to one a second."""


class AccountRate:
    """Says how many recipients a second may leave. Only the first question is waited for; later ones are put aside of it."""

    def __init__(self, read: Callable[[], Account], *, clock: Callable[[], float]) -> None:
        self._read = read
        self._clock = clock
        self._account: Account | None = None
        self._read_at = 0.0
        self._asking = threading.Lock()

    def ask(self) -> Account:
        """Ask now. Raises TransportError, with the remedy, when there is no answer."""
        account = self._read()
        self._account, self._read_at = account, self._clock()
        return account

    def __call__(self) -> float:
        """Recipients a second. Raises as `ask`, the first time."""
        if self._account is None:
            return self.ask().rate
        self._ask_after(REREAD_SECONDS)
        return self._account.rate

    def doubt(self) -> None:
        """SES said "too fast": what we know of its rate may be old."""
        self._ask_after(_AT_LEAST_SECONDS)

    def _ask_after(self, seconds: float) -> None:
        if 0 <= self._clock() - self._read_at < seconds or not self._asking.acquire(blocking=False):
            return
        threading.Thread(target=self._ask_beside, name="account", daemon=True).start()

    def _ask_beside(self) -> None:
        try:
            account = self._read()
            if account.rate > 0:
                self._account = account
            # Else it was suspended meanwhile: the next letter's answer says it, and why. A rate of nothing is no pace.
        except TransportError:
            pass  # the last answer stands: a letter that cannot be sent says more than a question that cannot be put
        finally:
            self._read_at = self._clock()
            self._asking.release()
