"""SendEmail and SendBulkEmail: what is taken, what is refused, and with which words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from mailer.local_ses import checks
from mailer.local_ses.identities import unverified
from mailer.local_ses.letters import AcceptedLetter, Content, FilledContent, Parts, RawContent
from mailer.local_ses.options import Options
from mailer.local_ses.refusals import Refusal, bad_request, not_implemented
from mailer.local_ses.simulator import is_simulated
from mailer.local_ses.state import State
from mailer.local_ses.template import parse

OVER_RATE = "Maximum sending rate exceeded."
OVER_QUOTA = "Daily message quota exceeded."
PAUSED = "Sending is paused for your account."

# A test file that every scanner takes for a virus; only looked for, never written.
_VIRUS = b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE"

_NOT_HERE = (
    *("EndpointId", "TenantName", "FromEmailAddressIdentityArn", "ConfigurationOverrides"),
    *("FeedbackForwardingEmailAddress", "FeedbackForwardingEmailAddressIdentityArn"),
)
_EXCEPTIONS: Mapping[str, tuple[str, int]] = {
    "TRANSIENT_FAILURE": ("InternalServiceErrorException", 500),
    "FAILED": ("InternalServiceErrorException", 500),
    "ACCOUNT_THROTTLED": ("TooManyRequestsException", 429),
    "ACCOUNT_DAILY_QUOTA_EXCEEDED": ("TooManyRequestsException", 429),
    "MESSAGE_REJECTED": ("MessageRejected", 400),
    "INVALID_PARAMETER": ("BadRequestException", 400),
    "ACCOUNT_SENDING_PAUSED": ("SendingPausedException", 400),
    "CONFIGURATION_SET_SENDING_PAUSED": ("SendingPausedException", 400),
    "ACCOUNT_SUSPENDED": ("AccountSuspendedException", 400),
    "MAIL_FROM_DOMAIN_NOT_VERIFIED": ("MailFromDomainNotVerifiedException", 400),
    "CONFIGURATION_SET_NOT_FOUND": ("NotFoundException", 404),
    "TEMPLATE_NOT_FOUND": ("NotFoundException", 404),
    "INVALID_SENDING_POOL_NAME": ("NotFoundException", 404),
}
_WORDS = {
    "ACCOUNT_THROTTLED": OVER_RATE,
    "ACCOUNT_DAILY_QUOTA_EXCEEDED": OVER_QUOTA,
    "ACCOUNT_SENDING_PAUSED": PAUSED,
}


@dataclass(frozen=True)
class Call:
    """What all letters of one call share."""

    sender: str
    configuration_set: str
    region: str
    operation: str


def send_email(state: State, given: Mapping[str, Any], region: str) -> dict[str, Any]:
    """SendEmail with a raw message; one letter for each recipient, all with one MessageId. Raises Refusal."""
    content: Mapping[str, Any] = given["Content"]
    if len(content) != 1:
        raise bad_request("Content is exactly one of Simple, Raw and Template.")
    if "Raw" not in content:
        raise not_implemented(f"SendEmail with Content.{next(iter(content))}")
    for member in ("ListManagementOptions", "ReplyToAddresses"):
        if member in given:
            raise not_implemented(f"SendEmail with {member}")
    source: bytes = content["Raw"]["Data"]
    fields = checks.raw(source)
    named = {name.lower(): value for name, value in fields}
    call = _call(state, given, region, "SendEmail", given.get("FromEmailAddress") or named["from"])
    if call.sender != named["from"]:
        source = checks.with_sender(source, call.sender)
    to = checks.recipients(given.get("Destination") or checks.addressed_to(fields))
    if not to:
        raise bad_request("Missing required recipients.")
    tags = checks.tags(given.get("EmailTags", ()))
    _refuse_unverified(state.options, call, to)
    now = state.clock()
    status = next((each for each in map(state.options.fail_addresses.get, to) if each), "")
    status = status or _over(state, now, len(to), counted=sum(not is_simulated(each) for each in to))
    if status:
        code, number = _EXCEPTIONS[status]
        raise Refusal(code, _words(status), status=number)
    message_id = state.next_message_id(now)
    failure = "Bad content" if _VIRUS in source else ""
    for each in to:
        _accept(state, call, each, tags, RawContent(source, failure), message_id=message_id, now=now)
    return {"MessageId": message_id}


def send_bulk_email(state: State, given: Mapping[str, Any], region: str, size: int) -> dict[str, Any]:
    """SendBulkEmail with an inline template; `size` is the request's, in bytes. Raises Refusal, and then sends nothing."""
    template: Mapping[str, Any] | None = given["DefaultContent"].get("Template")
    if template is None:
        raise bad_request("DefaultContent.Template is missing.")
    if "TemplateContent" not in template or "TemplateName" in template or "TemplateArn" in template:
        raise not_implemented("SendBulkEmail with a stored template")
    if "Attachments" in template:
        raise not_implemented("SendBulkEmail with attachments")
    if size > checks.MOST_REQUEST_BYTES:
        raise bad_request(
            f"The request is {size} bytes long; with an inline template {checks.MOST_REQUEST_BYTES} are the most."
        )
    entries: Sequence[Mapping[str, Any]] = given["BulkEmailEntries"]
    if not 1 <= len(entries) <= checks.MOST_ENTRIES:
        raise bad_request(f"{len(entries)} entries; between 1 and {checks.MOST_ENTRIES} are allowed.")
    call = _call(state, given, region, "SendBulkEmail", given.get("FromEmailAddress", ""))
    parts = _parts(template["TemplateContent"])
    shared = _json_object(template.get("TemplateData"))
    replies = [("Reply-To", ", ".join(given["ReplyToAddresses"]))] if given.get("ReplyToAddresses") else []
    for each in given.get("ReplyToAddresses", ()):
        checks.address(each)
    prepared: list[_Entry] = []
    for entry in entries:
        to = checks.recipients(entry["Destination"])
        if not to:
            raise bad_request("An entry has no recipient.")
        data = entry.get("ReplacementEmailContent", {}).get("ReplacementTemplate", {}).get("ReplacementTemplateData")
        prepared.append(
            _Entry(
                to,
                checks.tags(given.get("DefaultEmailTags", ()), entry.get("ReplacementTags", ())),
                checks.headers(template.get("Headers", ()), entry.get("ReplacementHeaders", ())),
                [("From", call.sender), *_destination(entry["Destination"]), *replies],
                {**shared, **_json_object(data)},
            )
        )
    _refuse_unverified(state.options, call, ())
    return {"BulkEmailEntryResults": [_carried(state, call, parts, entry) for entry in prepared]}


