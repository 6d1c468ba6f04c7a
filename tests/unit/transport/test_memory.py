"""The transport that tests send through does as it is told, and remembers what a mailbox would hold."""

import pytest

from mailer.errors import TransportError
from mailer.transport.base import Accepted, Envelope, Lost, NotSent, Receipt, Refused, Transport
from mailer.transport.memory import LostAfterAccepting, MemoryTransport, in_turn


def envelope(delivery: str, mailing: str = "m") -> Envelope:
    return Envelope("news@example.org", "reader@example.org", b"words", mailing, delivery)


CALL = [envelope("1-1"), envelope("2-1"), envelope("3-1")]


def test_it_accepts_everything_unless_told_otherwise() -> None:
    transport: Transport = MemoryTransport()

    assert transport.send(CALL) == [Accepted("memory-1"), Accepted("memory-2"), Accepted("memory-3")]


def test_it_keeps_what_was_carried_and_counts_its_calls() -> None:
    transport = MemoryTransport()

    transport.send(CALL)
    transport.send(CALL[:1])

    assert transport.letters == [*CALL, CALL[0]]
    assert transport.asked == 2


def test_a_script_answers_in_turn() -> None:
    answers = [
        Refused("no such mailbox"),
        NotSent("too fast", pause="quota"),
        Lost("reset"),
        LostAfterAccepting("reset"),
    ]
    transport = MemoryTransport(in_turn(answers))

    receipts = transport.send([*CALL, envelope("4-1"), envelope("5-1")])

    expected: list[Receipt] = [
        Refused("no such mailbox"),
        NotSent("too fast", pause="quota"),
        Lost("reset"),
        Lost("reset"),
        Accepted("memory-2"),
    ]
    assert receipts == expected
    assert [letter.delivery for letter in transport.letters] == ["4-1", "5-1"]


def test_it_can_answer_by_the_envelope() -> None:
    transport = MemoryTransport(lambda letter: Refused("odd") if letter.delivery == "2-1" else None)

    assert transport.send(CALL) == [Accepted("memory-1"), Refused("odd"), Accepted("memory-2")]


def test_a_transport_error_means_that_nothing_was_carried() -> None:
    transport = MemoryTransport(in_turn([None, TransportError("no network")]))

    with pytest.raises(TransportError, match="no network"):
        transport.send(CALL)
    assert transport.letters == []


def test_a_crash_comes_in_the_middle_of_a_call() -> None:
    transport = MemoryTransport(in_turn([None, KeyboardInterrupt()]))

    with pytest.raises(KeyboardInterrupt):
        transport.send(CALL)
    assert transport.letters == CALL[:1]


def test_it_looks_up_what_was_carried() -> None:
    transport = MemoryTransport(in_turn([LostAfterAccepting(), Lost("reset")]))
    transport.send([*CALL, envelope("1-1", mailing="another")])

    assert transport.look_up("m", ["1-1", "2-1", "3-1", "4-1"]) == {
        "1-1": Accepted("memory-1"),
        "2-1": NotSent("it never arrived"),
        "3-1": Accepted("memory-2"),
        "4-1": NotSent("it never arrived"),
    }


def test_it_can_know_as_little_as_ses() -> None:
    transport = MemoryTransport(remembers=False)
    transport.send(CALL)

    assert transport.look_up("m", ["1-1"]) is None


def test_a_call_larger_than_the_batch_is_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="2 are the most"):
        MemoryTransport(batch=2).send(CALL)
