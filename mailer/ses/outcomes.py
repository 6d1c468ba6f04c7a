"""What became of a letter, by every answer of SES and every failure of a call: one table, read by one function each.

Sources: botocore's model of SESv2 (its exceptions, and the enum BulkEmailStatus, whose names differ from the
documentation's), what SES was seen to answer, and botocore's own exceptions. What is not in the table is lost.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, cast

from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.ledger.states import PauseReason
from mailer.transport.base import Accepted, Lost, NotSent, Receipt, Refused


class Fate(Enum):
    """What a row of the table says."""

    REFUSED = "this letter is refused for good; others are not concerned"
    AGAIN = "certainly not sent: it may be tried again"
    TOO_FAST = "certainly not sent, because letters come too fast: it may be tried again, more slowly"
    QUOTA = "certainly not sent, and no other letter would be until the day's quota has room again"
    ACCOUNT = "certainly not sent, and no other letter would be until a person has mended the account or the settings"
    LOST = "nobody knows"


@dataclass(frozen=True)
class Row:
    """An answer, by the name of its error code, of its BulkEmailStatus or of botocore's exception."""

    name: str
    fate: Fate
    says: str = ""
    """Small letters that the message must hold: for names that stand for more than one thing. The first row that fits counts."""


_CREDENTIALS = (
    "NoCredentialsError",
    "PartialCredentialsError",
    "CredentialRetrievalError",
    "MetadataRetrievalError",
    "RefreshWithMFAUnsupportedError",
    "UnknownCredentialError",
    "TokenRetrievalError",
    "NoAuthTokenError",
    "SSOError",
    "LoginError",
    "ConfigNotFound",
    "ConfigParseError",
    "ProfileNotFound",
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "AccessDenied",
    "AccessDeniedException",
    "NotAuthorized",
    "OptInRequired",
    "SubscriptionRequiredException",
)
_TOO_FAST = (
    "TooManyRequestsException",
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "SlowDown",
)
# The answers that judge a letter; SES gives them for the account's trouble as well, and only the message tells.
_JUDGEMENTS = ("MessageRejected", "BadRequestException", "MESSAGE_REJECTED", "INVALID_PARAMETER", "FAILED")
_NOT_THE_LETTER = (
    ("not verified", Fate.ACCOUNT),
    ("sending suspended", Fate.ACCOUNT),
    ("sending paused", Fate.ACCOUNT),
    ("sending is paused", Fate.ACCOUNT),
    ("sending is disabled", Fate.ACCOUNT),
    ("configuration set", Fate.ACCOUNT),
    ("configurationset", Fate.ACCOUNT),
    ("daily message quota", Fate.QUOTA),
    ("maximum sending rate", Fate.TOO_FAST),
)
# Before a word of the request was written: names that do not match, certificates that nobody vouches for.
_HANDSHAKES = ("certificate_verify_failed", "certificate verify failed", "wrong_version_number", "handshake")

