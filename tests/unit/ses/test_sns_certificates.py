"""Where the certificate of a message of SNS may come from: from Amazon, and nothing else is ever opened."""

import random
import socket
from typing import Any

import pytest

from mailer.ses.certificates import CannotFetch, Certificates, fetch_certificate
from mailer.ses.sns import NotBelieved, Trust, is_certificate_of, read_topics

from .sns_messages import (
    NOW,
    OURS,
    TOPIC,
    confirmation,
    content,
    notification,
    refused,
    sign,
    trust,
)

HOSTILE = [
    # Hosts that only begin, end or look like Amazon's.
    "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1.amazonaws.com@evil.example/SimpleNotificationService-54aa10.pem",
    "https://evil.example@sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://evil.example/sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://evil.example#sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://evil.example?@sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://evil.example\\@sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://xsns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://snsxeu-west-1xamazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1.amazonaws.com.cn/SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1.amazonaws.com./SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1.amazonaws\u3002com/SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1.\u0430mazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1%2eamazonaws.com/SimpleNotificationService-54aa10.pem",
    # Amazon's, and anybody's: buckets, other regions, other services.
    "https://sns.s3.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://s3.amazonaws.com/bucket/SimpleNotificationService-54aa10.pem",
    "https://s3.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1.s3.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://sns.amazonaws.com/SimpleNotificationService-54aa10.pem",
    # Other ways to the right host.
    "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "HTTPS://SNS.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "ftp://sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "file:///etc/SimpleNotificationService-54aa10.pem",
    "//sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1.amazonaws.com:443/SimpleNotificationService-54aa10.pem",
    "https://user:secret@sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    # Other things there than the certificate.
    "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&x=/SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1.amazonaws.com/../SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1.amazonaws.com/x/SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1.amazonaws.com//SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem?x=1",
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem#x",
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem\n",
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem\r\nHost: evil.example",
    " https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem",
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-%35.pem",
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-..%2f.pem",
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-.pem",
    "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-54aa10.pem.html",
    "https://127.0.0.1/SimpleNotificationService-54aa10.pem",
    "https://[::1]/SimpleNotificationService-54aa10.pem",
    "https://169.254.169.254/SimpleNotificationService-54aa10.pem",
    "",
]


@pytest.fixture
def outbound(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every attempt to look up a host or to connect; each fails."""
    attempts: list[Any] = []

    def refuse(*arguments: Any, **_more: Any) -> Any:
        attempts.append(next(each for each in arguments if not isinstance(each, socket.socket)))
        raise OSError("no way out of here")

    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    return attempts


@pytest.fixture
def live() -> Trust:
    """As in production: certificates would come from the network."""
    return Trust([OURS], Certificates(fetch_certificate, lambda: NOW))


@pytest.mark.parametrize("url", HOSTILE)
@pytest.mark.parametrize("type_", ["Notification", "SubscriptionConfirmation"])
def test_no_certificate_is_fetched_from_anywhere_else(url: str, type_: str, live: Trust, outbound: list[Any]) -> None:
    message = notification() if type_ == "Notification" else confirmation()
    posted = content(sign(message) | {"SigningCertURL": url})
    assert refused(posted, type_, live).startswith("its certificate would come from ")
    assert outbound == []


@pytest.mark.parametrize("url", [None, 7, ["https://x"], {"a": "b"}])
def test_what_is_no_url_is_refused(url: Any, live: Trust, outbound: list[Any]) -> None:
    assert refused(content(sign(notification()) | {"SigningCertURL": url}), ours=live).startswith(
        "its certificate would"
    )
    assert outbound == []


def test_the_guard_hears_when_somebody_goes_out(live: Trust, outbound: list[Any]) -> None:
    # Otherwise the tests above would prove nothing.
    with pytest.raises(CannotFetch):
        live.believe(content(sign(notification())))
    assert outbound == [("sns.eu-west-1.amazonaws.com", 443)]


def test_no_other_url_of_a_message_is_ever_opened(outbound: list[Any]) -> None:
    trust().believe(content(sign(confirmation(SubscribeURL="http://127.0.0.1:9/steal"))))
    trust().believe(content(sign(notification(UnsubscribeURL="http://127.0.0.1:9/steal"))))
    assert outbound == []


def test_in_china_the_certificate_comes_from_china() -> None:
    [topic] = read_topics("arn:aws-cn:sns:cn-north-1:123456789012:events")
    assert is_certificate_of(topic, "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem")
    assert not is_certificate_of(topic, "https://sns.cn-north-1.amazonaws.com/SimpleNotificationService-1.pem")


def test_a_thousand_garbage_messages_are_refused_and_nothing_goes_out(live: Trust, outbound: list[Any]) -> None:
    chance = random.Random(54)
    good = content(sign(notification()))
    names = [*notification(), "SignatureVersion", "Signature"]
    values: list[Any] = [None, 0, "", "\x00", "x" * 1000, [], {}, [[]], True, 1e308, "\ud800", TOPIC, "Notification"]
    for number in range(1000):
        match number % 3:
            case 0:
                posted = chance.randbytes(chance.randrange(2000))
            case 1:
                place = chance.randrange(len(good))
                posted = good[:place] + chance.randbytes(3) + good[place + chance.randrange(1, 9) :]
            case _:
                message = sign(notification())
                for name in chance.sample(names, 4):
                    message[name] = chance.choice(values)
                message["SigningCertURL"] = chance.choice(HOSTILE)
                posted = content(message)
        try:
            live.believe(posted)
        except NotBelieved:
            continue
        except CannotFetch:  # a byte changed in what was signed alone: Amazon's own certificate would tell
            assert outbound.pop() == ("sns.eu-west-1.amazonaws.com", 443)
            continue
        pytest.fail(f"believed: {posted!r}")
    assert outbound == []
