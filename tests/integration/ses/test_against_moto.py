"""What we read and believe, against another's SNS and SQS: moto, which knows nothing of us."""

import json
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

import boto3.session  # pyright: ignore[reportMissingTypeStubs]  # it has none
import pytest
import requests
from moto import mock_aws

from mailer.errors import TransportError
from mailer.feedback.values import Kind
from mailer.ses.certificates import Certificates
from mailer.ses.client import topic_client
from mailer.ses.confirming import confirm_subscription
from mailer.ses.events import read_event
from mailer.ses.queue import EventsQueue, QueueError, open_queue
from mailer.ses.sns import NotBelieved, Topic, Trust, read_topics

REGION = "eu-west-1"
SEND = '{"eventType":"Send","mail":{"timestamp":"2026-03-23T06:00:00.000Z","messageId":"0100"},"send":{}}'


def session() -> boto3.session.Session:
    return boto3.session.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION)


class Amazon:
    """A topic that feeds a queue."""

    def __init__(self) -> None:
        made: Any = session()
        self.sns, self.sqs = made.client("sns"), made.client("sqs")
        self.topic: str = self.sns.create_topic(Name="newsletter-events")["TopicArn"]
        self.url: str = self.sqs.create_queue(QueueName="newsletter-events")["QueueUrl"]

    def subscribe(self, **attributes: str) -> None:
        """Let the topic feed the queue."""
        endpoint = f"arn:aws:sqs:{REGION}:123456789012:newsletter-events"
        self.sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=endpoint, Attributes=attributes)

    def publish(self, text: str) -> None:
        """Publish without a subject: with one, moto signs something else than Amazon does."""
        self.sns.publish(TopicArn=self.topic, Message=text)


@pytest.fixture
def amazon() -> Generator[Amazon]:
    with mock_aws():
        yield Amazon()


@pytest.fixture
def queue(amazon: Amazon) -> Generator[EventsQueue]:
    opened = open_queue(amazon.url, threads=1, session=session())
    yield opened
    opened.close()


@pytest.mark.parametrize("raw", ["true", "false"])
def test_what_a_topic_feeds_into_a_queue_is_received_read_and_deleted(
    raw: str, amazon: Amazon, queue: EventsQueue
) -> None:
    amazon.subscribe(RawMessageDelivery=raw)
    for _ in range(12):
        amazon.publish(SEND)
    first, second = queue.receive(0), queue.receive(0)
    assert (len(first), len(second), queue.receive(0)) == (10, 2, [])
    read = [read_event(each.text) for each in [*first, *second]]
    assert {feedback and (feedback.kind, feedback.message_id) for feedback in read} == {(Kind.ACCEPTED, "0100")}
    queue.delete(first)
    queue.delete(second)
    counted = amazon.sqs.get_queue_attributes(QueueUrl=amazon.url, AttributeNames=["All"])["Attributes"]
    assert (counted["ApproximateNumberOfMessages"], counted["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_a_queue_that_is_not_there_does_not_pass(amazon: Amazon) -> None:
    gone = open_queue(amazon.url + "-gone", threads=1, session=session())
    with pytest.raises(QueueError) as error:
        gone.receive(0)
    assert (error.value.passing, "MAILER_EVENTS_QUEUE_URL" in error.value.hint) == (False, True)
    gone.close()


def test_another_signer_is_believed_and_one_changed_byte_of_it_is_not(amazon: Amazon, queue: EventsQueue) -> None:
    amazon.subscribe()
    amazon.publish(SEND)
    [received] = queue.receive(0)
    certificates = Certificates(lambda url: requests.get(url, timeout=5).content, lambda: datetime.now(UTC))
    trust = Trust(read_topics(amazon.topic), certificates)
    assert trust.believe(received.text.encode()).text == received.text
    changed = json.loads(received.text)
    changed["MessageId"] = changed["MessageId"].replace("-", "_", 1)
    with pytest.raises(NotBelieved, match="its signature does not fit"):
        trust.believe(json.dumps(changed).encode())


def test_a_subscription_is_confirmed_in_its_topics_region(amazon: Amazon) -> None:
    asked: list[str] = []

    def client(region: str) -> Any:
        asked.append(region)
        return topic_client(region, session())

    [topic] = read_topics(amazon.topic)
    confirm_subscription(topic, "a token", client)
    assert asked == [REGION]


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("InvalidParameter", 400, NotBelieved),
        ("NotFound", 404, NotBelieved),
        ("AuthorizationError", 403, TransportError),
        ("InternalError", 500, TransportError),
    ],
)
def test_what_amazon_answers_to_a_token_decides_whether_it_comes_again(
    code: str, status: int, error: type[Exception], amazon: Amazon
) -> None:
    def client(region: str) -> Any:
        made: Any = topic_client(region, session())

        def refuse(**_parameters: Any) -> Any:
            answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
            raise made.exceptions.ClientError(answer, "ConfirmSubscription")

        made.confirm_subscription = refuse
        return made

    with pytest.raises(error):
        confirm_subscription(Topic(amazon.topic, REGION, "sns.eu-west-1.amazonaws.com"), "a token", client)
