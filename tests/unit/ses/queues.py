"""A queue as SQS has it, in memory: at least once, ten at a time, hidden until deleted; and its faults."""

import threading
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.ses.client import Answer, QueueClient

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/newsletter-events"


def client_error(code: str, status: int = 400) -> ClientError:
    """An error as SQS answers it."""
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "ReceiveMessage")


@dataclass
class Sqs(QueueClient):
    """Stands in for boto3's client."""

    waiting: list[str] = field(default_factory=list[str])
    hidden: dict[str, str] = field(default_factory=dict[str, str])
    deleted: list[str] = field(default_factory=list[str])
    faults: list[Exception] = field(default_factory=list[Exception])
    """Each is what one receiving call is answered with."""
    keep: bool = False
    """Deleting fails."""
    waits: list[int] = field(default_factory=list[int])
    numbers: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def receive_message(self, **parameters: Any) -> Answer:
        """Up to ten; nothing is ever waited for."""
        with self.lock:
            self.waits.append(parameters["WaitTimeSeconds"])
            if self.faults:
                raise self.faults.pop(0)
            most = parameters["MaxNumberOfMessages"]
            taken, self.waiting = self.waiting[:most], self.waiting[most:]
            messages: list[dict[str, str]] = []
            for text in taken:
                self.numbers += 1
                handle = f"h{self.numbers}"
                self.hidden[handle] = text
                messages.append({"MessageId": handle, "ReceiptHandle": handle, "Body": text})
            return {"Messages": messages} if messages else {}

    def delete_message_batch(self, **parameters: Any) -> Answer:
        """Up to ten."""
        assert 1 <= len(parameters["Entries"]) <= 10
        if self.keep:
            raise client_error("ServiceUnavailable", 503)
        with self.lock:
            self.deleted += [self.hidden.pop(each["ReceiptHandle"]) for each in parameters["Entries"]]
        return {"Successful": [{"Id": each["Id"]} for each in parameters["Entries"]]}

    def appear_again(self) -> None:
        """What was received and not deleted is there again."""
        self.waiting = [*self.hidden.values(), *self.waiting]
        self.hidden = {}

    def close(self) -> None:
        """Nothing to close."""
