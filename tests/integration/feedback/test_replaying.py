"""Replaying files of events, and trying again what was kept aside, on both databases."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from mailer.database.engine import Database
from mailer.errors import DatabaseError, MailerError
from mailer.feedback.aside import count_aside, list_aside, try_again
from mailer.feedback.intake import take
from mailer.feedback.reading import Reader
from mailer.feedback.tables import events
from mailer.feedback.values import BadEvent, Feedback, Policies, Raw, Taken
from mailer.ses import replaying
from mailer.ses.events import read_event
from mailer.ses.replaying import replay

from .conftest import NOW, hashes


def event(number: int = 1, **more: Any) -> str:
    mail = {"timestamp": "2026-03-23T06:00:00.000Z", "messageId": f"{number:04}", "destination": ["a@example.org"]}
    return json.dumps({"eventType": "Send", "mail": mail, "send": {}, **more})


def wrapped(text: str) -> str:
    return json.dumps({"Type": "Notification", "MessageId": "m", "TopicArn": "arn", "Message": text})


@dataclass
class Replaying:
    """Replays, and remembers what was said."""

    database: Database
    bad: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    batches: list[int] = field(default_factory=list[int])
    read: list[int] = field(default_factory=list[int])
    stop_after: int = 1_000_000

    def take_in(self, raws: Sequence[Raw], read: Reader = read_event) -> Taken:
        """Take events in for good."""
        self.batches.append(len(raws))
        return take(self.database, raws, read=read, hashes=hashes, now=NOW, policies=Policies())

    def replay(self, path: Path) -> Taken:
        """Replay a file."""
        return replay(
            path,
            self.take_in,
            stopped=lambda: len(self.batches) >= self.stop_after,
            observe=self.read.append,
            bad=lambda number, reason: self.bad.append((number, reason)),
        )

    def stored(self) -> tuple[int, int]:
        """How many events, and how many things kept aside."""
        with self.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(events)).scalar_one(), count_aside(connection)


@pytest.fixture
def replaying_into(database: Database) -> Replaying:
    return Replaying(database)


# --- a file ---------------------------------------------------------------------------------------------------------


def test_events_bare_and_wrapped_are_taken_in_and_a_second_time_changes_nothing(
    replaying_into: Replaying, tmp_path: Path
) -> None:
    path = tmp_path / "dump.jsonl"
    path.write_text(f"{event(1)}\n\n{wrapped(event(2))}\n  {event(3)}  \r\n{event(1)}")
    assert replaying_into.replay(path) == Taken(new=3, repeated=1, orphans=3)
    assert replaying_into.replay(path) == Taken(repeated=4)
    assert (replaying_into.stored(), replaying_into.bad) == ((3, 0), [])


def test_a_bad_line_is_said_with_its_number_and_keeps_nobody_else_out(
    replaying_into: Replaying, tmp_path: Path
) -> None:
    path = tmp_path / "dump.jsonl"
    lines = [b"\xef\xbb\xbf" + event(1).encode(), b"not JSON", b"", b"\xff\xfe", b"[]", b'{"eventType":"Bounce"}']
    lines += [
        b"x" * (replaying.MOST_LINE_BYTES + 1),
        b'{"a":"' + b"x" * (3 * replaying.MOST_LINE_BYTES),
        event(2).encode(),
    ]
    path.write_bytes(b"\n".join(lines))
    assert replaying_into.replay(path).new == 2
    assert [number for number, _ in replaying_into.bad] == [2, 4, 5, 6, 7, 8]
    assert dict(replaying_into.bad)[7] == "longer than 1,048,576 bytes"
    assert replaying_into.stored() == (2, 0)  # the file is there: nothing of it is kept aside


def test_a_long_file_is_taken_in_batch_by_batch(replaying_into: Replaying, tmp_path: Path) -> None:
    path = tmp_path / "dump.jsonl"
    path.write_text("".join(f"{event(number)}\n" for number in range(1_234)))
    assert replaying_into.replay(path).new == 1_234
    assert replaying_into.batches == [500, 500, 234]
    assert replaying_into.read[-1] == path.stat().st_size


def test_a_replay_that_was_stopped_is_finished_by_the_same_command(replaying_into: Replaying, tmp_path: Path) -> None:
    path = tmp_path / "dump.jsonl"
    path.write_text("".join(f"{event(number)}\n" for number in range(1_200)))
    replaying_into.stop_after = 1
    assert replaying_into.replay(path) == Taken(new=500, orphans=500)
    replaying_into.stop_after = 1_000_000
    assert replaying_into.replay(path) == Taken(new=700, repeated=500, orphans=700)


@pytest.mark.parametrize("text", ["", "\n\n", "  \n"])
def test_an_empty_file_says_nothing(text: str, replaying_into: Replaying, tmp_path: Path) -> None:
    path = tmp_path / "dump.jsonl"
    path.write_text(text)
    assert (replaying_into.replay(path), replaying_into.batches) == (Taken(), [])


def test_a_file_that_is_not_there_is_an_error_with_a_hint(replaying_into: Replaying, tmp_path: Path) -> None:
    with pytest.raises(MailerError, match="No such file") as error:
        replaying_into.replay(tmp_path / "dump.jsonl")
    assert "JSON Lines" in error.value.hint
    with pytest.raises(MailerError, match="Is a directory"):
        replaying_into.replay(tmp_path)


# --- what was kept aside --------------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_listed_in_the_order_in_which_it_came(replaying_into: Replaying) -> None:
    replaying_into.take_in([Raw(f"garbage {number}", "queue") for number in range(450)])
    with replaying_into.database.reading() as connection:
        found = list(list_aside(connection))
    assert sorted(one.raw for one in found) == sorted(f"garbage {number}" for number in range(450))
    assert [one.id for one in found] == sorted(one.id for one in found)
    assert (found[0].origin, found[0].problem.partition(":")[0], found[0].heard_at) == ("queue", "not JSON", NOW)


def test_what_a_later_program_can_read_is_taken_in_and_kept_aside_no_longer(replaying_into: Replaying) -> None:
    def dull(_text: str) -> Feedback | None:
        raise BadEvent("not known yet")

    good = [Raw(event(number), "queue") for number in range(3)]
    replaying_into.take_in([*good, Raw("garbage", "queue")], dull)
    assert replaying_into.stored() == (0, 4)
    again = try_again(replaying_into.database, replaying_into.take_in, stopped=lambda: False)
    assert again == Taken(new=3, unreadable=1, orphans=3)
    assert replaying_into.stored() == (3, 1)
    assert try_again(replaying_into.database, replaying_into.take_in, stopped=lambda: False) == Taken(unreadable=1)
    assert replaying_into.stored() == (3, 1)


def test_what_was_kept_aside_stays_when_it_cannot_be_stored_now(replaying_into: Replaying) -> None:
    replaying_into.take_in([Raw("garbage", "queue")])

    def full(_raws: Sequence[Raw]) -> Taken:
        raise DatabaseError("the disk is full")

    with pytest.raises(DatabaseError):
        try_again(replaying_into.database, full, stopped=lambda: False)
    assert replaying_into.stored() == (0, 1)


def test_trying_again_stops_when_it_is_asked_to(replaying_into: Replaying) -> None:
    replaying_into.take_in([Raw("garbage", "queue")])
    assert try_again(replaying_into.database, replaying_into.take_in, stopped=lambda: True) == Taken()