@dataclass(frozen=True)
class _Entry:
    to: Sequence[str]
    tags: Mapping[str, str]
    headers: Sequence[tuple[str, str]]
    addressed: Sequence[tuple[str, str]]
    values: Mapping[str, Any]


def _carried(state: State, call: Call, parts: Parts, entry: _Entry) -> dict[str, str]:
    now = state.clock()
    failing = unverified(state.options, (), entry.to)
    if failing:
        return {"Status": "MESSAGE_REJECTED", "Error": _not_verified(call.region, failing)}
    status = next((each for each in map(state.options.fail_addresses.get, entry.to) if each), "")
    status = status or _over(state, now, len(entry.to), counted=sum(not is_simulated(each) for each in entry.to))
    if status:
        return {"Status": status, "Error": _words(status)}
    message_id = state.next_message_id(now)
    content = FilledContent(
        parts, entry.values, addressed=entry.addressed, own=entry.headers, message_id=message_id, at=now
    )
    for each in entry.to:
        _accept(state, call, each, entry.tags, content, message_id=message_id, now=now)
    return {"Status": "SUCCESS", "MessageId": message_id}


def _call(state: State, given: Mapping[str, Any], region: str, operation: str, sender: str) -> Call:
    for member in _NOT_HERE:
        if member in given:
            raise not_implemented(f"{operation} with {member}")
    if not sender:
        raise bad_request("FromEmailAddress is missing.")
    checks.address(sender)
    name: str = given.get("ConfigurationSetName", "")
    checks.refuse_unless(state.options.configuration_sets, name)
    if state.options.paused:
        raise Refusal("SendingPausedException", PAUSED)
    return Call(sender, name, region, operation)


def _over(state: State, now: float, recipients: int, *, counted: int) -> str:
    """The status of what is above a limit; else the recipients are let through, and it is empty."""
    if state.limits.over_rate(now, state.options.rate):
        return "ACCOUNT_THROTTLED"
    if counted and state.limits.over_quota(now, state.options.daily_quota, counted):
        return "ACCOUNT_DAILY_QUOTA_EXCEEDED"
    state.limits.let_through(now, recipients, counted=counted)
    return ""


def _accept(
    state: State, call: Call, to: str, tags: Mapping[str, str], content: Content, *, message_id: str, now: float
) -> None:
    state.accept(
        AcceptedLetter(
            message_id=message_id,
            sender=call.sender,
            recipient=to,
            tags=tags,
            accepted_at=now,
            operation=call.operation,
            configuration_set=call.configuration_set,
            region=call.region,
            failure=content.failure,
            kept=content,
        )
    )


def _refuse_unverified(options: Options, call: Call, to: Sequence[str]) -> None:
    failing = unverified(options, (checks.address(call.sender),), to)
    if failing:
        raise Refusal("MessageRejected", _not_verified(call.region, failing))


def _not_verified(region: str, failing: Sequence[str]) -> str:
    return (
        "Email address is not verified. The following identities failed the check in region "
        f"{region.upper()}: {', '.join(failing)}"
    )


def _words(status: str) -> str:
    return _WORDS.get(status, f"The message was not sent: {status}.")


def _parts(content: Mapping[str, str]) -> Parts:
    if not content.get("Subject"):
        raise bad_request("TemplateContent.Subject is missing.")
    if not (content.get("Text") or content.get("Html")):
        raise bad_request("TemplateContent has neither Text nor Html.")
    return Parts(parse(content["Subject"]), parse(content.get("Text", "")), parse(content.get("Html", "")))


def _json_object(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError as error:
        raise bad_request(f"Template data is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise bad_request("Template data is not a JSON object.")
    return cast("dict[str, Any]", value)


def _destination(destination: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    lines = [("To", destination.get("ToAddresses", ())), ("Cc", destination.get("CcAddresses", ()))]
    return [(name, ", ".join(addresses)) for name, addresses in lines if addresses]
