"""Every answer of SES and every failure of a call, entry by entry."""

from dataclasses import replace
from typing import Any, cast

import botocore.exceptions as failures  # pyright: ignore[reportMissingTypeStubs]  # it has none
import botocore.loaders  # pyright: ignore[reportMissingTypeStubs]  # it has none
import pytest
from botocore.parsers import ResponseParserError  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.ses.outcomes import TABLE, of_entry, of_error, of_success
from mailer.transport.base import Accepted, Lost, NotSent, Receipt, Refused

AGAIN, TOO_FAST = NotSent(""), NotSent("", too_fast=True)
QUOTA, ACCOUNT = NotSent("", "quota"), NotSent("", "account")
REFUSED, LOST = Refused(""), Lost("")

CODES: dict[tuple[str, str], Receipt] = {
    ("TooManyRequestsException", "Maximum sending rate exceeded."): TOO_FAST,
    ("TooManyRequestsException", "Daily message quota exceeded."): QUOTA,
    ("TooManyRequestsException", ""): TOO_FAST,
    ("ThrottlingException", "Maximum sending rate exceeded."): TOO_FAST,
    ("ThrottlingException", "Daily message quota exceeded"): QUOTA,
    ("Throttling", "Maximum sending rate exceeded."): TOO_FAST,
    ("Throttling", "Daily message quota exceeded."): QUOTA,
    ("ThrottledException", "slow"): TOO_FAST,
    ("ThrottledException", "daily"): QUOTA,
    ("RequestThrottled", "slow"): TOO_FAST,
    ("RequestThrottled", "daily"): QUOTA,
    ("RequestThrottledException", "slow"): TOO_FAST,
    ("RequestThrottledException", "daily"): QUOTA,
    ("RequestLimitExceeded", "slow"): TOO_FAST,
    ("RequestLimitExceeded", "daily"): QUOTA,
    ("SlowDown", "slow"): TOO_FAST,
    ("SlowDown", "daily"): QUOTA,
    ("LimitExceededException", "There are too many instances of the specified resource type."): QUOTA,
    ("LimitExceededException", "Maximum sending rate exceeded."): TOO_FAST,
    ("AccountSuspendedException", "suspended"): ACCOUNT,
    ("SendingPausedException", "paused"): ACCOUNT,
    ("MailFromDomainNotVerifiedException", "MAIL FROM"): ACCOUNT,
    ("NotFoundException", "Configuration set news does not exist."): ACCOUNT,
    ("InternalServiceErrorException", "oops"): LOST,
    ("ServiceUnavailable", "oops"): LOST,
    ("500", "Internal Server Error"): LOST,
    ("RequestTimeout", "oops"): LOST,
    ("NobodyHasSeenThisException", "oops"): LOST,
    ("", ""): LOST,
}
for _code in ("MessageRejected", "BadRequestException"):
    CODES.update(
        {
            (_code, "Email address is not verified. The following identities failed the check: a@example.org"): ACCOUNT,
            (_code, "Sending suspended for this account."): ACCOUNT,
            (_code, "Sending paused for this account."): ACCOUNT,
            (_code, "Email sending is paused for this account."): ACCOUNT,
            (_code, "Email sending is disabled."): ACCOUNT,
            (_code, "Configuration set does not exist"): ACCOUNT,
            (_code, "Invalid ConfigurationSetName"): ACCOUNT,
            (_code, "Daily message quota exceeded."): QUOTA,
            (_code, "Maximum sending rate exceeded."): TOO_FAST,
            (_code, "Local address contains control or whitespace"): REFUSED,
            (_code, ""): REFUSED,
        }
    )
for _code in [
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
]:
    CODES[_code, "no"] = ACCOUNT

