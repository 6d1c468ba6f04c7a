"""The queue that the events come through, as SQS has it: at least once, hidden while somebody works on them."""

import hashlib
import re
import threading
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from mailer.local_ses.events import ACCOUNT, Event, body
from mailer.local_ses.letters import AcceptedLetter
from mailer.local_ses.options import Options
from mailer.local_ses.refusals import Refusal, not_implemented
from mailer.local_ses.waiting import Waiting

NAME = "newsletter-events"
_HIDDEN_SECONDS = 30
_MOST_MESSAGES = 10
_MOST_WAIT_SECONDS = 20
_POLL_SECONDS = 0.1


_PREFIX = "AWS.SimpleQueueService."
_OLDER_NAMES = {
    "QueueDoesNotExist": f"{_PREFIX}NonExistentQueue",
    **{
        name: _PREFIX + name
        for name in ("EmptyBatchRequest", "TooManyEntriesInBatchRequest", "BatchEntryIdsNotDistinct")
    },
}

# A message by its number: the letter, which of the things that are told of it, and the how many-th copy of that.
_COPIES = 1 << 4
_THINGS = 1 << 4


@dataclass(slots=True)
class _Hidden:
    """A message that somebody works on."""

    handle: str
    until: float


class Queue:
    """Messages in order of arrival, unless the options say otherwise. Safe among threads.

    A message is a number of eight bytes until it is received: a million letters are told of whether somebody listens or not.
    """

    def __init__(self, letters: Sequence[AcceptedLetter], *, clock: Callable[[], float], chance: Random) -> None:
        """`letters` are those that messages tell of."""
        self._letters = letters
        self._clock = clock
        self._chance = chance
        self._changed = threading.Condition()
        self._waiting = Waiting()
        self._held = array("Q")
        self._hidden: dict[int, _Hidden] = {}
        self._received: dict[int, int] = {}
        self._closed = False

    def put(self, letter: int, things: int, *, repeated: int, held: bool) -> None:
        """Put in what is told of a letter, so many things, each `repeated` times more; or hold it until `release`."""
        with self._changed:
            for thing in range(things):
                number = (letter * _THINGS + thing) * _COPIES
                if held:
                    self._held.append(number)
                else:
                    self._waiting.extend(range(number, number + 1 + repeated))
            self._changed.notify_all()

    def release(self, *, repeated: int) -> None:
        """What was held is there now."""
        with self._changed:
            for number in self._held:
                self._waiting.extend(range(number, number + 1 + repeated))
            self._held = array("Q")
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
            counts = [self._received[number] for number in taken]
            handles = [self._hidden[number].handle for number in taken]
        now = self._clock()
        messages = [self._message(*each, options, now) for each in zip(taken, handles, counts, strict=True)]
        return {"Messages": messages} if messages else {}

    def _take(self, options: Options, hidden: int) -> int:
        number = self._waiting.take(self._chance if options.reorder_events else None)
        received = self._received[number] = self._received.get(number, 0) + 1
        self._hidden[number] = _Hidden(f"{_message_id(number)}#{received}", self._clock() + hidden)
        return number

    def _reappear(self) -> None:
        """Messages that nobody deleted in time are there again."""
        now = self._clock()
        late = [number for number, message in self._hidden.items() if message.until <= now]
        for number in late:
            del self._hidden[number]
        self._waiting.put_back(late)

    def _message(self, number: int, handle: str, received: int, options: Options, now: float) -> dict[str, Any]:
        letter = self._letters[number // _COPIES // _THINGS]
        kind, detail = letter.told[number // _COPIES % _THINGS]
        text = body(Event(kind, letter, detail, number // _COPIES), notification=not options.raw_delivery)
        return {
            "MessageId": _message_id(number),
            "ReceiptHandle": handle,
            "MD5OfBody": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
            "Body": text,
            "Attributes": {
                "SenderId": ACCOUNT,
                "SentTimestamp": str(int(letter.accepted_at * 1000)),
                "ApproximateReceiveCount": str(received),
                "ApproximateFirstReceiveTimestamp": str(int(now * 1000)),
            },
        }

    def _delete(self, handle: str) -> None:
        """Delete by any handle that was ever given out, as SQS does at its best; twice is no error."""
        number = _number(handle)
        if number is None:
            raise Refusal(
                "ReceiptHandleIsInvalid", f'The input receipt handle "{handle}" is not a valid receipt handle.'
            )
        with self._changed:
            message = self._hidden.get(number)
            if message is not None and message.handle == handle:
                del self._hidden[number], self._received[number]

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
                "ApproximateNumberOfMessagesDelayed": len(self._held),
                "VisibilityTimeout": _HIDDEN_SECONDS,
                "QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{NAME}",
            }
        return {"Attributes": {name: str(value) for name, value in known.items() if name in asked or "All" in asked}}


def older_name(code: str) -> str:
    """What an error was called when SQS spoke XML: it still says so beside the new name, and boto3 reports that one."""
    return _OLDER_NAMES.get(code, code)


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


def _message_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def _number(handle: str) -> int | None:
    found = re.fullmatch(r"00000000-0000-4000-8000-([0-9a-f]{12})#\d+", handle)
    return int(found[1], 16) if found else None
