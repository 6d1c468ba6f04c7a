"""Puts the ways through SES together: the clients, the account's rate, raw or bulk, and how many calls at once."""

from collections.abc import Callable
from functools import cached_property
from math import ceil

from mailer.ses.account import read_account
from mailer.ses.bulk import SesBulkTransport, people_a_call
from mailer.ses.client import Reader, Sender, reading_client, sending_client, warmed
from mailer.ses.rate import AccountRate
from mailer.ses.transport import SesTransport, about, on_this_machine

RAW = "raw"
BULK = "bulk"
RAW_UP_TO = 200.0
"""Recipients a second: up to here a call for each letter keeps pace, and a lost answer concerns one person, not fifty."""

_LATENCY = 0.4
"""Seconds that a call may take before the rate suffers: threads ≈ rate × latency. SES answers within 0.05 to 0.2, and calls
are spread over a tenth of a second. A thread that is not needed is not made."""
_FEWEST = 2
_MOST = 128


class Office:
    """Amazon SES as one newsletter's workspace uses it. `clock` counts seconds."""

    def __init__(self, configuration_set: str, *, clock: Callable[[], float]) -> None:
        self._configuration_set = configuration_set
        self._clock = clock

    @property
    def is_local(self) -> bool:
        """Whether it is a local SES: then nothing leaves this machine."""
        return on_this_machine(self._reading)

    @property
    def about(self) -> str:
        """Where letters go, in a few words."""
        return about(self._reading)

    @cached_property
    def _reading(self) -> Reader:
        return reading_client()

    @cached_property
    def account(self) -> AccountRate:
        """The account's rate."""
        return AccountRate(lambda: read_account(self._reading), clock=self._clock)

    @cached_property
    def letters(self) -> SesTransport:
        """For single letters: questions beforehand, notices, tests."""
        return self._raw(sending_client(_FEWEST), _FEWEST)

    def raw(self, rate: float) -> SesTransport:
        """For mailings at so many letters a second, each by a call of its own."""
        at_once = _calls_at_once(rate)
        return self._raw(warmed(sending_client(at_once)), at_once)

    def bulk(self, rate: float) -> SesBulkTransport:
        """For mailings at so many letters a second, up to 50 by a call."""
        people = people_a_call(rate)
        at_once = _calls_at_once(rate / people)
        return SesBulkTransport(
            warmed(sending_client(at_once)),
            self._reading,
            at_once=at_once,
            account=self.account,
            people=people,
            configuration_set=self._configuration_set,
        )

    def _raw(self, sending: Sender, at_once: int) -> SesTransport:
        return SesTransport(
            sending,
            self._reading,
            at_once=at_once,
            account=self.account,
            configuration_set=self._configuration_set,
        )


def mode_for(wanted: str, rate: float) -> str:
    """Raw or bulk, for a mailing that is opened now (DESIGN §5.7). `wanted` is MAILER_SES_MODE."""
    if wanted in {RAW, BULK}:
        return wanted
    return RAW if rate <= RAW_UP_TO else BULK


def _calls_at_once(calls_a_second: float) -> int:
    return max(_FEWEST, min(_MOST, ceil(calls_a_second * _LATENCY)))
