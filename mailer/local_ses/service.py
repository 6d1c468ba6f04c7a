"""The local SES itself: one call in, one answer out; it knows no HTTP."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any

from mailer.local_ses import reads
from mailer.local_ses.account import get_account
from mailer.local_ses.faults import Faults
from mailer.local_ses.letters import AcceptedLetter
from mailer.local_ses.model import Model
from mailer.local_ses.options import Options, changed
from mailer.local_ses.refusals import Refusal, not_implemented
from mailer.local_ses.sending import OVER_RATE, send_bulk_email, send_email
from mailer.local_ses.state import State

_SENDING = {"SendEmail", "SendBulkEmail"}
_SUPPRESSION = {f"{verb}SuppressedDestination" for verb in ("Get", "Put", "Delete")} | {"ListSuppressedDestinations"}
_READS = {
    *("GetAccount", "ListEmailIdentities", "GetEmailIdentity"),
    *("ListConfigurationSets", "GetConfigurationSet", "GetConfigurationSetEventDestinations"),
}
_HERE = {*_SUPPRESSION, *_READS, "PutAccountSendingAttributes"}


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


@lru_cache(maxsize=1)
def sqs_model() -> Model:
    """SQS by botocore's model, read once."""
    return Model("sqs", invalid="InvalidParameterValue")


class LocalSes:
    """An SES account on this machine. `clock` gives seconds since 1970; all methods may be called from any thread."""

    def __init__(
        self,
        options: Options = Options(),  # noqa: B008  # frozen
        *,
        clock: Callable[[], float],
        chance: Random,
        log: Path | None = None,
    ) -> None:
        """What was accepted is added to the file `log`, a line of JSON for each letter. Raises OSError."""
        self._state = State(options, clock=clock, chance=chance, log=log)
        self._faults = Faults(options, chance)

    @property
    def accepted(self) -> list[AcceptedLetter]:
        """Every letter that was accepted so far, in order: twice, if it was sent twice."""
        with self._state.lock:
            return list(self._state.accepted)

    @property
    def log(self) -> Sequence[AcceptedLetter]:
        """The same, read letter by letter where it is looked at: for many of them."""
        return self._state.accepted

    @property
    def options(self) -> Options:
        """The options as they were last set; their counters do not run down here."""
        return self._state.options

    def set_options(self, options: Options) -> None:
        """From now on these hold; their counters begin anew. What was let through stays counted."""
        with self._state.lock:
            self._state.set_options(options)
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
            if self._state.expired:
                return Answer(_expired())
            if operation in _SENDING:
                return self._send(operation, query, body, region, size)
            if operation not in _HERE:
                return Answer(not_implemented(operation))
            with self._state.lock:
                self._hold_back(operation)
                given = ses_model().read(operation, in_path, query, body)
                return Answer(self._answer(operation, given, region))
        except Refusal as refusal:
            return Answer(refusal)

    def call_queue(self, operation: str, body: Any, *, base: str) -> Mapping[str, Any] | Refusal:
        """Answer one SQS call; `base` is the URL that the caller reached us by."""
        try:
            if self._state.expired:
                return _expired()
            if operation not in sqs_model().operations:
                return Refusal("UnknownOperationException", f"{operation} is no operation of sqs.", status=404)
            given = sqs_model().read(operation, {}, "", body)
            return self._state.queue.answer(operation, given, self._state.options, base=base)
        except Refusal as refusal:
            return refusal

    def let_wait(self, allowed: bool) -> None:  # noqa: FBT001  # it is the word itself
        """Whether calls may wait for a message of the queue: not while a server closes."""
        self._state.queue.let_wait(allowed)

    def _hold_back(self, operation: str) -> None:
        state = self._state
        if state.limits.over_control(state.clock(), operation, state.options.control_rate):
            raise Refusal("TooManyRequestsException", "Too many requests: the rate of calls is exceeded.", status=429)

    def _answer(self, operation: str, given: Mapping[str, Any], region: str) -> Mapping[str, Any]:  # noqa: PLR0911  # one return an operation
        state = self._state
        match operation:
            case "GetAccount":
                return get_account(state)
            case "PutAccountSendingAttributes":
                state.options = replace(state.options, paused=not given.get("SendingEnabled", False))
                return {}
            case "ListEmailIdentities":
                return reads.list_email_identities(state.options, given)
            case "GetEmailIdentity":
                return reads.get_email_identity(state.options, given)
            case "ListConfigurationSets":
                return reads.list_configuration_sets(state.options, given)
            case "GetConfigurationSet":
                return reads.get_configuration_set(state.options, given)
            case "GetConfigurationSetEventDestinations":
                return reads.get_event_destinations(state.options, given, region)
            case _:
                return state.suppression.answer(operation, given, state.clock())

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


def _expired() -> Refusal:
    return Refusal("ExpiredTokenException", "The security token included in the request is expired", status=403)