STATUSES: dict[tuple[str, str], Receipt] = {
    ("SUCCESS", ""): Accepted("0100-1"),
    ("TRANSIENT_FAILURE", ""): AGAIN,
    ("ACCOUNT_THROTTLED", "Maximum sending rate exceeded."): TOO_FAST,
    ("ACCOUNT_THROTTLED", "Daily message quota exceeded."): QUOTA,
    ("ACCOUNT_DAILY_QUOTA_EXCEEDED", ""): QUOTA,
    ("ACCOUNT_SUSPENDED", ""): ACCOUNT,
    ("ACCOUNT_SENDING_PAUSED", ""): ACCOUNT,
    ("CONFIGURATION_SET_SENDING_PAUSED", ""): ACCOUNT,
    ("CONFIGURATION_SET_NOT_FOUND", ""): ACCOUNT,
    ("MAIL_FROM_DOMAIN_NOT_VERIFIED", ""): ACCOUNT,
    ("TEMPLATE_NOT_FOUND", ""): ACCOUNT,
    ("INVALID_SENDING_POOL_NAME", ""): ACCOUNT,
    ("A_STATUS_OF_NEXT_YEAR", ""): LOST,
    ("", ""): LOST,
}
for _status in ("MESSAGE_REJECTED", "INVALID_PARAMETER", "FAILED"):
    STATUSES.update(
        {(_status, message): receipt for (code, message), receipt in CODES.items() if code == "MessageRejected"}
    )

_URL = {"endpoint_url": "https://email.eu-west-1.amazonaws.com/"}
FAILURES: list[tuple[Exception, Receipt]] = [
    (failures.NoCredentialsError(), ACCOUNT),
    (failures.PartialCredentialsError(provider="env", cred_var="secret"), ACCOUNT),
    (failures.CredentialRetrievalError(provider="process", error_msg="no"), ACCOUNT),
    (failures.MetadataRetrievalError(error_msg="no"), ACCOUNT),
    (failures.RefreshWithMFAUnsupportedError(), ACCOUNT),
    (failures.UnknownCredentialError(name="x"), ACCOUNT),
    (failures.TokenRetrievalError(provider="sso", error_msg="no"), ACCOUNT),
    (failures.NoAuthTokenError(), ACCOUNT),
    (failures.SSOError(), ACCOUNT),
    (failures.UnauthorizedSSOTokenError(), ACCOUNT),
    (failures.SSOTokenLoadError(error_msg="no"), ACCOUNT),
    (failures.LoginError(), ACCOUNT),
    (failures.LoginRefreshRequired(), ACCOUNT),
    (failures.ConfigNotFound(path="x"), ACCOUNT),
    (failures.ConfigParseError(path="x", error="no"), ACCOUNT),
    (failures.ProfileNotFound(profile="x"), ACCOUNT),
    (failures.NoRegionError(), ACCOUNT),
    (failures.UnknownEndpointError(service_name="sesv2", region_name="x"), ACCOUNT),
    (failures.EndpointResolutionError(msg="no"), ACCOUNT),
    (failures.EndpointConnectionError(**_URL, error="refused"), AGAIN),
    (failures.ConnectTimeoutError(**_URL, error="late"), AGAIN),
    (failures.ProxyConnectionError(proxy_url="http://127.0.0.1:1", error="refused"), AGAIN),
    (failures.SSLError(**_URL, error="[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"), ACCOUNT),
    (failures.SSLError(**_URL, error="certificate verify failed"), ACCOUNT),
    (failures.SSLError(**_URL, error="[SSL: WRONG_VERSION_NUMBER]"), ACCOUNT),
    (failures.SSLError(**_URL, error="The handshake operation timed out"), ACCOUNT),
    (failures.SSLError(**_URL, error="[SSL] bad record mac while reading"), LOST),
    (failures.ParamValidationError(report="no"), REFUSED),
    (failures.ReadTimeoutError(**_URL, error="late"), LOST),
    (failures.ConnectionClosedError(**_URL, error="reset"), LOST),
    (failures.HTTPClientError(error="x"), LOST),
    (failures.ResponseStreamingError(error="x"), LOST),
    (failures.IncompleteReadError(actual_bytes=1, expected_bytes=2), LOST),
    (ResponseParserError("not JSON"), LOST),
    (failures.BotoCoreError(), LOST),
    (OSError("what is this"), LOST),
    (KeyError("what is this"), LOST),
]


