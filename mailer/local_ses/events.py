"""What SES tells of a letter afterwards, in the shapes of its event publishing, with the letter's own tags."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from mailer.local_ses.letters import AcceptedLetter, Told
from mailer.local_ses.simulator import box

ACCOUNT = "000000000000"
TOPIC = "newsletter-events"
_EXPIRES_SECONDS = 14 * 3600  # SES tries for so long

_WIRE_NAMES: Mapping[str, tuple[str, str]] = {
    "SEND": ("Send", "send"),
    "REJECT": ("Reject", "reject"),
    "BOUNCE": ("Bounce", "bounce"),
    "COMPLAINT": ("Complaint", "complaint"),
    "DELIVERY": ("Delivery", "delivery"),
    "RENDERING_FAILURE": ("Rendering Failure", "failure"),
    "DELIVERY_DELAY": ("DeliveryDelay", "deliveryDelay"),
    "OPEN": ("Open", "open"),
    "CLICK": ("Click", "click"),
}
_BAD_CONTENT = "Bad content"
_HARD = "Permanent/General"
_DELIVERED: Sequence[Told] = (("DELIVERY", ""),)
_BY_BOX: Mapping[str, Sequence[Told]] = {
    "bounce": (("BOUNCE", _HARD),),
    "suppressionlist": (("BOUNCE", "Permanent/Suppressed"),),
    "complaint": (("DELIVERY", ""), ("COMPLAINT", "")),
    "ooto": (("DELIVERY", ""), ("BOUNCE", "Transient/General")),
    "softbounce": (("BOUNCE", "Transient/MailboxFull"),),
    "delay": (("DELIVERY_DELAY", "TransientCommunicationFailure"), ("DELIVERY", "")),
    "reject": (("REJECT", _BAD_CONTENT),),
    "open": (("DELIVERY", ""), ("OPEN", "")),
    "click": (("DELIVERY", ""), ("OPEN", ""), ("CLICK", "")),
}


def what_follows(recipient: str, *, failure: str, suppressed: str, fate: str, read: Sequence[str]) -> Sequence[Told]:
    """What SES tells of a letter, in order.

    `suppressed`: the reason on the account's list, if the recipient is there; `fate`: the box that an ordinary address
    is treated as; `read`: OPEN and CLICK, for a letter that is delivered.
    """
    if failure:
        # A letter that cannot be written was never sent; one with a virus was taken first.
        rejected = failure == _BAD_CONTENT
        return [("SEND", ""), ("REJECT", failure)] if rejected else [("RENDERING_FAILURE", failure)]
    if suppressed:
        kinds = {"BOUNCE": "Permanent/OnAccountSuppressionList", "COMPLAINT": "OnAccountSuppressionList"}
        return [("SEND", ""), (suppressed, kinds[suppressed])]
    told = [("SEND", ""), *_BY_BOX.get(box(recipient) or fate, _DELIVERED)]
    delivered = ("DELIVERY", "") in told
    return [*told, *((kind, "") for kind in read if delivered and (kind, "") not in told)]


def suppresses(told: Sequence[Told]) -> str:
    """The reason for which Amazon puts the recipient on the account's suppression list; empty: it does not."""
    return "BOUNCE" if ("BOUNCE", _HARD) in told else "COMPLAINT" if ("COMPLAINT", "") in told else ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that SES tells; `detail` is its kind within its type, such as `Permanent/General`."""

    type: str
    """As MatchingEventTypes has it."""
    letter: AcceptedLetter
    detail: str = ""
    number: int = 0
    """Makes its ids its own."""


def body(event: Event, *, notification: bool) -> str:
    """The event as a queue's message holds it: as an SNS notification, or by itself (raw message delivery)."""
    name, key = _WIRE_NAMES[event.type]
    told = json.dumps({"eventType": name, "mail": _mail(event), key: _details(event)}, ensure_ascii=False)
    if not notification:
        return told
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": str(UUID(int=event.number + (54 << 64))),
            "TopicArn": f"arn:aws:sns:{event.letter.region}:{ACCOUNT}:{TOPIC}",
            "Subject": "Amazon SES Email Event Notification",
            "Message": told,
            "Timestamp": _time(event.letter.accepted_at),
            "SignatureVersion": "1",
            "Signature": "bG9jYWw=",  # nobody checks it in a queue, and nothing here could make a true one
            "SigningCertURL": f"https://sns.{event.letter.region}.amazonaws.com/SimpleNotificationService-0.pem",
            "UnsubscribeURL": f"https://sns.{event.letter.region}.amazonaws.com/?Action=Unsubscribe",
        },
        ensure_ascii=False,
    )


