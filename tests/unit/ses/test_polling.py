"""Emptying the queue of events: committed before deleted, in batches, for ever or once, whatever fails on the way."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import boto3.session  # pyright: ignore[reportMissingTypeStubs]  # it has none
import pytest
from botocore.exceptions import (  # pyright: ignore[reportMissingTypeStubs]  # it has none
    EndpointConnectionError,
    NoCredentialsError,
)

from mailer.errors import DatabaseError, MailerError, SettingsError
from mailer.feedback.values import Raw, Taken
from mailer.ses import polling
from mailer.ses.client import Answer, queue_client
from mailer.ses.polling import Poll
from mailer.ses.queue import EventsQueue, QueueError, open_queue, region_of

from .queues import URL, Sqs, client_error


@dataclass
class Desk:
    """A poll with everything that it is handed."""

    sqs: Sqs = field(default_factory=Sqs)
    batches: list[list[str]] = field(default_factory=list[list[str]])
    before_deletion: list[int] = field(default_factory=list[int])
    troubles: list[str] = field(default_factory=list[str])
    slept: float = 0.0
    tidied: int = 0
    time: float = 1000.0
    stop_after: Callable[["Desk"], bool] = lambda desk: not desk.sqs.waiting and not desk.sqs.faults
    faults: list[Exception] = field(default_factory=list[Exception])
    """What taking in fails with."""

    def poll(self) -> Poll:
        """The poll."""
        return Poll(
            EventsQueue(self.sqs, URL),
            self._take_in,
            tidy=self._tidy,
            clock=lambda: self.time,
            sleep=self._sleep,
            stopped=lambda: self.stop_after(self),
            observe=lambda _taken: None,
            trouble=lambda error: self.troubles.append("works" if error is None else _first_words(error)),
        )

    def _take_in(self, raws: Sequence[Raw]) -> Taken:
        if self.faults:
            raise self.faults.pop(0)
        assert {raw.origin for raw in raws} == {"queue"}
        self.before_deletion.append(len(self.sqs.deleted))
        self.batches.append([raw.text for raw in raws])
        return Taken(new=len(raws))

    def _sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.sqs.appear_again()

    def _tidy(self) -> None:
        self.tidied += 1

    @property
    def taken(self) -> list[str]:
        """Every text that was taken in, in order."""
        return [text for batch in self.batches for text in batch]


def _first_words(error: MailerError) -> str:
    return str(error).partition(":")[0]


def never(_desk: Desk) -> bool:
    return False


# --- once -----------------------------------------------------------------------------------------------------------


def test_once_takes_in_everything_deletes_it_and_ends() -> None:
    texts = [f"event {number}" for number in range(1_234)]
    desk = Desk(Sqs(list(texts)), stop_after=never)
    poll = desk.poll()
    poll.once()
    assert sorted(desk.taken) == sorted(desk.sqs.deleted) == sorted(texts)
    assert (poll.taken, desk.sqs.hidden, desk.tidied) == (Taken(new=1_234), {}, 1)


def test_a_batch_is_committed_before_any_of_it_is_deleted() -> None:
    desk = Desk(Sqs([str(number) for number in range(1_000)]), stop_after=never)
    desk.poll().once()
    sizes = [len(batch) for batch in desk.batches]
    assert desk.before_deletion == [sum(sizes[:number]) for number in range(len(sizes))]


def test_many_small_messages_are_one_commit_and_large_ones_several() -> None:
    small = Desk(Sqs(["x"] * 500), stop_after=never)
    small.poll().once()
    assert [len(batch) for batch in small.batches] == [490, 10]
    large = Desk(Sqs(["x" * 1_000_000] * 100), stop_after=never)
    large.poll().once()
    assert [len(batch) for batch in large.batches] == [50, 50]


def test_the_last_question_is_a_long_poll_because_a_short_one_asks_some_servers_only() -> None:
    desk = Desk(stop_after=never)
    desk.poll().once()
    assert (desk.sqs.waits, desk.batches) == ([polling.ONCE_WAIT], [])
    assert polling.ONCE_WAIT > 0


@pytest.mark.parametrize("fault", [client_error("ServiceUnavailable", 503), client_error("AccessDenied", 403)])
def test_once_ends_with_the_error_and_what_was_taken_in_before_is_known(fault: Exception) -> None:
    desk = Desk(Sqs([f"event {number}" for number in range(5)]), stop_after=never)
    poll = desk.poll()
    desk.sqs.keep = True
    with pytest.raises(QueueError):
        poll.once()
    assert poll.taken == Taken(new=5)
    desk.sqs.faults.append(fault)
    with pytest.raises(QueueError):
        poll.once()


def test_a_crash_between_commit_and_deletion_repeats_the_events_and_loses_none() -> None:
    desk = Desk(Sqs(["a", "b"]), stop_after=never)
    desk.sqs.keep = True
    with pytest.raises(QueueError):
        desk.poll().once()
    desk.sqs.keep = False
    desk.sqs.appear_again()
    desk.poll().once()
    assert (desk.taken, desk.sqs.deleted) == (["a", "b", "a", "b"], ["a", "b"])


def test_what_could_not_be_committed_is_not_deleted() -> None:
    desk = Desk(Sqs(["a", "b"]), stop_after=never, faults=[DatabaseError("the disk is full")])
    with pytest.raises(DatabaseError):
        desk.poll().once()
    assert (desk.sqs.deleted, sorted(desk.sqs.hidden.values())) == ([], ["a", "b"])


# --- for ever -------------------------------------------------------------------------------------------------------


def test_for_ever_waits_as_long_as_sqs_lets_it_and_ends_when_it_is_asked_to() -> None:
    desk = Desk(Sqs(["a", "b"]))
    desk.poll().for_ever()
    assert (desk.taken, desk.sqs.deleted, desk.sqs.waits) == (["a", "b"], ["a", "b"], [20])


class Silent(Sqs):
    """Nothing comes, for as long as the call waits."""

    def __init__(self) -> None:
        super().__init__()
        self.over = threading.Event()

    def receive_message(self, **parameters: Any) -> Answer:
        """Wait."""
        self.waits.append(parameters["WaitTimeSeconds"])
        self.over.wait(10)
        return {}


def test_a_stop_does_not_wait_for_a_long_poll() -> None:
    silent = Silent()
    desk = Desk(silent, stop_after=lambda desk: bool(desk.sqs.waits))
    began = time.monotonic()
    desk.poll().for_ever()
    assert (time.monotonic() - began < 5, desk.batches) == (True, [])
    silent.over.set()


@pytest.mark.parametrize(
    "fault",
    [
        EndpointConnectionError(endpoint_url=URL),
        client_error("ServiceUnavailable", 503),
        client_error("RequestThrottled"),
        client_error("AWS.SimpleQueueService.OverLimit"),
    ],
)
def test_what_passes_by_itself_is_waited_out_ever_longer(fault: Exception) -> None:
    desk = Desk(Sqs(["a"], faults=[fault] * 3))
    desk.poll().for_ever()
    assert desk.troubles == [f"the queue {URL} cannot be read".partition(":")[0]] * 3 + ["works"]
    assert (desk.slept, desk.taken) == (pytest.approx(2 + 4 + 8), ["a"])


def test_a_database_that_is_held_by_somebody_else_is_waited_out_and_the_events_come_again() -> None:
    held = DatabaseError("another process holds the database")
    desk = Desk(Sqs(["a"]), faults=[held], stop_after=lambda desk: bool(desk.sqs.deleted))
    desk.poll().for_ever()
    assert (desk.troubles, desk.taken, desk.sqs.deleted) == (
        ["another process holds the database", "works"],
        ["a"],
        ["a"],
    )


@pytest.mark.parametrize(
    ("fault", "hint"),
    [
        (client_error("AWS.SimpleQueueService.NonExistentQueue"), "MAILER_EVENTS_QUEUE_URL"),
        (client_error("AccessDenied", 403), "sqs:ReceiveMessage"),
        (client_error("InvalidClientTokenId", 403), "AWS_PROFILE"),
        (NoCredentialsError(), "AWS_PROFILE"),
    ],
)
def test_what_does_not_pass_by_itself_is_said_with_the_next_step(fault: Exception, hint: str) -> None:
    desk = Desk(Sqs(["a"], faults=[fault]), stop_after=never)
    with pytest.raises(QueueError) as error:
        desk.poll().for_ever()
    assert hint in error.value.hint
    assert desk.slept == 0


def test_a_long_pause_ends_when_somebody_asks_us_to_stop() -> None:
    fault = EndpointConnectionError(endpoint_url=URL)
    desk = Desk(Sqs(faults=[fault] * 1_000), stop_after=lambda desk: desk.slept > 300)
    desk.poll().for_ever()
    assert 300 < desk.slept < 301


class OneAtATime(Sqs):
    """Hands out single messages."""

    def receive_message(self, **parameters: Any) -> Answer:
        """At most one."""
        return super().receive_message(**(parameters | {"MaxNumberOfMessages": 1}))


def test_what_is_stored_is_put_in_order_at_first_and_then_every_ten_minutes() -> None:
    def stop(desk: Desk) -> bool:
        desk.time = 1000.0 + 200 * len(desk.batches)  # each batch takes 200 seconds
        return len(desk.batches) == 7

    desk = Desk(OneAtATime([str(number) for number in range(7)]), stop_after=stop)
    desk.poll().for_ever()
    assert desk.tidied == 3


# --- the setting ----------------------------------------------------------------------------------------------------


def test_without_a_queue_the_error_says_the_next_step() -> None:
    with pytest.raises(SettingsError, match="MAILER_EVENTS_QUEUE_URL is not set") as error:
        open_queue("", threads=1)
    assert "docs/events.md" in error.value.hint


@pytest.mark.parametrize(
    "url",
    ["newsletter-events", "arn:aws:sqs:eu-west-1:123456789012:newsletter-events", URL + "/", URL + " ", "https://x/y"],
)
def test_what_is_no_queues_url_is_said(url: str) -> None:
    with pytest.raises(SettingsError, match="not the URL of an SQS queue"):
        open_queue(url, threads=1)


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (URL, "eu-west-1"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/events", "cn-north-1"),
        ("http://127.0.0.1:8054/000000000000/newsletter-events", "us-east-1"),
    ],
)
def test_a_queue_is_asked_in_its_own_region(url: str, region: str) -> None:
    session = boto3.session.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1")
    client: Any = queue_client(1, session, region_of(url))
    assert client.meta.region_name == region
    client.close()
    open_queue(url, threads=1, session=session).close()
