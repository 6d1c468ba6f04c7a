"""What SES says of the account, before anything is frozen: its rate, its quota, its standing; and what is to be mended."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.errors import TransportError
from mailer.ledger.states import PauseReason
from mailer.ses import outcomes
from mailer.ses.client import Reader
from mailer.transport.base import Finding, NotSent

_NEEDED = ("SEND", "BOUNCE", "COMPLAINT", "DELIVERY", "REJECT", "RENDERING_FAILURE")
"""The events that a mailing is judged by."""


@dataclass(frozen=True)
class Account:
    """GetAccount's answer, as far as sending goes. Rate and quota count recipients, in this region."""

    rate: float
    """Recipients a second."""
    quota: float | None
    """Recipients in any 24 hours; None: as many as you like."""
    used: float
    """Recipients in the last 24 hours."""
    production: bool
    """False in the sandbox, where only verified addresses get letters."""
    sending: bool
    enforcement: str
    """HEALTHY, PROBATION or SHUTDOWN."""

    @property
    def left(self) -> float | None:
        """How many recipients the quota still has room for."""
        return None if self.quota is None else max(0.0, self.quota - self.used)


def read_account(client: Reader) -> Account:
    """Ask SES. Raises TransportError, with the remedy, when it does not answer or does not know us."""
    answer = _asked(client.get_account, "GetAccount")
    if answer is None:
        raise TransportError(
            "Amazon SES does not know GetAccount here", hint="look at AWS_DEFAULT_REGION and the endpoint"
        )
    quota = answer.get("SendQuota", {})
    daily = quota.get("Max24HourSend", 0.0)
    return Account(
        rate=quota.get("MaxSendRate", 0.0),
        quota=None if daily == -1 else daily,
        used=quota.get("SentLast24Hours", 0.0),
        production=answer.get("ProductionAccessEnabled", False),
        sending=answer.get("SendingEnabled", False),
        enforcement=answer.get("EnforcementStatus", ""),
    )


def in_account(account: Account, audience: int = 0) -> Iterator[Finding]:
    """What stands in the way of mailing so many people."""
    if account.enforcement == "SHUTDOWN":
        yield Finding(
            "Amazon has suspended this account's sending",
            "answer Amazon's case in the SES console (Account dashboard)",
            stops=True,
        )
    elif account.enforcement == "PROBATION":
        yield Finding(
            "Amazon has put this account under review",
            "look at its bounces and complaints in the SES console (Reputation metrics) before you send more",
            stops=False,
        )
    if not account.sending:
        yield Finding(
            "sending is switched off for this account in this region",
            "switch it on: aws sesv2 put-account-sending-attributes --sending-enabled",
            stops=True,
        )
    if not account.production:
        yield Finding(
            "the account is in the sandbox: only verified addresses get letters",
            "ask for production access in the SES console (Account dashboard)",
            stops=audience > 0,
        )
    if account.rate <= 0 or account.quota == 0:
        yield Finding(
            "the account may not send at all: its rate or its quota is 0", "ask Amazon for a quota", stops=True
        )
    elif account.left is not None and account.left < audience:
        yield Finding(
            f"the quota has room for {account.left:,.0f} of {audience:,} people within 24 hours of the last ones",
            "the mailing will pause when it is used up; go on the day after, or ask Amazon for a higher quota",
            stops=False,
        )