def _mail(event: Event) -> dict[str, Any]:
    letter = event.letter
    domain = letter.sender.rstrip(">").rpartition("@")[2]
    mail: dict[str, Any] = {
        "timestamp": _time(letter.accepted_at),
        "source": letter.sender,
        "sourceArn": f"arn:aws:ses:{event.letter.region}:{ACCOUNT}:identity/{domain}",
        "sendingAccountId": ACCOUNT,
        "messageId": letter.message_id,
        "destination": [letter.recipient],
        "tags": {
            "ses:operation": [letter.operation],
            "ses:configuration-set": [letter.configuration_set],
            "ses:source-ip": ["127.0.0.1"],
            "ses:from-domain": [domain],
            "ses:caller-identity": ["local"],
            **({"ses:outgoing-ip": ["127.0.0.1"]} if event.type == "DELIVERY" else {}),
            **{name: [value] for name, value in letter.tags.items()},
        },
    }
    if event.type != "RENDERING_FAILURE":
        headers = letter.headers
        common = {name.lower(): value for name, value in headers}
        mail["headersTruncated"] = False
        mail["headers"] = [{"name": name, "value": value} for name, value in headers]
        mail["commonHeaders"] = {
            "from": [common.get("from", letter.sender)],
            "to": [common.get("to", letter.recipient)],
            "messageId": letter.message_id,
            "subject": letter.subject,
        }
    return mail


def _details(event: Event) -> dict[str, Any]:  # noqa: PLR0911  # one return a type
    letter = event.letter
    at = _time(letter.accepted_at + 1)
    feedback_id = f"{letter.message_id}-{event.number:x}"
    match event.type:
        case "REJECT":
            return {"reason": event.detail}
        case "RENDERING_FAILURE":
            return {"errorMessage": event.detail, "templateName": ""}
        case "DELIVERY_DELAY":
            return {
                "timestamp": at,
                "delayType": event.detail,
                "expirationTime": _time(letter.accepted_at + _EXPIRES_SECONDS),
                "delayedRecipients": [
                    {"emailAddress": letter.recipient, "status": "4.4.1", "diagnosticCode": "smtp; 421 4.4.1 try later"}
                ],
            }
        case "OPEN":
            return {"ipAddress": "127.0.0.1", "timestamp": at, "userAgent": "local"}
        case "CLICK":
            where = f"https://{letter.sender.rstrip('>').rpartition('@')[2]}/"
            return {"ipAddress": "127.0.0.1", "timestamp": at, "userAgent": "local", "link": where, "linkTags": None}
        case "DELIVERY":
            return {
                "timestamp": at,
                "processingTimeMillis": 1000,
                "recipients": [letter.recipient],
                "smtpResponse": "250 2.0.0 OK",
                "reportingMTA": "a1-1.smtp-out.amazonses.com",
            }
        case "BOUNCE":
            kind, _, subkind = event.detail.partition("/")
            return {
                "bounceType": kind,
                "bounceSubType": subkind,
                "bouncedRecipients": [_bounced(letter.recipient, kind, subkind)],
                "timestamp": at,
                "feedbackId": feedback_id,
                "reportingMTA": "dsn; a1-1.smtp-out.amazonses.com",
            }
        case "COMPLAINT":
            return {
                "complainedRecipients": [{"emailAddress": letter.recipient}],
                "timestamp": at,
                "feedbackId": feedback_id,
                "complaintSubType": event.detail or None,
                **({} if event.detail else {"complaintFeedbackType": "abuse", "userAgent": "local", "arrivalDate": at}),
            }
        case _:
            return {}


def _bounced(recipient: str, kind: str, subkind: str) -> dict[str, str]:
    match (kind, subkind):
        case ("Transient", "General"):
            return {"emailAddress": recipient}  # an answer out of office carries no status
        case ("Transient", _):
            status, said = "5.2.2", "smtp; 552 5.2.2 mailbox full"
        case (_, "General"):
            status, said = "5.1.1", "smtp; 550 5.1.1 user unknown"
        case _:
            status, said = "5.1.1", "Amazon SES did not send it: suppressed address"
    return {"emailAddress": recipient, "action": "failed", "status": status, "diagnosticCode": said}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
