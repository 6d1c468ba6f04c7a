"""What is believed of what SNS posts, and what is not: who signed it, and for which topic."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.ses.sns import SnsMessage, Topic

from .sns_messages import (
    CERTIFICATE_URL,
    FOREIGN,
    OURS,
    TOPIC,
    Shelf,
    confirmation,
    content,
    notification,
    refused,
    rsa_key,
    sign,
    trust,
)

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
