"""Letters that SES composes: the same as the raw ones, up to 50 in a call, and what became of each."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.errors import LetterError
from mailer.local_ses.letters import AcceptedLetter
from mailer.local_ses.server import Server
from mailer.ses.bulk import SesBulkTransport, people_a_call
from mailer.ses.entries import Entry
from mailer.ses.transport import SesTransport
from mailer.transport.base import Accepted, Lost, NotSent, Receipt, Refused

from .letters import MAILING, entries, entry, envelope

SES_WRITES_THEM = {"Date", "Message-ID", "MIME-Version", "Content-Type"}
WORDS = st.text(max_size=30) | st.sampled_from(["Zoë", "{{name}}", "a\\", '<b>"&', "=?utf-8?q?x?=", "{", "}"])


def seen(letter: AcceptedLetter) -> tuple[object, ...]:
    """All of a letter that a reader or a program of theirs can see."""
    headers = {name: value for name, value in letter.headers if name not in SES_WRITES_THEM}
    return (headers, letter.subject, letter.text, letter.html, letter.tags, letter.recipient, letter.configuration_set)


def sent(bulk: SesBulkTransport, people: Sequence[Entry]) -> list[Receipt]:
    """All of them, by as many calls as the transport says; the receipts in the order of the people."""
    receipts: dict[int, Receipt] = {}
    for places in bulk.calls(people):
        receipts.update(zip(places, bulk.send([people[place] for place in places]), strict=True))
    return [receipts[place] for place in range(len(people))]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.tuples(WORDS, WORDS), segments=st.sampled_from([(), ("tag:pro",)]))
def test_the_letter_that_arrives_is_the_same_both_ways(
    raw: SesTransport, bulk: SesBulkTransport, server: Server, names: tuple[str, str], segments: tuple[str, ...]
) -> None:
    name, first_name = names
    whole = envelope(7, name=name, first_name=first_name, segments=segments)
    person = entry(entries(), 7, name=name, first_name=first_name, segments=segments)
    receipts = [*raw.send([whole]), *bulk.send([person])]
    one, other = server.local_ses.accepted[-2:]
    assert [type(receipt) for receipt in receipts] == [Accepted, Accepted]
    assert (one.operation, other.operation) == ("SendEmail", "SendBulkEmail")
    assert seen(other) == seen(one)
    assert other.tags == {"mailing": MAILING, "delivery": "7-1"}


def test_120_people_of_two_audiences_get_each_their_own_in_order(bulk: SesBulkTransport, server: Server) -> None:
    made = entries()
    people = [
        entry(made, number, first_name=f"N{number}", segments=("tag:pro",) if number % 3 else ())
        for number in range(1, 121)
    ]
    receipts = sent(bulk, people)
    arrived = {letter.recipient: letter for letter in server.local_ses.accepted}
    assert receipts == [Accepted(arrived[each.recipient].message_id) for each in people]
    assert len(server.local_ses.accepted) == 120
    assert [("For you alone" in arrived[each.recipient].text) for each in people] == [
        bool(number % 3) for number in range(1, 121)
    ]
    assert all(f"Guten Morgen, N{number}\n" in arrived[f"reader{number}@example.com"].text for number in range(1, 121))


def test_values_too_large_for_one_call_go_in_several(bulk: SesBulkTransport, server: Server) -> None:
    made = entries()
    receipts = sent(bulk, [entry(made, number, first_name="é" * 5_000) for number in range(1, 21)])
    assert [type(receipt) for receipt in receipts] == [Accepted] * 20
    assert len(server.local_ses.accepted) == 20


def test_values_that_are_too_large_for_any_call_are_one_persons_trouble() -> None:
    with pytest.raises(LetterError) as caught:
        entry(entries(), 1, first_name="x" * 300_000)
    assert str(caught.value) == "SES would not take the letter: its values are longer than 262,144 characters"


@pytest.mark.parametrize("email", ["zoë@example.org", "a" * 65 + "@example.org", "a@example.org\r\nBcc: b@example.org"])
def test_an_address_that_ses_would_not_take_is_one_persons_trouble(email: str) -> None:
    with pytest.raises(LetterError):
        entry(entries(), 1, email=email)


def test_a_call_that_is_refused_for_one_entry_reaches_all_the_others(bulk: SesBulkTransport, server: Server) -> None:
    made = entries()
    # A host without a dot is an address by RFC 5321; SES refuses the whole call for it.
    people = [entry(made, number, email="root@localhost" if number in {17, 18} else "") for number in range(1, 51)]
    receipts = sent(bulk, people)
    assert Counter(type(receipt) for receipt in receipts) == {Accepted: 48, Refused: 2}
    assert [number for number, receipt in enumerate(receipts, start=1) if isinstance(receipt, Refused)] == [17, 18]
    assert Counter(letter.recipient for letter in server.local_ses.accepted) == {
        each.recipient: 1 for each in people if each.recipient != "root@localhost"
    }


def test_a_refusal_of_everybody_is_the_editions_fault_and_nobody_is_refused(
    bulk: SesBulkTransport, server: Server
) -> None:
    server.local_ses.change_options({"fail_next": 1_000, "fail_code": "BadRequestException", "fail_status": 400})
    made = entries()
    receipts = sent(bulk, [entry(made, number) for number in range(1, 21)])
    assert {(type(receipt), getattr(receipt, "pause", "")) for receipt in receipts} == {(NotSent, "refusals")}


def test_each_entry_has_its_own_outcome(bulk: SesBulkTransport, server: Server) -> None:
    statuses = {
        "reader2@example.com": "MESSAGE_REJECTED",
        "reader3@example.com": "TRANSIENT_FAILURE",
        "reader4@example.com": "ACCOUNT_DAILY_QUOTA_EXCEEDED",
        "reader5@example.com": "ACCOUNT_SENDING_PAUSED",
    }
    server.local_ses.change_options({"fail_addresses": statuses})
    made = entries()
    receipts = sent(bulk, [entry(made, number) for number in range(1, 7)])
    assert [(type(receipt), getattr(receipt, "pause", "")) for receipt in receipts] == [
        (Accepted, ""),
        (Refused, ""),
        (NotSent, ""),
        (NotSent, "quota"),
        (NotSent, "account"),
        (Accepted, ""),
    ]
    assert len(server.local_ses.accepted) == 2


@pytest.mark.parametrize(
    ("options", "expected", "arrived"),
    [
        pytest.param({"lose_next": 1}, Lost, 50, id="the answer is lost"),
        pytest.param({"fail_next": 1}, Lost, 0, id="500"),
        pytest.param({"fail_next": 1, "fail_accepted": True}, Lost, 50, id="500, and yet sent"),
        pytest.param({"throttle_next": 1}, NotSent, 0, id="throttled"),
        pytest.param({"paused": True}, NotSent, 0, id="paused"),
    ],
)
def test_one_call_is_asked_once_and_its_receipts_say_what_is_known(
    bulk: SesBulkTransport, server: Server, options: dict[str, object], expected: type, arrived: int
) -> None:
    server.local_ses.change_options(options)
    made = entries()
    receipts = sent(bulk, [entry(made, number) for number in range(1, 51)])
    assert ([type(receipt) for receipt in receipts], len(server.local_ses.accepted)) == ([expected] * 50, arrived)


def test_a_call_holds_50_people_and_no_more_than_a_second_may() -> None:
    assert [people_a_call(rate) for rate in (0.5, 1, 14, 14.9, 50, 10_000)] == [1, 1, 14, 14, 50, 50]


def test_a_name_for_which_there_is_no_room_is_left_out() -> None:
    made = entries()
    assert entry(made, 1, name="Zoë").mailbox == "=?utf-8?q?Zo=C3=AB?= <reader1@example.com>"
    assert entry(made, 1, name="Ω" * 100).mailbox == "<reader1@example.com>"
