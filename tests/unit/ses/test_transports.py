"""What both ways make of calls: in order, and never sure of what was not said."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.ses import limits
from mailer.ses.account import Account
from mailer.ses.bulk import SesBulkTransport
from mailer.ses.client import BODY, Answer, Meta, Reader, Sender
from mailer.ses.entry import Entry, Template
from mailer.ses.rate import AccountRate
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

    def get_account(self) -> Answer:
        """Never: it is the reader's to ask."""
        raise AssertionError("SES was asked: get_account")

    def send_email(self, **parameters: Any) -> Answer:
        """As it was told."""
        self.calls.append(json.loads(parameters[BODY]))
        return self.answer(self.calls[-1])

    def send_bulk_email(self, **parameters: Any) -> Answer:
        """As it was told."""
        return self.send_email(**parameters)

    def close(self) -> None:
        """There is nothing to close."""


class Silent(Reader):
    """Must not be asked: a test that gets an answer from it would be no test."""

    meta = Here()

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

    def list_suppressed_destinations(self, **parameters: Any) -> Answer:
        """Never."""
        raise AssertionError(f"SES was asked: list_suppressed_destinations {parameters}")

    def close(self) -> None:
        """There is nothing to close."""


def _never() -> Account:
    raise AssertionError("SES was asked: the account")


RATE = AccountRate(_never, clock=lambda: 0.0)
TEMPLATE = Template({"FromEmailAddress": "news@example.org"}, (), {})


def entry(number: int, template: Template = TEMPLATE, data: str = "{}") -> Entry:
    mailbox = f"reader{number}@example.com"
    link = "<https://example.org/u>"
    return Entry.make(mailbox, "m", f"{number}-1", template, mailbox=mailbox, unsubscribe=link, data=data)


def envelope(number: int) -> Envelope:
    return Envelope("news@example.org", f"reader{number}@example.com", b"letter", "m", f"{number}-1")


def people(call: dict[str, Any]) -> list[str]:
    return [each["Destination"]["ToAddresses"][0] for each in call["BulkEmailEntries"]]


def accepts(call: dict[str, Any]) -> Answer:
    return {"BulkEmailEntryResults": [{"Status": "SUCCESS", "MessageId": name} for name in people(call)]}


def bulk(answer: Callable[[dict[str, Any]], Answer]) -> tuple[SesBulkTransport, Told]:
    told = Told(answer)
    return SesBulkTransport(told, Silent(), at_once=2, account=RATE, people=50), told


def sent(transport: SesBulkTransport, entries: Sequence[Entry]) -> list[Receipt]:
    """All of them, by as many calls as the transport says; the receipts in the order of the entries."""
    receipts: dict[int, Receipt] = {}
    for places in transport.calls(entries):
        answers = transport.send([entries[place] for place in places])
        receipts.update(zip(places, answers, strict=True))
    return [receipts[place] for place in range(len(entries))]


def test_a_call_takes_as_many_people_as_it_may() -> None:
    transport, told = bulk(accepts)
    receipts = sent(transport, [entry(number) for number in range(120)])
    transport.close()
    assert receipts == [Accepted(f"reader{number}@example.com") for number in range(120)]
    assert [len(people(call)) for call in told.calls] == [50, 50, 20]
    assert transport.batch == 50


def test_raw_letters_have_a_call_each() -> None:
    transport = SesTransport(
        Told(lambda call: {"MessageId": call["Destination"]["ToAddresses"][0]}), Silent(), at_once=4, account=RATE
    )
    envelopes = [envelope(number) for number in range(3)]
    assert [list(places) for places in transport.calls(envelopes)] == [[0], [1], [2]]
    assert transport.send(envelopes) == [Accepted(f"reader{number}@example.com") for number in range(3)]
    transport.close()


def test_a_call_takes_as_much_as_fits_in_its_bytes() -> None:
    transport, told = bulk(accepts)
    sent(transport, [entry(number, data="x" * 240_000) for number in range(9)])
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
    receipts = sent(transport, [entry(1), entry(2)])
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
    receipts = sent(transport, [entry(number) for number in range(1, 9)])
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
    receipts = sent(transport, [entry(number) for number in range(count)])
    transport.close()
    assert receipts == [expected] * count


def test_each_audience_has_its_own_call_and_receipts_keep_their_order() -> None:
    other = Template({"FromEmailAddress": "news@example.org"}, (), {})
    transport, told = bulk(accepts)
    receipts = sent(transport, [entry(number, other if number % 2 else TEMPLATE) for number in range(10)])
    transport.close()
    assert receipts == [Accepted(f"reader{number}@example.com") for number in range(10)]
    assert sorted(len(people(call)) for call in told.calls) == [5, 5]


def test_nothing_to_carry_is_no_call() -> None:
    transport, told = bulk(accepts)
    assert list(transport.calls([])) == []
    transport.close()
    assert told.calls == []
