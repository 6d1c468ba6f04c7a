"""The SQS queue that SNS puts our events into: received in long polls, deleted when what they say is committed."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import boto3.session  # pyright: ignore[reportMissingTypeStubs]  # it has none
from botocore import exceptions  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.errors import MailerError, SettingsError
from mailer.ses.client import QueueClient, queue_client

MOST_AT_ONCE = 10
"""Messages in one call: SQS's own bound."""
LONGEST_WAIT = 20
"""Seconds of one long poll: SQS's own bound."""
HIDDEN_SECONDS = 60
"""How long a message that was received stays hidden: longer than a batch takes, even while another writer holds the database."""

_URL = re.compile(r"https?://[^/\s?#]+/[0-9]{12}/[A-Za-z0-9_-]{1,80}")
_REGION = re.compile(r"https://sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/")
_MAYBE_LATER = ("RequestThrottled", "Throttling", "ThrottlingException", "OverLimit", "KmsThrottled")
_LEAST_SERVER_ERROR = 500

T = TypeVar("T")


class QueueError(MailerError):
    """The queue cannot be read; `passing`: it may be by itself, a little later."""

    def __init__(self, message: str, *, hint: str, passing: bool) -> None:
        super().__init__(message, hint=hint)
        self.passing = passing


@dataclass(frozen=True)
class Received:
    """A message that was received, and not yet deleted."""

    text: str
    handle: str
    """By which it is deleted."""


class EventsQueue:
    """One queue. Safe among threads."""

    def __init__(self, client: QueueClient, url: str) -> None:
        self._client = client
        self._url = url

    def receive(self, wait: int) -> list[Received]:
        """Up to ten messages; waits up to so many seconds for the first. Raises QueueError.

        With `wait` 0 SQS looks at some of its servers only, so nothing need not mean that there is nothing.
        """
        answer = self._asked(
            lambda: self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=MOST_AT_ONCE,
                WaitTimeSeconds=wait,
                VisibilityTimeout=HIDDEN_SECONDS,
            )
        )
        return [Received(each["Body"], each["ReceiptHandle"]) for each in answer.get("Messages", ())]

    def delete(self, received: Sequence[Received]) -> None:
        """Delete up to ten messages; one that SQS keeps nonetheless comes again. Raises QueueError."""
        entries = [{"Id": str(number), "ReceiptHandle": each.handle} for number, each in enumerate(received)]
        self._asked(lambda: self._client.delete_message_batch(QueueUrl=self._url, Entries=entries))

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _asked(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except (exceptions.BotoCoreError, exceptions.ClientError) as error:
            raise _trouble(error, self._url) from error


def open_queue(url: str, *, threads: int, session: boto3.session.Session | None = None) -> EventsQueue:
    """The queue of MAILER_EVENTS_QUEUE_URL; `threads` may use it at once. Nothing is asked yet.

    Raises SettingsError when there is no such URL, and TransportError when there is no client to be had.
    """
    if not url:
        raise SettingsError(
            "MAILER_EVENTS_QUEUE_URL is not set: there is no queue to read what became of the letters from",
            hint="docs/events.md says how to make one; then put its URL into .env",
        )
    if _URL.fullmatch(url) is None:
        raise SettingsError(
            f"MAILER_EVENTS_QUEUE_URL: {url} is not the URL of an SQS queue",
            hint="it looks like https://sqs.eu-west-1.amazonaws.com/123456789012/newsletter-events; an ARN or a name is not enough",
        )
    return EventsQueue(queue_client(threads, session, region_of(url)), url)


def region_of(url: str) -> str | None:
    """Where a queue is: it is only known there, whatever AWS_DEFAULT_REGION says for SES. None: its URL does not say."""
    found = _REGION.match(url)
    return found[1] if found else None


def in_tens(received: Sequence[Received]) -> Iterable[Sequence[Received]]:
    """What one call may delete at a time."""
    return (received[first : first + MOST_AT_ONCE] for first in range(0, len(received), MOST_AT_ONCE))


def _trouble(error: Exception, url: str) -> QueueError:
    if isinstance(error, exceptions.ClientError):
        told: Any = error  # botocore has no types
        code = str(told.response.get("Error", {}).get("Code", ""))
        status = int(told.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        return QueueError(
            f"the queue {url} cannot be read: {error}",
            hint=_hint(code),
            passing=status >= _LEAST_SERVER_ERROR or code.rpartition(".")[2] in _MAYBE_LATER,
        )
    return QueueError(
        f"the queue {url} cannot be read: {error}",
        hint="look at the network, and at the credentials (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)",
        passing=isinstance(error, (exceptions.ConnectionError, exceptions.HTTPClientError)),
    )


def _hint(code: str) -> str:
    if "NonExistentQueue" in code or "QueueDoesNotExist" in code:
        return "look at MAILER_EVENTS_QUEUE_URL; the queue was deleted, or never made: docs/events.md says how"
    return (
        "look at the credentials (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), and whether they may do "
        "sqs:ReceiveMessage and sqs:DeleteMessage on it"
    )
