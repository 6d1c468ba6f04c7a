"""The queue that the events come through, as SQS has it: at least once, hidden while somebody works on them."""

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from mailer.local_ses.events import ACCOUNT, Event, body
from mailer.local_ses.options import Options
from mailer.local_ses.refusals import Refusal, not_implemented

NAME = "newsletter-events"
_HIDDEN_SECONDS = 30
_MOST_MESSAGES = 10
_MOST_WAIT_SECONDS = 20
_POLL_SECONDS = 0.1


@dataclass(slots=True)
class _Message:
    id: str
    event: Event
    received: int = 0
    handle: str = ""
    hidden_until: float = 0.0


class Queue:
    """Messages in order of arrival, unless the options say otherwise. Safe among threads."""

    def __init__(self, *, clock: Callable[[], float], chance: Random) -> None:
        self._clock = clock
        self._chance = chance
        self._changed = threading.Condition()
        self._waiting: deque[_Message] = deque()
        self._hidden: dict[str, _Message] = {}
        self._numbers = 0
        self._closed = False

    def put(self, event: Event, *, times: int) -> None:
        """Put an event in, so many times: each a message of its own."""
        with self._changed:
            for _ in range(times):
                self._numbers += 1
                self._waiting.append(_Message(f"00000000-0000-4000-8000-{self._numbers:012x}", event))
            self._changed.notify_all()

    def let_wait(self, allowed: bool) -> None:  # noqa: FBT001  # it is the word itself
        """Whether a call may wait for a message; whoever waits now is answered when it may not."""
        with self._changed:
            self._closed = not allowed
            self._changed.notify_all()

    def answer(self, operation: str, given: Mapping[str, Any], options: Options, *, base: str) -> Mapping[str, Any]:
        """Answer an operation of SQS; `base` is the server's URL. Raises Refusal."""
        if operation == "GetQueueUrl":
            _known(given["QueueName"])
            return {"QueueUrl": queue_url(base)}
        if operation not in {"ReceiveMessage", "DeleteMessage", "DeleteMessageBatch", "GetQueueAttributes"}:
            raise not_implemented(operation)
        _known(given["QueueUrl"].rstrip("/").rpartition("/")[2])
        match operation:
            case "ReceiveMessage":
                return self._receive(given, options)
            case "DeleteMessage":
                self._delete(given["ReceiptHandle"])
                return {}
            case "DeleteMessageBatch":
                return self._delete_batch(given["Entries"])
            case _:
                return self._attributes(given.get("AttributeNames", ()))

    def _receive(self, given: Mapping[str, Any], options: Options) -> Mapping[str, Any]:
        most = _within("MaxNumberOfMessages", given, 1, 1, _MOST_MESSAGES)
        wait = _within("WaitTimeSeconds", given, 0, 0, _MOST_WAIT_SECONDS)
        hidden = _within("VisibilityTimeout", given, _HIDDEN_SECONDS, 0, 43_200)
        with self._changed:
            until = self._clock() + wait
            self._reappear()
            while not self._waiting and not self._closed and self._clock() < until:
                self._changed.wait(_POLL_SECONDS)
                self._reappear()
            taken = [self._take(options, hidden) for _ in range(min(most, len(self._waiting)))]
        return {"Messages": [_as_answer(message, options, self._clock()) for message in taken]} if taken else {}

    def _take(self, options: Options, hidden: int) -> _Message:
        if options.reorder_events:
            other = self._chance.randrange(len(self._waiting))
            self._waiting[0], self._waiting[other] = self._waiting[other], self._waiting[0]
        message = self._waiting.popleft()
        message.received += 1
        message.handle = f"{message.id}#{message.received}"
        message.hidden_until = self._clock() + hidden
        self._hidden[message.id] = message
        return message

    def _reappear(self) -> None:
        """Messages that nobody deleted in time are there again."""
        now = self._clock()
        late = [message for message in self._hidden.values() if message.hidden_until <= now]
        for message in late:
            del self._hidden[message.id]
        self._waiting.extendleft(reversed(late))

    def _delete(self, handle: str) -> None:
        """Delete by any handle that was ever given out, as SQS does at its best; twice is no error."""
        name, _, received = handle.partition("#")
        if not received.isdecimal():
            raise Refusal(
                "ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.'
            )
        with self._changed:
            message = self._hidden.get(name)
            if message is not None and message.handle == handle:
                del self._hidden[name]

    def _delete_batch(self, entries: Sequence[Mapping[str, str]]) -> Mapping[str, Any]:
        if not 1 <= len(entries) <= _MOST_MESSAGES:
            code = "EmptyBatchRequest" if not entries else "TooManyEntriesInBatchRequest"
            raise Refusal(code, f"{len(entries)} entries; between 1 and {_MOST_MESSAGES} are allowed.")
        if len({entry["Id"] for entry in entries}) < len(entries):
            raise Refusal("BatchEntryIdsNotDistinct", "Two entries have one Id.")
        done: list[dict[str, Any]] = []
        failed: list[dict[str, Any]] = []
        for entry in entries:
            try:
                self._delete(entry["ReceiptHandle"])
                done.append({"Id": entry["Id"]})
            except Refusal as refusal:
                failed.append(
                    {"Id": entry["Id"], "SenderFault": True, "Code": refusal.code, "Message": refusal.message}
                )
        return {"Successful": done, "Failed": failed}

    def _attributes(self, asked: Sequence[str]) -> Mapping[str, Any]:
        with self._changed:
            self._reappear()
            known = {
                "ApproximateNumberOfMessages": len(self._waiting),
                "ApproximateNumberOfMessagesNotVisible": len(self._hidden),
                "ApproximateNumberOfMessagesDelayed": 0,
                "VisibilityTimeout": _HIDDEN_SECONDS,
                "QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{NAME}",
            }
        return {"Attributes": {name: str(value) for name, value in known.items() if name in asked or "All" in asked}}


def queue_url(base: str) -> str:
    """The URL by which calls name the queue."""
    return f"{base}/{ACCOUNT}/{NAME}"


def _known(name: str) -> None:
    if name != NAME:
        raise Refusal("QueueDoesNotExist", f"The specified queue does not exist; there is one here, {NAME}.")


def _within(name: str, given: Mapping[str, Any], default: int, least: int, most: int) -> int:
    value: int = given.get(name, default)
    if not least <= value <= most:
        reason = f"Must be between {least} and {most}, if provided."
        raise Refusal("InvalidParameterValue", f"Value {value} for parameter {name} is invalid. Reason: {reason}")
    return value


def _as_answer(message: _Message, options: Options, now: float) -> dict[str, Any]:
    text = body(message.event, notification=not options.raw_delivery)
    sent = int(message.event.letter.accepted_at * 1000)
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.handle,
        "MD5OfBody": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
        "Body": text,
        "Attributes": {
            "SenderId": ACCOUNT,
            "SentTimestamp": str(sent),
            "ApproximateReceiveCount": str(message.received),
            "ApproximateFirstReceiveTimestamp": str(int(now * 1000)),
        },
    }
