"""What is believed of what SNS posts, and what is not: who signed it, for which topic, and where its certificate is."""

import base64
import json
import random
import socket
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import SettingsError
from mailer.ses.certificates import CannotFetch, Certificates, fetch_certificate
from mailer.ses.sns import MOST_BYTES, NotBelieved, SnsMessage, Topic, Trust, is_certificate_of, read_topics

from .sns_messages import (
    CERTIFICATE_URL,
    FOREIGN,
    NOW,
    TOPIC,
    Shelf,
    confirmation,
    content,
    notification,
    rsa_key,
    sign,
)

OURS = Topic(TOPIC, "eu-west-1", "sns.eu-west-1.amazonaws.com")

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


def trust(shelf: Shelf | None = None, topics: Iterable[Topic] = (OURS,)) -> Trust:
    return Trust(topics, Certificates(shelf or Shelf(), lambda: NOW))


@pytest.fixture
def live() -> Trust:
    """As in production: certificates would come from the network."""
    return Trust([OURS], Certificates(fetch_certificate, lambda: NOW))


# --- what is believed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("subject", ["Amazon SES Email Event Notification", None])
def test_what_amazon_signed_for_our_topic_is_believed(version: str, subject: str | None) -> None:
    posted = content(sign(notification(Subject=subject), version))
    assert trust().believe(posted, "Notification") == SnsMessage("Notification", OURS, "", posted.decode())


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("type_", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_the_question_whether_a_subscription_is_wanted_is_believed(version: str, type_: str) -> None:
    posted = content(sign(confirmation(type_), version))
    token = "t0" if type_ == "SubscriptionConfirmation" else ""
    assert trust().believe(posted, type_) == SnsMessage(type_, OURS, token, posted.decode())


def test_words_beyond_ascii_are_signed_as_what_they_are() -> None:
    message = sign(notification(Message="Zoë \u2028 ☕ \U0001f600 \n\t\\", Subject="Ünïcode"))
    for posted in (json.dumps(message).encode(), json.dumps(message, ensure_ascii=False).encode()):
        assert trust().believe(posted).text == posted.decode()


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_that_is_signed_is_believed(text: str, subject: str) -> None:
    assert trust().believe(content(sign(notification(Message=text, Subject=subject)))).type == "Notification"


def test_a_message_that_comes_again_is_believed_again_because_taking_it_in_twice_changes_nothing() -> None:
    posted, ours = content(sign(notification())), trust()
    assert ours.believe(posted) == ours.believe(posted)


def test_the_certificate_is_fetched_once() -> None:
    shelf = Shelf()
    ours = trust(shelf)
    for number in range(3):
        ours.believe(content(sign(notification(MessageId=str(number)))))
    assert shelf.asked == [CERTIFICATE_URL]


# --- what is not ----------------------------------------------------------------------------------------------------


def refused(posted: bytes, message_type: str = "", ours: Trust | None = None) -> str:
    with pytest.raises(NotBelieved) as refusal:
        (ours or trust()).believe(posted, message_type)
    return str(refusal.value)


@pytest.mark.parametrize("name", ["Message", "MessageId", "Subject", "Timestamp"])
@pytest.mark.parametrize("version", ["1", "2"])
def test_a_changed_byte_is_refused(name: str, version: str) -> None:
    message = sign(notification(), version)
    message[name] = message[name][:-1] + chr(ord(message[name][-1]) ^ 1)
    assert refused(content(message)) == "its signature does not fit"


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_changed_bit_of_the_signature_is_refused(version: str) -> None:
    message = sign(notification(), version)
    signature = bytearray(base64.b64decode(message["Signature"]))
    signature[100] ^= 4
    message["Signature"] = base64.b64encode(signature).decode()
    assert refused(content(message)) == "its signature does not fit"


def test_a_signature_of_one_version_is_not_taken_for_one_of_the_other() -> None:
    message = sign(notification(), "2")
    assert refused(content(message | {"SignatureVersion": "1"})) == "its signature does not fit"


def test_a_subject_that_was_put_in_or_taken_away_is_refused() -> None:
    with_one, without = sign(notification()), sign(notification(Subject=None))
    del with_one["Subject"]
    assert refused(content(with_one)) == "its signature does not fit"
    assert refused(content(without | {"Subject": "Hello"})) == "its signature does not fit"


def test_a_notification_is_not_taken_for_the_question_of_a_subscription() -> None:
    message = sign(notification()) | {
        "Type": "SubscriptionConfirmation",
        "Token": "t0",
        "SubscribeURL": "https://x.example",
    }
    assert refused(content(message)) == "its signature does not fit"


def test_a_signature_by_another_key_is_refused() -> None:
    assert refused(content(sign(notification(), key=rsa_key(2)))) == "its signature does not fit"


@pytest.mark.parametrize("signature", [None, "", "not Base64!", "bG9jYWw=", 7, ["x"], "é"])
def test_what_is_no_signature_is_refused(signature: Any) -> None:
    message = sign(notification()) | {"Signature": signature}
    assert refused(content(message)) in ("it has no signature in Base64", "its signature does not fit")


@pytest.mark.parametrize("version", [None, "", "0", "3", "1 ", 1, 2, ["1"], {"1": "1"}])
def test_signatures_of_other_versions_are_refused_and_no_certificate_is_fetched(version: Any) -> None:
    shelf = Shelf()
    posted = content(sign(notification()) | {"SignatureVersion": version})
    assert refused(posted, ours=trust(shelf)).startswith("its signature is of version ")
    assert shelf.asked == []


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_foreign_topic_is_refused_however_good_its_signature(version: str) -> None:
    shelf = Shelf()
    posted = content(sign(notification(TopicArn=FOREIGN), version))
    assert refused(posted, ours=trust(shelf)).startswith(f"its topic is '{FOREIGN}'")
    assert shelf.asked == []
    assert trust(topics=[Topic(FOREIGN, OURS.region, OURS.host)]).believe(posted)  # it was good indeed


def test_without_topics_nothing_is_believed() -> None:
    assert refused(content(sign(notification())), ours=trust(topics=[])).startswith("its topic is ")


@pytest.mark.parametrize("arn", [None, "", TOPIC.upper(), TOPIC + "\n", TOPIC + ":sub", [TOPIC], {"a": 1}, 7, True])
def test_what_is_only_like_our_topic_is_refused(arn: Any) -> None:
    assert refused(content(sign(notification()) | {"TopicArn": arn})).startswith("its topic is ")


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


# --- what is no message at all --------------------------------------------------------------------------------------


def test_a_huge_body_is_refused_before_it_is_read() -> None:
    good = content(sign(notification()))
    assert trust().believe(good + b" " * (MOST_BYTES - len(good)))
    assert refused(good + b" " * (MOST_BYTES + 1 - len(good))) == "it is longer than 262,144 bytes"


@pytest.mark.parametrize(
    "posted",
    [
        b"",
        b"Successfully validated SNS topic for Amazon SES event publishing.",
        b"{",
        b"[" * 200_000,
        b'{"a":' * 40_000,
        b"1" * 100_000,
        b"\xff\xfe{\x00}\x00",
        b'{"Type":"\xff"}',
    ],
    ids=range(8),
)
def test_what_is_not_json_is_refused(posted: bytes) -> None:
    assert refused(posted) == "it is not JSON"


@pytest.mark.parametrize("posted", [b"[]", b"null", b'"Notification"', b"7", b"NaN"])
def test_what_is_not_a_json_object_is_refused(posted: bytes) -> None:
    assert refused(posted) == "it is not a JSON object"


@pytest.mark.parametrize("type_", [None, "", "notification", "Bounce", 7, ["Notification"], {"Notification": 1}])
def test_other_types_are_refused(type_: Any) -> None:
    assert refused(content(sign(notification()) | {"Type": type_})).startswith("its type is ")


def test_a_header_that_says_another_type_is_refused() -> None:
    assert refused(content(sign(notification())), "SubscriptionConfirmation") == (
        "its type is 'Notification', and 'SubscriptionConfirmation' in its header"
    )


@pytest.mark.parametrize("name", ["Message", "MessageId", "Timestamp"])
@pytest.mark.parametrize("value", [None, 7, ["x"], {"a": "b"}])
def test_what_is_missing_or_no_text_is_refused(name: str, value: Any) -> None:
    assert refused(content(sign(notification()) | {name: value})).startswith(f"its {name} is ")


def test_half_a_character_is_refused() -> None:
    posted = json.dumps(sign(notification())).replace('{\\"eventType', "\\ud83d").encode()
    assert refused(posted) == "it holds half a character"


def test_a_refusal_quotes_little_and_nothing_that_a_terminal_obeys() -> None:
    said = refused(content(notification(TopicArn="\x1b[2J\n" + "x" * 100_000)))
    assert said.isascii()
    assert said.isprintable()
    assert len(said) < 200


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


# --- topics ---------------------------------------------------------------------------------------------------------


def test_topics_are_read_from_the_setting() -> None:
    us = "arn:aws-us-gov:sns:us-gov-west-1:123456789012:e-v_1"
    assert read_topics(f" {TOPIC} ,{us},") == (OURS, Topic(us, "us-gov-west-1", "sns.us-gov-west-1.amazonaws.com"))
    assert read_topics("") == ()


@pytest.mark.parametrize(
    "text",
    ["*", "newsletter-events", TOPIC + " " + TOPIC, TOPIC + ":8f1b", TOPIC.replace("sns", "sqs"), TOPIC + ".fifo"],
)
def test_what_is_no_topic_is_a_mistake_of_the_setting(text: str) -> None:
    with pytest.raises(SettingsError, match="MAILER_SES_TOPIC_ARNS"):
        read_topics(text)
