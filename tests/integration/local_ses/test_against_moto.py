"""The same calls to local-ses and to moto, which somebody else wrote: where both have them, both say the same.

moto is known to be wrong in what it keeps of a letter (it adds the addresses of To to the destinations and drops tags and
configuration sets), and has no SendBulkEmail, no GetAccount, no suppression list and no events: of these nothing is compared.
"""

import re
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, cast

import boto3  # pyright: ignore[reportMissingTypeStubs]  # it has none
import pytest
from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]  # it has none
from moto import mock_aws

from mailer.local_ses.server import Server

SOURCE = b"From: post@example.org\r\nSubject: Hello\r\n\r\nHello\r\n"
QUEUE = "newsletter-events"
Call = Callable[[Any], Any]


def moto(service: str) -> Any:
    return cast("Any", boto3).client(
        service, region_name="eu-west-1", aws_access_key_id="local", aws_secret_access_key="local"
    )


@pytest.fixture
def theirs() -> Generator[Callable[[str], Any]]:
    """Moto's clients, within this process; it answers while the test runs."""
    with mock_aws():
        yield moto


def outcome(client: Any, call: Call) -> Any:
    """What a caller sees of a call: its answer without what is never the same twice, or the name of its error."""
    try:
        return shape(call(client))
    except ClientError as error:
        response = cast("Any", error).response
        return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def shape(value: Any) -> Any:
    """The names in an answer and the kinds of their values."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {name: shape(each) for name, each in members.items() if name != "ResponseMetadata"}
    if isinstance(value, list):
        return [shape(each) for each in cast("list[Any]", value)]
    return type(value).__name__


def email(**changes: Any) -> dict[str, Any]:
    return {
        "FromEmailAddress": "post@example.org",
        "Destination": {"ToAddresses": ["ada@example.com"]},
        "Content": {"Raw": {"Data": SOURCE}},
        **changes,
    }


LETTERS: dict[str, Call] = {
    "a raw letter": lambda ses: ses.send_email(**email()),
    "a sender that nobody verified": lambda ses: ses.send_email(**email(FromEmailAddress="post@example.net")),
    "the identities": lambda ses: ses.list_email_identities(),
    "an identity that is not there": lambda ses: ses.get_email_identity(EmailIdentity="example.net"),
}


@pytest.mark.parametrize("call", LETTERS.values(), ids=LETTERS.keys())
def test_letters_are_taken_and_refused_alike(
    call: Call, ses: Any, server: Server, theirs: Callable[[str], Any]
) -> None:
    server.local_ses.change_options({"verified": ["example.org"]})
    other = theirs("sesv2")
    other.create_email_identity(EmailIdentity="example.org")
    assert outcome(ses, call) == outcome(other, call)


def test_a_message_id_is_asked_for_once_and_never_the_same(ses: Any, theirs: Callable[[str], Any]) -> None:
    other = theirs("sesv2")
    other.create_email_identity(EmailIdentity="example.org")
    for client in (ses, other):
        ids = {client.send_email(**email())["MessageId"] for _ in range(5)}
        assert len(ids) == 5
        assert all(re.fullmatch(r"[0-9a-zA-Z-]{20,80}", each) for each in ids)


class Queue:
    """A queue with as many messages in it as local-ses's events of as many letters."""

    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs = sqs
        self.url = url

    def receive(self, **more: Any) -> list[dict[str, Any]]:
        """Messages, up to ten."""
        answer = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"], **more)
        return answer.get("Messages", [])

    def counts(self) -> dict[str, str]:
        """How many wait, and how many somebody works on."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]


@pytest.fixture
def queues(ses: Any, sqs: Any, theirs: Callable[[str], Any]) -> list[Queue]:
    """Ours and theirs, with four messages each."""
    for _ in range(2):
        ses.send_email(**email(ConfigurationSetName="newsletter"))
    other = theirs("sqs")
    url = other.create_queue(QueueName=QUEUE)["QueueUrl"]
    for number in range(4):
        other.send_message(QueueUrl=url, MessageBody=f"event {number}")
    return [Queue(sqs, sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]), Queue(other, url)]


def both(queues: list[Queue], told: Callable[[Queue], Any]) -> Any:
    """What is true of both."""
    ours, theirs = (told(queue) for queue in queues)
    assert ours == theirs
    return ours


def test_a_message_has_the_same_parts(queues: list[Queue]) -> None:
    def parts(queue: Queue) -> Any:
        message = queue.receive(WaitTimeSeconds=0)[0]
        return {**message, "Attributes": sorted(message["Attributes"])}.keys(), message["Attributes"].keys()

    both(queues, parts)


def test_messages_are_hidden_while_somebody_works_on_them(queues: list[Queue]) -> None:
    assert both(queues, lambda queue: len(queue.receive(VisibilityTimeout=30))) == 4
    assert both(queues, lambda queue: len(queue.receive())) == 0
    assert both(queues, Queue.counts) == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesNotVisible": "4",
    }


def test_messages_that_are_not_deleted_come_again_and_say_so(queues: list[Queue]) -> None:
    def received(queue: Queue) -> list[str]:
        queue.receive(VisibilityTimeout=0)
        return [message["Attributes"]["ApproximateReceiveCount"] for message in queue.receive()]

    assert both(queues, received) == ["2"] * 4


def test_what_is_deleted_is_gone_one_by_one_and_in_a_batch(queues: list[Queue]) -> None:
    def delete(queue: Queue) -> Any:
        messages = queue.receive()
        queue.sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=messages[0]["ReceiptHandle"])
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages[1:])
        ]
        answer = queue.sqs.delete_message_batch(QueueUrl=queue.url, Entries=entries)
        return [each["Id"] for each in answer["Successful"]], answer.get("Failed", []), queue.counts()

    done, _, left = both(queues, delete)
    assert (done, set(left.values())) == (["0", "1", "2"], {"0"})


MISTAKES: dict[str, Callable[[Queue], Any]] = {
    "no such queue": lambda queue: queue.sqs.get_queue_url(QueueName="other"),
    "eleven at once": lambda queue: queue.sqs.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=11),
    "a wait of 21 seconds": lambda queue: queue.sqs.receive_message(QueueUrl=queue.url, WaitTimeSeconds=21),
    "a handle of nothing": lambda queue: queue.sqs.delete_message(QueueUrl=queue.url, ReceiptHandle="x"),
    "an empty batch": lambda queue: queue.sqs.delete_message_batch(QueueUrl=queue.url, Entries=[]),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_have_the_same_names(mistake: Callable[[Queue], Any], queues: list[Queue]) -> None:
    both(queues, lambda queue: outcome(queue, mistake))


def test_the_latest_handle_of_a_message_deletes_it(queues: list[Queue]) -> None:
    def left(queue: Queue) -> int:
        queue.receive(VisibilityTimeout=0)
        for message in queue.receive(VisibilityTimeout=30):
            with suppress(ClientError):
                queue.sqs.delete_message(QueueUrl=queue.url, ReceiptHandle=message["ReceiptHandle"])
        return sum(map(int, queue.counts().values()))

    assert both(queues, left) == 0