def _kind(receipt: Receipt) -> Receipt:
    """The receipt without its reason: what follows from it."""
    match receipt:
        case Refused():
            return REFUSED
        case NotSent():
            return replace(receipt, reason="")
        case Lost():
            return LOST
        case Accepted():
            return receipt


def _error(code: str, message: str = "", operation: str = "SendEmail") -> Exception:
    return failures.ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(("code", "message"), CODES)
def test_each_error_code_has_its_outcome(code: str, message: str) -> None:
    assert _kind(of_error(_error(code, message))) == CODES[code, message]
    assert _kind(of_error(_error(code, message, "SendBulkEmail"))) == CODES[code, message]


@pytest.mark.parametrize(("status", "message"), STATUSES)
def test_each_status_of_an_entry_has_its_outcome(status: str, message: str) -> None:
    result = {"Status": status, "Error": message, "MessageId": "0100-1"}
    assert _kind(of_entry(result)) == STATUSES[status, message]


@pytest.mark.parametrize(("error", "expected"), FAILURES, ids=lambda value: type(value).__name__)
def test_each_failure_of_a_call_has_its_outcome(error: Exception, expected: Receipt) -> None:
    assert _kind(of_error(error)) == expected


def test_no_row_of_the_table_is_without_a_test() -> None:
    said = [*CODES, *STATUSES, *((kind.__name__, str(error)) for error, _ in FAILURES for kind in type(error).__mro__)]
    assert [row for row in TABLE if not any(row.name == name and row.says in text.lower() for name, text in said)] == []


def _model() -> Any:
    """Amazon's own description of the service, as botocore ships it."""
    return cast("Any", botocore.loaders).Loader().load_service_model("sesv2", "service-2")


def test_every_status_that_the_model_knows_is_tested() -> None:
    assert {status for status, _ in STATUSES} >= set(_model()["shapes"]["BulkEmailStatus"]["enum"])


def test_every_exception_that_the_model_knows_is_tested() -> None:
    """Those of other operations are named, so that a new one is noticed whatever the model says of who raises it."""
    model = _model()
    of_others = {
        "AlreadyExistsException",
        "ConcurrentModificationException",
        "ConflictException",
        "InvalidNextTokenException",
    }
    known = {code for code, _ in CODES}
    assert {name for name, shape in model["shapes"].items() if shape.get("exception")} - known == of_others
    for operation in ("SendEmail", "SendBulkEmail"):
        assert {error["shape"] for error in model["operations"][operation]["errors"]} <= known


def test_account_wide_trouble_never_marks_a_letter_as_refused() -> None:
    refusing = {row.name for row in TABLE if row.fate.name == "REFUSED"}
    assert refusing == {
        "MessageRejected",
        "BadRequestException",
        "MESSAGE_REJECTED",
        "INVALID_PARAMETER",
        "FAILED",
        "ParamValidationError",
    }


def test_credentials_that_cannot_be_fetched_are_the_accounts_trouble_whatever_sts_says() -> None:
    assert _kind(of_error(_error("InternalFailure", "oops", "AssumeRole"))) == ACCOUNT


def test_a_yes_without_a_message_id_is_lost() -> None:
    assert of_success({"MessageId": "0100-1"}) == Accepted("0100-1")
    assert of_success({}) == Lost("SES answered without a message id")
    assert of_entry({"Status": "SUCCESS"}) == Lost("SES answered without a message id")


def test_reasons_name_no_address_no_account_and_no_key() -> None:
    message = "User: arn:aws:iam::123456789012:user/x (123456789012, AKIAEXAMPLE)\r\nmay not mail <zoe@example.org>"
    assert of_error(_error("AccessDeniedException", message)) == NotSent(
        "AccessDeniedException: User: … (…, …) may not mail …", "account"
    )
    assert of_entry({"Status": "INVALID_PARAMETER", "Error": "x" * 999}) == Refused(
        ("INVALID_PARAMETER: " + "x" * 999)[:300]
    )