def in_identity(client: Reader, sender: str) -> Iterator[Finding]:
    """Whether letters may come from `sender`: its address, its domain or one above that is verified."""
    for identity in _identities(sender):
        try:
            answer = _asked(lambda identity=identity: client.get_email_identity(EmailIdentity=identity), identity)
        except TransportError as error:
            yield Finding(f"whether {sender} is verified cannot be seen: {error}", error.hint, stops=False)
            return
        if answer is None:
            continue
        if not answer.get("VerifiedForSendingStatus", False):
            yield Finding(
                f"{identity} is not verified for sending",
                f"finish it in the SES console (Identities, {identity}): the DNS records, or the link in the letter",
                stops=True,
            )
        elif answer.get("DkimAttributes", {}).get("Status") != "SUCCESS":
            yield Finding(
                f"letters from {identity} are not signed with DKIM: Gmail, Yahoo and Outlook refuse newsletters without",
                f"publish the three CNAME records that the SES console shows (Identities, {identity}, Authentication)",
                stops=False,
            )
        return
    yield Finding(
        f"neither {sender} nor its domain is an identity of this account in this region",
        "verify the domain in the SES console (Identities), or look whether AWS_DEFAULT_REGION is the right one",
        stops=True,
    )


def in_configuration_set(client: Reader, name: str) -> Iterator[Finding]:
    """Whether the configuration set is there, sends, and publishes the events that a mailing is judged by."""
    if not name:
        yield Finding(
            "no configuration set: bounces and complaints will not be heard",
            "docs/events.md says how to make one; then set MAILER_SES_CONFIGURATION_SET",
            stops=False,
        )
        return
    try:
        found = _asked(lambda: client.get_configuration_set(ConfigurationSetName=name), name)
        events = _asked(lambda: client.get_configuration_set_event_destinations(ConfigurationSetName=name), name)
    except TransportError as error:
        yield Finding(f"the configuration set {name} cannot be seen: {error}", error.hint, stops=False)
        return
    if found is None:
        yield Finding(
            f"there is no configuration set {name} in this region",
            "make it in the SES console (Configuration sets), or mend MAILER_SES_CONFIGURATION_SET or AWS_DEFAULT_REGION",
            stops=True,
        )
        return
    if not found.get("SendingOptions", {}).get("SendingEnabled", True):
        yield Finding(
            f"sending is switched off for the configuration set {name}",
            "switch it on: aws sesv2 put-configuration-set-sending-options --sending-enabled "
            f"--configuration-set-name {name}",
            stops=True,
        )
    destinations = (events or {}).get("EventDestinations", [])
    published = {
        event for each in destinations if each.get("Enabled", False) for event in each.get("MatchingEventTypes", [])
    }
    missing = [event for event in _NEEDED if event not in published]
    if missing:
        yield Finding(
            f"the configuration set {name} does not publish {', '.join(missing)}",
            "add them to its event destination in the SES console (Configuration sets, Event destinations)",
            stops=False,
        )


def _identities(sender: str) -> Iterator[str]:
    """The address, its domain, and those above it: each would do, the first that exists decides."""
    yield sender
    labels = sender.rpartition("@")[2].split(".")
    for first in range(max(1, len(labels) - 1)):
        yield ".".join(labels[first:])


def _asked(ask: Callable[[], dict[str, Any]], what: str) -> dict[str, Any] | None:
    """The answer; None when there is no such thing. Raises TransportError when there is no answer."""
    try:
        return ask()
    except ClientError as error:
        trouble: Any = error
        if trouble.response.get("Error", {}).get("Code") == "NotFoundException":
            return None
        raise _trouble(error, what) from error
    except BotoCoreError as error:
        raise _trouble(error, what) from error


def _trouble(error: Exception, what: str) -> TransportError:
    receipt = outcomes.of_error(error)
    if isinstance(error, ClientError) or (isinstance(receipt, NotSent) and receipt.pause == PauseReason.ACCOUNT):
        hint = (
            "look at the credentials (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), at AWS_DEFAULT_REGION, and "
            "whether they may do ses:GetAccount, ses:GetEmailIdentity, ses:GetConfigurationSet, "
            "ses:GetConfigurationSetEventDestinations, ses:SendEmail and ses:SendBulkEmail"
        )
    else:
        hint = "look at the network and AWS_DEFAULT_REGION, and try again"
    return TransportError(f"Amazon SES does not tell about {what}: {receipt.reason}", hint=hint)
