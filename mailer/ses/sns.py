"""Which messages of SNS over HTTPS are believed: those that Amazon signed for a topic that the operator named.

Anybody can post to a public address, and anybody can have Amazon sign messages of a topic of their own. So the topic
comes before the signature, and nothing is asked of the network before everything that costs nothing was looked at.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from mailer.errors import SettingsError
from mailer.ses.certificates import Certificates

MOST_BYTES = 256 * 1024
"""What SNS itself lets pass: https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html."""

_NOTIFIED = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_ASKED = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": _NOTIFIED,
    "SubscriptionConfirmation": _ASKED,
    "UnsubscribeConfirmation": _ASKED,
}
"""What is signed of each type, in this order: …/sns/latest/dg/sns-verify-signature-of-message.html."""

_HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {"1": hashes.SHA1, "2": hashes.SHA256}  # by SignatureVersion
_ARN = re.compile(
    r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}[a-z0-9-]{1,30}):([0-9]{12}):([A-Za-z0-9_-]{1,256})", re.ASCII
)
_CERTIFICATE = re.compile(r"https://([a-z0-9.-]{1,80})/SimpleNotificationService-[A-Za-z0-9]{1,80}\.pem", re.ASCII)
_LONGEST_SHOWN = 100


class NotBelieved(Exception):
    """A message is refused; why. What strangers wrote in it is in these words only quoted, and cut short."""


@dataclass(frozen=True)
class Topic:
    """An SNS topic, and where it is."""

    arn: str
    region: str
    host: str
    """The only one that the certificates of its messages come from."""


@dataclass(frozen=True)
class SnsMessage:
    """A message that is believed."""

    type: str
    """Notification, SubscriptionConfirmation or UnsubscribeConfirmation."""
    topic: Topic
    token: str
    """Confirms the subscription; empty in any other message."""
    text: str
    """The whole of it, as it came."""


def read_topics(text: str) -> tuple[Topic, ...]:
    """The topics of MAILER_SES_TOPIC_ARNS, which commas separate. Raises SettingsError for what is no topic."""
    return tuple(_topic(arn.strip()) for arn in text.split(",") if arn.strip())


def _topic(arn: str) -> Topic:
    found = _ARN.fullmatch(arn)
    if found is None:
        raise SettingsError(
            f"MAILER_SES_TOPIC_ARNS: {arn!r} is not the ARN of an SNS topic",
            hint="it looks like arn:aws:sns:eu-west-1:123456789012:newsletter-events",
        )
    ending = "amazonaws.com.cn" if found[1] == "aws-cn" else "amazonaws.com"
    return Topic(arn, found[2], f"sns.{found[2]}.{ending}")


class Trust:
    """Believes what Amazon signed for one of `topics`, and nothing else. Safe among threads."""

    def __init__(self, topics: Iterable[Topic], certificates: Certificates) -> None:
        self._topics = {topic.arn: topic for topic in topics}
        self._certificates = certificates

    def believe(self, content: bytes, message_type: str = "") -> SnsMessage:
        """Read what was posted; `message_type` is the header x-amz-sns-message-type, where there is one.

        Raises NotBelieved for whatever is not from one of the topics, and CannotFetch when that cannot be known now,
        because Amazon's certificate could not be had: the same message may be believed later.
        """
        if len(content) > MOST_BYTES:
            raise NotBelieved(f"it is longer than {MOST_BYTES:,} bytes")
        message = _parsed(content)
        found = message.get("Type")
        if not isinstance(found, str) or found not in _SIGNED or message_type not in ("", found):
            raise NotBelieved(f"its type is {_shown(found)}, and {_shown(message_type)} in its header")
        arn = message.get("TopicArn")
        topic = self._topics.get(arn) if isinstance(arn, str) else None
        if topic is None:
            raise NotBelieved(f"its topic is {_shown(arn)}, which MAILER_SES_TOPIC_ARNS does not name")
        self._check_signature(message, _SIGNED[found], topic)
        token: str = message["Token"] if found == "SubscriptionConfirmation" else ""
        return SnsMessage(found, topic, token, content.decode())

    def _check_signature(self, message: Mapping[str, Any], names: tuple[str, ...], topic: Topic) -> None:
        url, version = message.get("SigningCertURL"), message.get("SignatureVersion")
        if not isinstance(url, str) or not is_certificate_of(topic, url):
            raise NotBelieved(f"its certificate would come from {_shown(url)}")
        if not isinstance(version, str) or version not in _HASHES:
            raise NotBelieved(f"its signature is of version {_shown(version)}")
        signature, signed = _signature(message.get("Signature")), _signed(message, names)
        key = self._certificates.key(url)
        if key is None:
            raise NotBelieved(f"there is no certificate at {url} that holds today")
        try:
            key.verify(signature, signed, padding.PKCS1v15(), _HASHES[version]())
        except InvalidSignature as error:
            raise NotBelieved("its signature does not fit") from error


def is_certificate_of(topic: Topic, url: str) -> bool:
    """Whether the certificate of a topic's messages may be fetched from `url`: from SNS in its region, by https, and nothing more.

    Rules that let more pass were broken: *.amazonaws.com includes anybody's bucket (CVE-2023-33185).
    """
    found = _CERTIFICATE.fullmatch(url)
    return found is not None and found[1] == topic.host


def _parsed(content: bytes) -> Mapping[str, Any]:
    try:
        # Strictly UTF-8: json would guess other encodings, and what is kept of the message is text.
        message = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise NotBelieved("it is not JSON") from error
    if not isinstance(message, dict):
        raise NotBelieved("it is not a JSON object")
    return message  # pyright: ignore[reportUnknownVariableType]  # JSON's names are text


def _signature(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (ValueError, TypeError) as error:
        raise NotBelieved("it has no signature in Base64") from error


def _signed(message: Mapping[str, Any], names: tuple[str, ...]) -> bytes:
    """The text that Amazon signs: names and values, a line each, in order of the names. A subject may be missing."""
    signed = ""
    for name in names:
        value = message.get(name)
        if name == "Subject" and value is None:
            continue
        if not isinstance(value, str):
            raise NotBelieved(f"its {name} is {_shown(value)}")
        signed += f"{name}\n{value}\n"
    try:
        return signed.encode()
    except UnicodeEncodeError as error:
        raise NotBelieved("it holds half a character") from error


def _shown(value: Any) -> str:
    return ascii(value)[:_LONGEST_SHOWN]
