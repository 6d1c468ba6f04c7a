"""The local SES itself: one call in, one answer out; it knows no HTTP."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from mailer.local_ses.account import get_account
from mailer.local_ses.faults import Faults
from mailer.local_ses.letters import AcceptedLetter
from mailer.local_ses.model import Model
from mailer.local_ses.options import Options, changed
from mailer.local_ses.refusals import Refusal, not_implemented
from mailer.local_ses.sending import OVER_RATE, send_bulk_email, send_email
from mailer.local_ses.state import State

_SENDING = ("SendEmail", "SendBulkEmail")


@dataclass(frozen=True)
class Answer:
    """What a call is answered, and how: `late` seconds after it was carried out, or `lost`: not at all."""

    body: Mapping[str, Any] | Refusal
    late: float = 0.0
    lost: bool = False


@lru_cache(maxsize=1)
def ses_model() -> Model:
    """SESv2 by botocore's model, read once."""
    return Model("sesv2")


class LocalSes:
    """An SES account on this machine. `clock` gives seconds since 1970; all methods may be called from any thread."""

    def __init__(self, options: Options = Options(), *, clock: Callable[[], float], chance: Random) -> None:  # noqa: B008  # frozen
        self._state = State(options, clock=clock, chance=chance)
        self._faults = Faults(options, chance)

    @property
    def accepted(self) -> list[AcceptedLetter]:
        """Every letter that was accepted so far, in order: twice, if it was sent twice."""
        with self._state.lock:
            return list(self._state.accepted)

    @property
    def options(self) -> Options:
        """The options as they were last set; their counters do not run down here."""
        return self._state.options

    def set_options(self, options: Options) -> None:
        """From now on these hold; their counters begin anew. What was let through stays counted."""
        with self._state.lock:
            self._state.options = options
            self._faults = Faults(options, self._state.chance)

    def change_options(self, changes: Any) -> Options:
        """Set the options that a JSON object names; its answer is all of them. Raises Refusal for what does not fit."""
        with self._state.lock:
            options = changed(self._state.options, changes)
            self.set_options(options)
            return options

    def call(self, method: str, path: str, query: str, body: Any, *, region: str, size: int) -> Answer:
        """Answer one SESv2 call: `body` is its JSON, `size` the bytes it came in, `region` the caller's."""
        try:
            operation, in_path = ses_model().find(method, path)
            if operation in _SENDING:
                return self._send(operation, query, body, region, size)
            given = ses_model().read(operation, in_path, query, body)
            with self._state.lock:
                return Answer(self._answer(operation, given))
        except Refusal as refusal:
            return Answer(refusal)

    def _answer(self, operation: str, given: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG002  # the reads to come take it
        if operation == "GetAccount":
            return get_account(self._state)
        raise not_implemented(operation)

    def _send(self, operation: str, query: str, body: Any, region: str, size: int) -> Answer:
        late = self._state.options.late_seconds
        fault = self._faults.next(OVER_RATE)
        if fault.refusal and not fault.carried:
            return Answer(fault.refusal, late)
        try:
            given = ses_model().read(operation, {}, query, body)
            with self._state.lock:
                if operation == "SendEmail":
                    answer = send_email(self._state, given, region)
                else:
                    answer = send_bulk_email(self._state, given, region, size)
        except Refusal as refusal:
            return Answer(refusal, late)
        return Answer(fault.refusal or answer, late, fault.lost)
