"""What is heard of a notice afterwards, and how notices are forgotten."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from mailer.database.engine import Database
from mailer.ledger import notices
from mailer.ledger.notice_tables import notices as table
from mailer.ledger.states import State
from mailer.transport.base import Lost

from .notice_office import NOW, Office, answering


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


def test_an_event_with_our_tag_proves_an_uncertain_notice(office: Office) -> None:
    answering(office, Lost("timed out"))
    office.add(7)
    office.send()
    with office.database.transaction() as connection:
        found = notices.by_tag(connection, "7-1")
        assert found is not None
        assert notices.prove(connection, found, "ses-1", NOW)
        assert not notices.prove(connection, found, "ses-1", NOW)
    assert office.states() == {7: ("accepted", None, 1)}


@pytest.mark.parametrize("tag", ["", "7", "7-", "-1", "7-0", "7-2", "8-1", "x-1", "7-1-1", "٧-1", f"{10**30}-1"])
def test_a_tag_that_names_no_attempt_of_a_notice_finds_none(office: Office, tag: str) -> None:
    office.add(7)
    office.send()
    with office.database.reading() as connection:
        assert notices.by_tag(connection, tag) is None


def test_of_a_fact_the_earliest_that_was_heard_stays(office: Office) -> None:
    office.add(7)
    office.send()
    with office.database.transaction() as connection:
        found = notices.by_tag(connection, "7-1")
        assert found is not None
        heard = [
            notices.hear(connection, found, "delivered_at", NOW + timedelta(seconds=seconds)) for seconds in (9, 5, 7)
        ]
        delivered = connection.execute(select(table.c.delivered_at)).scalar_one()
    assert (heard, delivered) == ([True, True, False], NOW + timedelta(seconds=5))


def test_what_is_settled_and_old_is_forgotten_and_what_is_pending_is_not(office: Office) -> None:
    office.add(1)
    office.add(2, "b@example.org")
    office.send()
    with office.database.transaction() as connection:
        connection.execute(update(table).where(table.c.id == 2).values(state=State.PENDING.value, settled_at=None))
        assert notices.forget_old(connection, NOW + timedelta(days=1)) == 1
    assert list(office.states()) == [2]


def test_an_erased_person_leaves_no_notice(office: Office) -> None:
    office.add(1, "Ada@example.org")
    office.add(2, "b@example.org")
    with office.database.transaction() as connection:
        assert notices.forget(connection, "ada@example.org") == 1
    assert list(office.states()) == [2]
