"""What both ways make of calls: side by side, in order, and never sure of what was not said."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.ses import limits
from mailer.ses.bulk import SesBulkTransport
from mailer.ses.client import Answer, Meta, Reader, Sender
from mailer.ses.entries import Entry, Template
from mailer.ses.transport import SesTransport
from mailer.transport.base import Accepted, Envelope, Lost, NotSent, Receipt, Refused


@dataclass
class Here(Meta):
    """A client for Amazon's own endpoint."""

    region_name: str = "eu-west-1"
    endpoint_url: str = "https://email.eu-west-1.amazonaws.com"


@dataclass
class Told(Sender):
    """Answers a call as it is told, and remembers it."""

    answer: Callable[[dict[str, Any]], Answer]
    calls: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    meta: Meta = field(default_factory=Here)

    def send_email(self, **parameters: Any) -> Answer:
        """As it was told."""
        self.calls.append(parameters)
        return self.answer(parameters)

    def send_bulk_email(self, **parameters: Any) -> Answer:
        """As it was told."""
        self.calls.append(parameters)
        return self.answer(parameters)

    def close(self) -> None:
        """There is nothing to close."""


class Silent(Reader):
    """Must not be asked: a test that gets an answer from it would be no test."""

    def get_account(self) -> Answer:
        """Never."""
        raise AssertionError("SES was asked: get_account")

    def get_email_identity(self, **parameters: Any) -> Answer:
        """Never."""
        raise AssertionError(f"SES was asked: get_email_identity {parameters}")

    def get_configuration_set(self, **parameters: Any) -> Answer:
        """Never."""
        raise AssertionError(f"SES was asked: get_configuration_set {parameters}")

    def get_configuration_set_event_destinations(self, **parameters: Any) -> Answer:
        """Never."""
        raise AssertionError(f"SES was asked: get_configuration_set_event_destinations {parameters}")

    def close(self) -> None:
        """There is nothing to close."""


TEMPLATE = Template({"FromEmailAddress": "news@example.org"}, (), {})


def entry(number: int, template: Template = TEMPLATE, data: str = "{}") -> Entry:
    mailbox = f"reader{number}@example.com"
    return Entry(mailbox, "m", f"{number}-1", template, mailbox, "<https://example.org/u>", data)


def envelope(number: int) -> Envelope:
    return Envelope("news@example.org", f"reader{number}@example.com", b"letter", "m", f"{number}-1")


def people(call: dict[str, Any]) -> list[str]:
    return [each["Destination"]["ToAddresses"][0] for each in call["BulkEmailEntries"]]


def accepts(call: dict[str, Any]) -> Answer:
    return {"BulkEmailEntryResults": [{"Status": "SUCCESS", "MessageId": name} for name in people(call)]}


def bulk(answer: Callable[[dict[str, Any]], Answer], threads: int = 2) -> tuple[SesBulkTransport, Told]:
    told = Told(answer)
    return SesBulkTransport(told, Silent(), threads=threads, rate=100), told


def test_as_many_letters_as_there_are_threads_are_in_the_call_at_the_same_time() -> None:
    together = threading.Barrier(4, timeout=10)

    def answer(call: dict[str, Any]) -> Answer:
        together.wait()
        return {"MessageId": call["Destination"]["ToAddresses"][0]}

    transport = SesTransport(Told(answer), Silent(), threads=4)
    receipts = transport.send([envelope(number) for number in range(8)])
    transport.close()
    assert receipts == [Accepted(f"reader{number}@example.com") for number in range(8)]


def test_as_many_bulk_calls_as_there_are_threads_run_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=10)

    def answer(call: dict[str, Any]) -> Answer:
        together.wait()
        return accepts(call)

    transport, told = bulk(answer)
    receipts = transport.send([entry(number) for number in range(100)])
    transport.close()
    assert receipts == [Accepted(f"reader{number}@example.com") for number in range(100)]
    assert [len(people(call)) for call in told.calls] == [50, 50]
    assert transport.batch == 100


def test_a_call_takes_as_much_as_fits_in_its_bytes() -> None:
    transport, told = bulk(accepts)
    transport.send([entry(number, data="x" * 240_000) for number in range(9)])
    transport.close()
    assert sorted(len(people(call)) for call in told.calls) == [1, 4, 4]
    assert limits.LARGEST_CALL < 5 * 240_000


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"BulkEmailEntryResults": None},
        {"BulkEmailEntryResults": []},
        {"BulkEmailEntryResults": [{"Status": "SUCCESS", "MessageId": "1"}]},
        {"BulkEmailEntryResults": [{"Status": "SUCCESS", "MessageId": "1"}] * 3},
        {"BulkEmailEntryResults": ["SUCCESS", "SUCCESS"]},
    ],
)
def test_an_answer_that_does_not_say_who_got_what_is_lost(answer: Answer) -> None:
    transport, told = bulk(lambda _call: answer)
    receipts = transport.send([entry(1), entry(2)])
    transport.close()
    assert [type(receipt) for receipt in receipts] == [Lost, Lost]
    assert len(told.calls) == 1


def test_nobody_is_in_a_call_twice_when_a_refused_one_is_halved_and_an_answer_is_lost_on_the_way() -> None:
    """Entry 6 is refused with its whole call; the call with 1 and 2 in it is lost after it was carried out."""
    carried: list[str] = []

    def answer(call: dict[str, Any]) -> Answer:
        names = people(call)
        if "reader6@example.com" in names:
            raise ClientError({"Error": {"Code": "BadRequestException", "Message": "no"}}, "SendBulkEmail")
        carried.extend(names)
        if "reader1@example.com" in names:
            raise ConnectionResetError
        return accepts(call)

    transport, _ = bulk(answer)
    receipts = transport.send([entry(number) for number in range(1, 9)])
    transport.close()
    assert [type(receipt) for receipt in receipts] == [*[Lost] * 4, Accepted, Refused, Accepted, Accepted]
    assert carried == [f"reader{number}@example.com" for number in (1, 2, 3, 4, 5, 7, 8)]


def _refuses(_call: dict[str, Any]) -> Answer:
    raise ClientError({"Error": {"Code": "BadRequestException", "Message": "no"}}, "SendBulkEmail")


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, Refused("BadRequestException: no")),
        (4, Refused("BadRequestException: no")),
        (5, NotSent("BadRequestException: no", "refusals")),
    ],
)
def test_few_refusals_are_those_of_letters_and_a_whole_call_of_them_is_the_editions(
    count: int, expected: Receipt
) -> None:
    transport, _ = bulk(_refuses)
    receipts = transport.send([entry(number) for number in range(count)])
    transport.close()
    assert receipts == [expected] * count


def test_each_audience_has_its_own_call_and_receipts_keep_their_order() -> None:
    other = Template({"FromEmailAddress": "news@example.org"}, (), {})
    transport, told = bulk(accepts)
    receipts = transport.send([entry(number, other if number % 2 else TEMPLATE) for number in range(10)])
    transport.close()
    assert receipts == [Accepted(f"reader{number}@example.com") for number in range(10)]
    assert sorted(len(people(call)) for call in told.calls) == [5, 5]


def test_nothing_to_carry_is_no_call() -> None:
    transport, told = bulk(accepts)
    assert transport.send([]) == []
    transport.close()
    assert told.calls == []
