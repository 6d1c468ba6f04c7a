"""Messages as SNS signs them, with a key and certificates of our own."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from mailer.ses.certificates import Certificates
from mailer.ses.sns import NotBelieved, Topic, Trust

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-west-1:123456789012:newsletter-events"
OURS = Topic(TOPIC, "eu-west-1", "sns.eu-west-1.amazonaws.com")
FOREIGN = "arn:aws:sns:eu-west-1:999999999999:newsletter-events"
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem"


@cache
def rsa_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key; the same for the same number."""
    del number
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def certificate(key: Any = None, *, first: datetime | None = None, last: datetime | None = None) -> bytes:
    """A certificate of `key` in PEM, signed by an authority of our own."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of our own")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(authority)
        .public_key((key or rsa_key()).public_key())
        .serial_number(54)
        .not_valid_before(first or NOW - timedelta(days=100))
        .not_valid_after(last or NOW + timedelta(days=100))
        .sign(rsa_key(1), hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


def elliptic_certificate() -> bytes:
    """A certificate with a key of another kind than Amazon's."""
    return certificate(ec.generate_private_key(ec.SECP256R1()))


def notification(**changes: Any) -> dict[str, Any]:
    """A notification without its signature; None takes a name away."""
    message = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Event Notification",
        "Message": '{"eventType":"Send","mail":{"messageId":"0100","tags":{}},"send":{}}',
        "Timestamp": "2026-11-23T11:59:59.054Z",
        "SigningCertURL": CERTIFICATE_URL,
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=x",
    }
    return {name: value for name, value in (message | changes).items() if value is not None}


def confirmation(type_: str = "SubscriptionConfirmation", **changes: Any) -> dict[str, Any]:
    """A message that asks whether a subscription is wanted, without its signature."""
    asked = {
        "Type": type_,
        "Message": "You have chosen to subscribe.",
        "Subject": None,
        "UnsubscribeURL": None,
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t0",
        "Token": "t0",
    }
    return notification(**(asked | changes))


def sign(message: Mapping[str, Any], version: str = "1", key: rsa.RSAPrivateKey | None = None) -> dict[str, Any]:
    """Sign as Amazon does: written anew here from its documentation, not with what is to be tested."""
    if message["Type"] == "Notification":
        names = [
            "Message",
            "MessageId",
            *(["Subject"] if "Subject" in message else []),
            "Timestamp",
            "TopicArn",
            "Type",
        ]
    else:
        names = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    text = "".join(f"{name}\n{message[name]}\n" for name in names)
    algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303  # version 1 is what Amazon defaults to
    signature = (key or rsa_key()).sign(text.encode(), padding.PKCS1v15(), algorithm)
    return {**message, "SignatureVersion": version, "Signature": base64.b64encode(signature).decode()}


def content(message: Mapping[str, Any]) -> bytes:
    """The message as it is posted."""
    return json.dumps(message).encode()


@dataclass
class Shelf:
    """A fetcher that has certificates lying here, and remembers what it was asked for."""

    certificates: dict[str, bytes | Exception | None] = field(default_factory=lambda: {CERTIFICATE_URL: certificate()})
    asked: list[str] = field(default_factory=list[str])

    def __call__(self, url: str) -> bytes | None:
        """What lies there; an error is raised."""
        self.asked.append(url)
        found = self.certificates.get(url)
        if isinstance(found, Exception):
            raise found
        return found


def trust(shelf: Shelf | None = None, topics: Iterable[Topic] = (OURS,)) -> Trust:
    """Who believes what is about those topics, with the certificates of a shelf."""
    return Trust(topics, Certificates(shelf or Shelf(), lambda: NOW))


def refused(posted: bytes, message_type: str = "", ours: Trust | None = None) -> str:
    """Why a message is not believed."""
    with pytest.raises(NotBelieved) as refusal:
        (ours or trust()).believe(posted, message_type)
    return str(refusal.value)
