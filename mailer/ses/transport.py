"""The transport that carries whole letters through SES, one SendEmail for each; and what both ways through SES share."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from mailer.errors import TransportError
from mailer.ses import limits, outcomes
from mailer.ses.account import Finding, in_account, in_configuration_set, read_account
from mailer.ses.client import Reader, Sender
from mailer.transport.base import Envelope, Receipt, Refused

_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


class Ses:
    """What both ways share. It owns its two clients, and `close` closes them.

    Raises TransportError for a configuration set that cannot be one.
    """

    name = "ses"

    def __init__(self, sending: Sender, reading: Reader, *, threads: int, configuration_set: str = "") -> None:
        """`sending` asks once and lets `threads` calls run at the same time; `reading` may ask again."""
        wrong = limits.in_configuration_set(configuration_set) if configuration_set else ""
        if wrong:
            raise TransportError(wrong, hint="mend MAILER_SES_CONFIGURATION_SET")
        self.batch = threads
        self.about = _about(sending)
        self._sending = sending
        self._reading = reading
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="ses")
        self._configuration_set = configuration_set

    def prepare(self) -> None:
        """Ask for the account and the configuration set. Raises TransportError, with the remedies, when nothing could be sent."""
        found = [
            *in_account(read_account(self._reading)),
            *in_configuration_set(self._reading, self._configuration_set),
        ]
        refuse(found)

    def where(self, mailing: str) -> str:  # noqa: ARG002  # the protocol's
        """They have left."""
        return ""

    def look_up(self, mailing: str, deliveries: Sequence[str]) -> dict[str, Receipt] | None:  # noqa: ARG002  # the protocol's
        """SES cannot be asked what it took; its events say it."""
        return None

    def close(self) -> None:
        """Wait for the calls that run, and close both clients."""
        self._pool.shutdown()
        self._sending.close()
        self._reading.close()


class SesTransport(Ses):
    """Carries raw letters."""

    def send(self, envelopes: Sequence[Envelope]) -> list[Receipt]:
        """One call for each, side by side. Never raises: what becomes of a call is a receipt."""
        if len(envelopes) == 1:
            return [self._carried(envelopes[0])]
        return list(self._pool.map(self._carried, envelopes))

    def _carried(self, envelope: Envelope) -> Receipt:
        wrong = trouble(envelope) or limits.in_letter(envelope.content)
        if wrong:
            return Refused(f"not offered to SES: {wrong}")
        # No FromEmailAddress: it would take the place of the letter's own From, and its name would be gone.
        parameters: dict[str, Any] = {
            "Destination": {"ToAddresses": [envelope.recipient]},
            "Content": {"Raw": {"Data": envelope.content}},
            "EmailTags": [
                {"Name": "mailing", "Value": envelope.mailing},
                {"Name": "delivery", "Value": envelope.delivery},
            ],
        }
        if self._configuration_set:
            parameters["ConfigurationSetName"] = self._configuration_set
        try:
            return outcomes.of_success(self._sending.send_email(**parameters))
        except Exception as error:  # noqa: BLE001  # whatever it is: the letter may have left, and the row must say so
            return outcomes.of_error(error)


def refuse(findings: Sequence[Finding]) -> None:
    """Raise TransportError with every finding that stops, and every remedy; nothing when none does."""
    stopping = [finding for finding in findings if finding.stops]
    if stopping:
        raise TransportError(
            "; ".join(finding.what for finding in stopping), hint="; ".join(finding.remedy for finding in stopping)
        )


def trouble(envelope: Envelope) -> str:
    """What of the envelope itself SES would not take."""
    return limits.in_address(envelope.recipient) or limits.in_tag(envelope.mailing) or limits.in_tag(envelope.delivery)


def _about(client: Sender) -> str:
    if urlsplit(client.meta.endpoint_url).hostname in _THIS_MACHINE:
        return f"an SES on this machine ({client.meta.endpoint_url}), nothing leaves it"
    return f"letters leave this machine, through Amazon SES in {client.meta.region_name}"
