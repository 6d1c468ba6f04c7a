"""What SES tells of a letter afterwards, in the shapes of its event publishing, with the letter's own tags."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from mailer.local_ses.letters import AcceptedLetter
from mailer.local_ses.simulator import box

ACCOUNT = "000000000000"
TOPIC = "newsletter-events"

_WIRE_NAMES: Mapping[str, tuple[str, str]] = {
    "SEND": ("Send", "send"),
    "REJECT": ("Reject", "reject"),
    "BOUNCE": ("Bounce", "bounce"),
    "COMPLAINT": ("Complaint", "complaint"),
    "DELIVERY": ("Delivery", "delivery"),
    "RENDERING_FAILURE": ("Rendering Failure", "failure"),
}
_DELIVERED = [("DELIVERY", "")]
_BY_BOX: Mapping[str, Sequence[tuple[str, str]]] = {
    "bounce": [("BOUNCE", "Permanent/General")],
    "suppressionlist": [("BOUNCE", "Permanent/Suppressed")],
    "complaint": [("DELIVERY", ""), ("COMPLAINT", "")],
    "ooto": [("DELIVERY", ""), ("BOUNCE", "Transient/General")],
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that SES tells; `detail` is its kind within its type, such as `Permanent/General`."""

    type: str
    """As MatchingEventTypes has it."""
    letter: AcceptedLetter
    region: str
    detail: str = ""
    number: int = 0
    """Makes its ids its own."""


def what_follows(letter: AcceptedLetter, suppressed: str) -> Sequence[tuple[str, str]]:
    """Types and details of the events of a letter, in order; `suppressed`: the reason on the account's list, if it is there."""
    if letter.failure:
        # A letter that cannot be written was never sent; one with a virus was taken first.
        rejected = letter.failure == "Bad content"
        return [("SEND", ""), ("REJECT", "")] if rejected else [("RENDERING_FAILURE", "")]
    if suppressed:
        kinds = {"BOUNCE": "Permanent/OnAccountSuppressionList", "COMPLAINT": "OnAccountSuppressionList"}
        return [("SEND", ""), (suppressed, kinds[suppressed])]
    return [("SEND", ""), *_BY_BOX.get(box(letter.recipient), _DELIVERED)]


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
            "TopicArn": f"arn:aws:sns:{event.region}:{ACCOUNT}:{TOPIC}",
            "Subject": "Amazon SES Email Event Notification",
            "Message": told,
            "Timestamp": _time(event.letter.accepted_at),
            "SignatureVersion": "1",
            "Signature": "bG9jYWw=",  # nobody checks it in a queue, and nothing here could make a true one
            "SigningCertURL": f"https://sns.{event.region}.amazonaws.com/SimpleNotificationService-0.pem",
            "UnsubscribeURL": f"https://sns.{event.region}.amazonaws.com/?Action=Unsubscribe",
        },
        ensure_ascii=False,
    )


def _mail(event: Event) -> dict[str, Any]:
    letter = event.letter
    domain = letter.sender.rstrip(">").rpartition("@")[2]
    mail: dict[str, Any] = {
        "timestamp": _time(letter.accepted_at),
        "source": letter.sender,
        "sourceArn": f"arn:aws:ses:{event.region}:{ACCOUNT}:identity/{domain}",
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


def _details(event: Event) -> dict[str, Any]:
    letter = event.letter
    at = _time(letter.accepted_at + 1)
    feedback_id = f"{letter.message_id}-{event.number:x}"
    match event.type:
        case "REJECT":
            return {"reason": letter.failure}
        case "RENDERING_FAILURE":
            return {"errorMessage": letter.failure, "templateName": ""}
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
    if kind == "Transient":
        return {"emailAddress": recipient}  # an answer out of office carries no status
    said = "smtp; 550 5.1.1 user unknown" if subkind == "General" else "Amazon SES did not send it: suppressed address"
    return {"emailAddress": recipient, "action": "failed", "status": "5.1.1", "diagnosticCode": said}


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
