"""What cannot be read or stored is kept aside; it blocks nobody, and nothing is lost with it."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from mailer.errors import DatabaseError
from mailer.feedback.aside import count_aside, try_again
from mailer.feedback.intake import take
from mailer.feedback.tables import event_errors
from mailer.feedback.values import Feedback, Policies, Raw
from mailer.ses.events import read_event

from .conftest import NOW, Bureau, event, hashes


def test_garbage_is_kept_aside_and_everything_else_is_taken(bureau: Bureau) -> None:
    bureau.sent(range(1, 21))
    garbage = [f"garbage {number}" for number in range(1000)]
    good = [event("delivery", person) for person in range(1, 21)]
    taken = bureau.take(*garbage[:500], *good[:10], *garbage[500:], *good[10:])
    assert (taken.new, taken.unreadable) == (20, 1000)
    with bureau.database.reading() as connection:
        assert count_aside(connection) == 1000
        row = connection.execute(select(event_errors).order_by(event_errors.c.id)).first()
    assert row is not None
    assert (row.origin, row.problem[:8]) == ("here", "not JSON")
    assert bureau.take(*garbage[:3]).unreadable == 3
    with bureau.database.reading() as connection:
        assert count_aside(connection) == 1000


def _treacherous(text: str) -> Feedback | None:
    """A reader that lets something through which no database keeps."""
    feedback = read_event(text)
    if feedback is None or feedback.letter not in ((3, 1), (4, 1)):
        return feedback
    return replace(feedback, message_id="\ud800")


def test_an_event_that_cannot_be_stored_is_found_and_kept_aside_alone(bureau: Bureau) -> None:
    bureau.sent(range(1, 10))
    texts = [event("delivery", person) for person in range(1, 10)]
    taken = bureau.take("garbage", *texts, texts[0], read=_treacherous)
    assert (taken.new, taken.repeated, taken.unreadable) == (7, 1, 3)
    assert {person for person, row in bureau.rows().items() if "delivered_at" in row} == {1, 2, 5, 6, 7, 8, 9}
    with bureau.database.reading() as connection:
        problems = connection.execute(select(event_errors.c.problem)).scalars().all()
    assert sum(problem.startswith("read, but not stored") for problem in problems) == 2


def test_what_is_kept_aside_is_taken_when_it_can_be_read(bureau: Bureau) -> None:
    bureau.sent(range(1, 5))
    bureau.take(*[event("delivery", person) for person in range(1, 5)], "garbage", read=_treacherous)
    again = try_again(
        bureau.database,
        lambda raws: take(bureau.database, raws, read=read_event, hashes=hashes, now=NOW, policies=Policies()),
        stopped=lambda: False,
    )
    assert (again.new, again.unreadable) == (2, 1)
    with bureau.database.reading() as connection:
        assert count_aside(connection) == 1


def test_a_database_that_stores_nothing_is_an_error_and_no_poison(bureau: Bureau) -> None:
    bureau.sent([1])
    with bureau.database.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE event")
    with pytest.raises(DatabaseError):
        bureau.take(event("delivery", 1), "garbage")
    with bureau.database.reading() as connection:
        assert count_aside(connection) == 0
    assert "delivered_at" not in bureau.rows()[1]


def test_an_empty_batch_is_nothing(bureau: Bureau) -> None:
    assert take(bureau.database, [], read=read_event, hashes=hashes, now=NOW, policies=Policies()).new == 0
    assert (
        take(bureau.database, [Raw("")], read=read_event, hashes=hashes, now=NOW, policies=Policies()).unreadable == 1
    )
