"""A queue full of garbage, on both databases: nothing blocks it, nothing good is lost, nothing bad is forgotten."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select

from mailer.database.engine import Database
from mailer.feedback.aside import count_aside
from mailer.feedback.intake import take
from mailer.feedback.tables import events
from mailer.feedback.values import Policies, Taken
from mailer.ses.events import read_event
from mailer.ses.polling import Poll
from mailer.ses.queue import EventsQueue
from subscribers.suppressed import list_suppressed

from ...unit.ses.queues import URL, Sqs  # noqa: TID252  # tests are not a package
from .conftest import FIXTURES, NOW, hashes

TEMPLATES: list[Any] = [json.loads(path.read_text()) for path in sorted(Path(FIXTURES).glob("*.json"))]
STRANGE: list[Any] = [
    *(None, True, 0, -1, 10**30, 1e308, float("nan"), "", [], {}, [[]], [None], ["a", "a"], {"a": {"b": 1}}),
    *("\x00", "\ud800", "\u202e", "x" * 5_000, "<@>", "a@b.c", "Permanent", "Bounce", "not a time"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1-1", "99999999999-1", "2147483648-1"),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside a JSON value."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]  # JSON
    elif isinstance(value, list):
        items = list(enumerate(value))  # pyright: ignore[reportUnknownArgumentType]  # JSON
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def garbage(chance: Random) -> str:
    """An event with something strange in it, perhaps wrapped, perhaps with a broken character."""
    event = copy.deepcopy(chance.choice(TEMPLATES))
    for _ in range(chance.randrange(1, 4)):
        *path, last = chance.choice(list(places(event)))
        inner = event
        for key in path:
            inner = inner[key]
        inner[last] = chance.choice(STRANGE)
    text = json.dumps(event)
    if chance.random() < 0.3:
        text = json.dumps({"Type": chance.choice(["Notification", "X", 5]), "Message": text})
    if chance.random() < 0.3:
        place = chance.randrange(len(text))
        text = text[:place] + chance.choice('\x00"\n\udc00') + text[place + 1 :]
    return text


def bounce(number: int) -> str:
    event: dict[str, Any] = {
        "eventType": "Bounce",
        "bounce": {"bounceType": "Permanent", "timestamp": "2026-03-23T06:00:00.000Z", "feedbackId": f"f{number}"},
        "mail": {"messageId": f"m{number}", "destination": [f"gone{number:03}@example.net"]},
    }
    return json.dumps(event)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_garbage_messages_block_nobody(seed: int, database: Database) -> None:
    chance = Random(seed)
    texts = [garbage(chance) for _ in range(1_000)] + [bounce(number) for number in range(100)]
    chance.shuffle(texts)
    sqs = Sqs(list(texts))
    total = Taken()

    def observe(taken: Taken) -> None:
        nonlocal total
        total += taken

    Poll(
        EventsQueue(sqs, URL),
        lambda raws: take(database, raws, read=read_event, hashes=hashes, now=NOW, policies=Policies()),
        tidy=lambda: None,
        clock=lambda: 0.0,
        sleep=lambda _seconds: None,
        stopped=lambda: False,
        observe=observe,
        trouble=lambda _error: None,
    ).once()
    assert (len(sqs.deleted), sqs.hidden, sqs.waiting) == (1_100, {}, [])
    assert total.new + total.repeated + total.ignored + total.unreadable == 1_100
    with database.reading() as connection:
        suppressed = {one.key for one in list_suppressed(connection)}
        assert suppressed >= {f"gone{number:03}@example.net" for number in range(100)}
        assert connection.execute(select(func.count()).select_from(events)).scalar_one() == total.new
        assert 0 < count_aside(connection) <= total.unreadable
