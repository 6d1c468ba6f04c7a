"""What is no message of SNS at all, and what is no topic: each is refused with its reason."""

import json
from typing import Any

import pytest

from mailer.errors import SettingsError
from mailer.ses.sns import MOST_BYTES, Topic, read_topics

from .sns_messages import (
    OURS,
    TOPIC,
    content,
    notification,
    refused,
    sign,
    trust,
)


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
