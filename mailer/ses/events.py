"""Reads what SES tells: both dialects, wrapped by SNS or bare; open to types, kinds and fields that are not known yet.

Event publishing says `eventType` and carries our tags; identity notifications say `notificationType` and carry none. The
bodies are the same (facts: AWS, "Contents of event data that Amazon SES publishes to Amazon SNS").
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from mailer.feedback.values import BadEvent, Concerned, Feedback, Kind, storable

_TESTED = "Successfully validated SNS topic"  # a text, no JSON: what SES publishes to a topic when it is chosen
_WRAPPED = 3  # an envelope in an envelope happens when a topic feeds a queue that is forwarded to a topic

# What is said of the letter stands under a key of its own for each type.
_PARTS: Mapping[str, str] = {
    "Bounce": "bounce",
    "Complaint": "complaint",
    "Delivery": "delivery",
    "Send": "send",
    "Reject": "reject",
    "Open": "open",
    "Click": "click",
    "Rendering Failure": "failure",
    "DeliveryDelay": "deliveryDelay",
    "Subscription": "subscription",
}
_KINDS: Mapping[str, Kind] = {
    "Delivery": Kind.DELIVERED,
    "Send": Kind.ACCEPTED,
    "Reject": Kind.REJECTED,
    "Open": Kind.OPENED,
    "Click": Kind.CLICKED,
    "Rendering Failure": Kind.REJECTED,
    "DeliveryDelay": Kind.DELAYED,
    "Subscription": Kind.PREFERENCE,
}
_OF_THE_LETTER = ("MessageTooLarge", "ContentRejected", "AttachmentRejected")


def read_event(text: str) -> Feedback | None:
    """The feedback in one message of a queue or a dump; None for what SNS and SES say of the subscription itself.

    Nothing here trusts the message: whoever calls has looked at where it came from. Raises BadEvent for what is no event.
    """
    for _ in range(_WRAPPED):
        if text.startswith(_TESTED):
            return None
        told = _object(text)
        wrapped = told.get("Message")
        if "Type" not in told or not isinstance(wrapped, str):
            break
        if told["Type"] != "Notification":
            return None
        text = wrapped
    else:
        raise BadEvent("wrapped too often to be an event")
    if told.get("notificationType") == "AmazonSnsSubscriptionSucceeded":
        return None
    return _feedback(told, text)


def _object(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadEvent(f"not JSON: {error}") from error
    if not isinstance(told, dict):
        raise BadEvent("JSON, but no object")
    return cast("dict[str, Any]", told)


def _feedback(told: dict[str, Any], text: str) -> Feedback:
    name = _text(told.get("eventType") or told.get("notificationType"))
    if not name:
        raise BadEvent("neither eventType nor notificationType")
    letter = _inner(told, "mail")
    if not letter:
        raise BadEvent(f"{name} of no letter: `mail` is missing")
    part = _inner(told, _PARTS.get(name, ""))
    accepted_at = _moment(letter.get("timestamp"))
    at = _moment(part.get("timestamp")) or accepted_at
    if at is None:
        raise BadEvent(f"{name} without a readable timestamp")
    kind, detail, concerned, note = _said(name, part)
    tags = _inner(letter, "tags")
    return Feedback(
        kind=kind,
        detail=detail,
        message_id=_text(letter.get("messageId")),
        mailing=_tag(tags, "mailing"),
        delivery=_tag(tags, "delivery"),
        destination=tuple(_text(one) for one in _items(letter.get("destination")) if _text(one)),
        concerned=concerned,
        at=at,
        accepted_at=accepted_at,
        feedback_id=_text(part.get("feedbackId")),
        note=note,
        raw=storable(text),
    )


def _said(  # noqa: PLR0911  # one return a type
    name: str, part: dict[str, Any]
) -> tuple[Kind, str, tuple[Concerned, ...], str]:
    """Kind, detail, whom it names, and what else is said."""
    match name:
        case "Bounce":
            kind, detail = _bounce(_text(part.get("bounceType")), _text(part.get("bounceSubType")))
            return kind, detail, _concerned(part.get("bouncedRecipients")), ""
        case "Complaint":
            said = _text(part.get("complaintFeedbackType"))
            kind = Kind.NOT_SPAM if said == "not-spam" else Kind.COMPLAINED
            return kind, _text(part.get("complaintSubType")) or said, _concerned(part.get("complainedRecipients")), ""
        case "Delivery":
            return Kind.DELIVERED, "", _concerned(part.get("recipients")), _text(part.get("smtpResponse"))
        case "DeliveryDelay":
            detail = _text(part.get("delayType"))
            return Kind.DELAYED, detail, _concerned(part.get("delayedRecipients")), ""
        case "Reject":
            return Kind.REJECTED, "", (), _text(part.get("reason"))
        case "Rendering Failure":
            return Kind.REJECTED, name, (), _text(part.get("errorMessage"))
        case "Click":
            return Kind.CLICKED, "", (), _text(part.get("link"))
        case _:
            return _KINDS.get(name, Kind.OTHER), "" if name in _KINDS else name, (), ""


def _bounce(kind: str, subkind: str) -> tuple[Kind, str]:
    """A type that nobody knows yet is a soft bounce, as Undetermined is: only Permanent says that there is no mailbox."""
    detail = f"{kind}/{subkind}" if subkind else kind
    if kind == "Permanent":
        return Kind.HARD_BOUNCED, detail
    return (Kind.CONTENT_BOUNCED if subkind in _OF_THE_LETTER else Kind.SOFT_BOUNCED), detail


def _concerned(given: Any) -> tuple[Concerned, ...]:
    return tuple(_one(each) for each in _items(given))


def _one(each: Any) -> Concerned:
    if not isinstance(each, dict):
        return Concerned(_text(each))
    found = cast("dict[str, Any]", each)
    return Concerned(_text(found.get("emailAddress")), _text(found.get("status")), _text(found.get("diagnosticCode")))


def _inner(told: dict[str, Any], key: str) -> dict[str, Any]:
    value = told.get(key)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _items(value: Any) -> Sequence[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else ()


def _tag(tags: dict[str, Any], name: str) -> str:
    values = _items(tags.get(name))
    return _text(values[0]) if values else ""


def _text(value: Any) -> str:
    return storable(value) if isinstance(value, str) else ""


def _moment(value: Any) -> datetime | None:
    """The source writes UTC with a Z; whatever has no zone is taken as UTC too."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
