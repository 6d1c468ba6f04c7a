"""The transport that carries whole letters through SES, one SendEmail for each; and what both ways through SES share."""

import json
from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from mailer.errors import TransportError
from mailer.ses import limits, outcomes
from mailer.ses.account import in_account, in_configuration_set, in_identity
from mailer.ses.client import BODY, Reader, Sender
from mailer.ses.rate import AccountRate
from mailer.transport.base import Envelope, Finding, Receipt, Refused

_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


class Ses:
    """What both ways share. It owns its two clients, and `close` closes them.

    Raises TransportError for a configuration set that cannot be one.
    """

    name = "ses"

    def __init__(
        self, sending: Sender, reading: Reader, *, at_once: int, account: AccountRate, configuration_set: str = ""
    ) -> None:
        """`sending` asks once, and `at_once` of its calls may run at the same time; `reading` may ask again."""
        wrong = limits.in_configuration_set(configuration_set) if configuration_set else ""
        if wrong:
            raise TransportError(wrong, hint="mend MAILER_SES_CONFIGURATION_SET")
        self.batch = 1
        self.at_once = at_once
        self.about = about(reading)
        self._sending = sending
        self._reading = reading
        self._account = account
        self._configuration_set = configuration_set

    def prepare(self, sender: str, audience: int) -> Sequence[Finding]:
        """Ask for the account, the sender's identity and the configuration set."""
        found = [
            *in_account(self._account.ask(), audience),
            *in_identity(self._reading, sender),
            *in_configuration_set(self._reading, self._configuration_set),
        ]
        refuse(found)
        return found

    def rate(self) -> float | None:
        """The account's."""
        return self._account()

    def too_fast(self) -> None:
        """Ask the account for its rate again, soon."""
        self._account.doubt()

    def where(self, mailing: str) -> str:  # noqa: ARG002  # the protocol's
        """They have left."""
        return ""

    def look_up(self, mailing: str, deliveries: Sequence[str]) -> dict[str, Receipt] | None:  # noqa: ARG002  # the protocol's
        """SES cannot be asked what it took; its events say it."""
        return None

    def close(self) -> None:
        """Close both clients."""
        self._sending.close()
        self._reading.close()


class SesTransport(Ses):
    """Carries raw letters, each by a call of its own."""

    def calls(self, envelopes: Sequence[Envelope]) -> Iterable[Sequence[int]]:
        """One for each."""
        return ((place,) for place in range(len(envelopes)))

    def send(self, envelopes: Sequence[Envelope]) -> list[Receipt]:
        """One after the other. Never raises: what becomes of a call is a receipt."""
        return [self._carried(envelope) for envelope in envelopes]

    def _carried(self, envelope: Envelope) -> Receipt:
        wrong = trouble(envelope) or limits.in_letter(envelope.content)
        if wrong:
            return Refused(f"not offered to SES: {wrong}")
        try:
            return outcomes.of_success(self._sending.send_email(**{BODY: self._written(envelope)}))
        except Exception as error:  # noqa: BLE001  # whatever it is: the letter may have left, and the row must say so
            return outcomes.of_error(error)

    def _written(self, envelope: Envelope) -> bytes:
        # No FromEmailAddress: it would take the place of the letter's own From, and its name would be gone.
        parameters: dict[str, Any] = {
            "Destination": {"ToAddresses": [envelope.recipient]},
            "EmailTags": [
                {"Name": "mailing", "Value": envelope.mailing},
                {"Name": "delivery", "Value": envelope.delivery},
            ],
        }
        if self._configuration_set:
            parameters["ConfigurationSetName"] = self._configuration_set
        # Base64 needs no escaping: the letter is not walked through once more for that.
        before = json.dumps(parameters)[:-1].encode() + b',"Content":{"Raw":{"Data":"'
        return b"".join((before, b2a_base64(envelope.content, newline=False), b'"}}}'))


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


def on_this_machine(client: Reader) -> bool:
    """Whether the client speaks to a local SES."""
    return urlsplit(client.meta.endpoint_url).hostname in _THIS_MACHINE


def about(client: Reader) -> str:
    """Where the letters go, in a few words."""
    if on_this_machine(client):
        return f"an SES on this machine ({client.meta.endpoint_url}), nothing leaves it"
    return f"letters leave this machine, through Amazon SES in {client.meta.region_name}"
