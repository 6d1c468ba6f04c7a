"""Attends to readers' requests for as long as a server or a worker lives: decides them, and sends the notices at once."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from mailer.errors import MailerError
from mailer.ledger import senders
from mailer.sending.notices import NoticeRun, Step

_IDLE_SECONDS = 0.5
"""How long a reader's request may lie before somebody looks."""
_LATER_SECONDS = 2.0
_TROUBLE_SECONDS = 15.0
_HEAL_SECONDS = 60.0
_CLEAN_SECONDS = 3600.0

_logger = logging.getLogger("mailer.notices")


@dataclass
class Attendance:
    """One process's part in attending. It survives whatever goes wrong: readers' requests wait in the database."""

    run: NoticeRun
    decide: Callable[[], int]
    """Decides what was asked for; how many requests that were."""
    clean: Callable[[], object]
    """Forgets what is over."""
    _healed: float = field(default=float("-inf"))
    _cleaned: float = field(default=float("-inf"))

    def until(self, stop: threading.Event) -> None:
        """Attend until the event is set."""
        while not stop.is_set():
            stop.wait(self.once())

    def once(self) -> float:
        """Do what is due now; after how many seconds to look again."""
        try:
            return self._once()
        except MailerError as error:
            _logger.warning("%s%s", error, f" ({error.hint})" if error.hint else "")
        except Exception:  # a mistake of ours must not leave readers without an answer until somebody restarts us
            _logger.exception("a mistake in the program")
        return _TROUBLE_SECONDS

    def _once(self) -> float:
        now = self.run.clock()
        if not 0 <= now - self._healed < _HEAL_SECONDS:
            self.run.heal()
            self._healed = now
        if not 0 <= now - self._cleaned < _CLEAN_SECONDS:
            self.clean()
            self._cleaned = now
        decided = self.decide()
        step = self._send()
        if step is Step.LATER:
            _logger.warning("a notice must wait: %s", self.run.trouble)
            return _LATER_SECONDS
        return 0.0 if decided else _IDLE_SECONDS

    def _send(self) -> Step:
        if not self.run.is_due():
            return Step.IDLE
        # A sender for no longer than it takes: a server that idles for weeks is nobody whom a restore must wait for.
        with senders.sender(self.run.database, self.run.now()) as me:
            step = Step.SETTLED
            while step is Step.SETTLED:
                step = self.run.step(me)
            with self.run.database.transaction() as connection:
                senders.end(connection, me.id, self.run.now())
        return step