TABLE: tuple[Row, ...] = (
    # --- SES answered: error codes ---
    *(Row(name, Fate.QUOTA, "daily") for name in _TOO_FAST),
    *(Row(name, Fate.TOO_FAST) for name in _TOO_FAST),
    Row("LimitExceededException", Fate.TOO_FAST, "maximum sending rate"),
    Row("LimitExceededException", Fate.QUOTA),
    Row("AccountSuspendedException", Fate.ACCOUNT),
    Row("SendingPausedException", Fate.ACCOUNT),
    Row("MailFromDomainNotVerifiedException", Fate.ACCOUNT),
    Row("NotFoundException", Fate.ACCOUNT),
    Row("InternalServiceErrorException", Fate.LOST),
    # --- SES answered: the status of an entry of SendBulkEmail, but SUCCESS ---
    Row("TRANSIENT_FAILURE", Fate.AGAIN),
    Row("ACCOUNT_THROTTLED", Fate.QUOTA, "daily"),
    Row("ACCOUNT_THROTTLED", Fate.TOO_FAST),
    Row("ACCOUNT_DAILY_QUOTA_EXCEEDED", Fate.QUOTA),
    Row("ACCOUNT_SUSPENDED", Fate.ACCOUNT),
    Row("ACCOUNT_SENDING_PAUSED", Fate.ACCOUNT),
    Row("CONFIGURATION_SET_SENDING_PAUSED", Fate.ACCOUNT),
    Row("CONFIGURATION_SET_NOT_FOUND", Fate.ACCOUNT),
    Row("MAIL_FROM_DOMAIN_NOT_VERIFIED", Fate.ACCOUNT),
    Row("TEMPLATE_NOT_FOUND", Fate.ACCOUNT),
    Row("INVALID_SENDING_POOL_NAME", Fate.ACCOUNT),
    # --- SES answered: judgements, by code and by status ---
    *(Row(name, fate, says) for name in _JUDGEMENTS for says, fate in _NOT_THE_LETTER),
    *(Row(name, Fate.REFUSED) for name in _JUDGEMENTS),
    # --- SES was not reached, or would not know us ---
    *(Row(name, Fate.ACCOUNT) for name in _CREDENTIALS),
    Row("EndpointConnectionError", Fate.AGAIN),
    Row("ConnectTimeoutError", Fate.AGAIN),
    Row("ProxyConnectionError", Fate.AGAIN),
    Row("BaseEndpointResolverError", Fate.ACCOUNT),
    Row("EndpointProviderError", Fate.ACCOUNT),
    *(Row("SSLError", Fate.ACCOUNT, words) for words in _HANDSHAKES),
    Row("ParamValidationError", Fate.REFUSED),
    # --- the question was put, and the answer is missing or unreadable ---
    Row("SSLError", Fate.LOST),
    Row("ReadTimeoutError", Fate.LOST),
    Row("ConnectionClosedError", Fate.LOST),
    Row("HTTPClientError", Fate.LOST),
    Row("IncompleteReadError", Fate.LOST),
    Row("ResponseParserError", Fate.LOST),
)

# Reasons are stored and printed: they name no address, no account and no key.
_PRIVATE = re.compile(r"\S*@\S*|arn:\S+|\b\d{12}\b|\b(?:AKIA|ASIA)\w+")
_LONGEST_REASON = 300
_SENDING = ("SendEmail", "SendBulkEmail")


def of_error(error: Exception) -> Refused | NotSent | Lost:
    """What a call that failed means for each letter in it."""
    if isinstance(error, ClientError):
        answer = cast("Mapping[str, Any]", error.response).get("Error", {})  # pyright: ignore[reportUnknownMemberType]  # untyped
        code, message = str(answer.get("Code", "")), str(answer.get("Message", ""))
        if error.operation_name not in _SENDING:  # pyright: ignore[reportUnknownMemberType]  # untyped
            # Credentials that are fetched on the way, from STS for instance: the letter's own call was never made.
            return NotSent(_reason(code, message), pause=PauseReason.ACCOUNT)
        return _receipt((code,), code, message)
    names = tuple(kind.__name__ for kind in type(error).__mro__)
    return _receipt(names, names[0], str(error))


def of_entry(result: Mapping[str, Any]) -> Receipt:
    """What one of the results of SendBulkEmail means."""
    status, message = str(result.get("Status", "")), str(result.get("Error", ""))
    if status == "SUCCESS":
        return of_success(result)
    return _receipt((status,), status or "an entry without a status", message)


def of_success(answer: Mapping[str, Any]) -> Accepted | Lost:
    """What an answer that says yes means: accepted, if it names the message."""
    message_id = answer.get("MessageId")
    return Accepted(str(message_id)) if message_id else Lost("SES answered without a message id")


def _receipt(names: tuple[str, ...], called: str, message: str) -> Refused | NotSent | Lost:
    reason = _reason(called, message)
    match _fate(names, message):
        case Fate.REFUSED:
            return Refused(reason)
        case Fate.AGAIN:
            return NotSent(reason)
        case Fate.TOO_FAST:
            return NotSent(reason, too_fast=True)
        case Fate.QUOTA:
            return NotSent(reason, pause=PauseReason.QUOTA)
        case Fate.ACCOUNT:
            return NotSent(reason, pause=PauseReason.ACCOUNT)
        case Fate.LOST:
            return Lost(reason)


def _fate(names: tuple[str, ...], message: str) -> Fate:
    """The most particular name decides: an exception is looked up before those that it is a kind of."""
    said = message.lower()
    for name in names:
        for row in TABLE:
            if row.name == name and row.says in said:
                return row.fate
    return Fate.LOST


def _reason(name: str, message: str) -> str:
    words = " ".join(_PRIVATE.sub("…", message).split())
    return f"{name}: {words}"[:_LONGEST_REASON] if words else name
