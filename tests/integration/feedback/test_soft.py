"""Soft bounces: five letters in a row over two weeks condemn an address; answers out of office and our own faults do not."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from mailer.feedback.values import Policies
from subscribers import book
from subscribers.lifecycle import SuppressionReason
from subscribers.suppressing import lift, suppress
from subscribers.tables import consent_events

from .conftest import NEWS, NOW, Bureau, address, event

DAY = 86_400
FULL = "bounce-mailbox-full"
UNDELIVERABLE = {(address(1), "undeliverable")}


def _sent(bureau: Bureau, issues: int, *people: int) -> None:
    bureau.people(people or [1])
    for issue in range(1, issues + 1):
        bureau.open(issue)
        bureau.claim(issue)


def _come_back(bureau: Bureau, days: Sequence[float], name: str = FULL) -> None:
    for issue, day in enumerate(days, start=1):
        bureau.take(event(name, 1, issue=issue, seconds=day * DAY))


@pytest.mark.parametrize("name", [FULL, "bounce-out-of-office", "bounce-undetermined", "bounce-of-a-new-type"])
def test_five_letters_in_a_row_over_two_weeks_make_an_address_undeliverable(bureau: Bureau, name: str) -> None:
    _sent(bureau, 5, 1, 2)
    _come_back(bureau, [0, 3, 7, 10], name)
    assert bureau.suppressed() == set()
    _come_back(bureau, [0, 3, 7, 10, 14], name)
    assert bureau.suppressed() == UNDELIVERABLE
    assert bureau.statuses(1) == {"subscribed"}


@pytest.mark.parametrize("days", [[0, 1, 2, 3, 13.9], [0, 0, 0, 0, 0], [0, 7, 14, 21]])
def test_fewer_of_them_or_a_shorter_time_do_not(bureau: Bureau, days: list[float]) -> None:
    _sent(bureau, len(days))
    _come_back(bureau, days)
    assert bureau.suppressed() == set()


@pytest.mark.parametrize("name", ["bounce-message-too-large", "bounce-content-rejected", "bounce-attachment-rejected"])
def test_what_came_back_because_of_the_letter_itself_never_counts(bureau: Bureau, name: str) -> None:
    _sent(bureau, 6)
    _come_back(bureau, [0, 5, 10, 15, 20, 25], name)
    assert bureau.suppressed() == set()


def test_a_delivery_in_between_begins_the_count_anew(bureau: Bureau) -> None:
    _sent(bureau, 8)
    _come_back(bureau, [0, 4, 8])
    bureau.take(event("delivery", 1, issue=4, seconds=10 * DAY))
    for issue, day in enumerate([12, 16, 20, 24], start=5):
        bureau.take(event(FULL, 1, issue=issue, seconds=day * DAY))
    assert bureau.suppressed() == set()


def test_an_answer_out_of_office_behind_a_delivery_never_counts_whichever_is_heard_first(bureau: Bureau) -> None:
    _sent(bureau, 5)
    days = [0, 4, 8, 12, 16]
    _come_back(bureau, days, "bounce-out-of-office")
    assert bureau.suppressed() == UNDELIVERABLE  # nobody could know better yet
    bureau.take(event("delivery", 1, issue=5, seconds=16 * DAY - 60))
    assert bureau.suppressed() == set()
    with bureau.database.reading() as connection:
        assert connection.execute(select(consent_events.c.action, consent_events.c.source)).all() == [
            ("lifted", "feedback")
        ]


def test_a_delivery_of_long_ago_acquits_nobody(bureau: Bureau) -> None:
    _sent(bureau, 6)
    _come_back(bureau, [0, 4, 8, 12, 16])
    bureau.take(event("delivery", 1, issue=6, seconds=-30 * DAY))
    assert bureau.suppressed() == UNDELIVERABLE


def test_what_somebody_else_called_undeliverable_is_not_lifted_by_a_delivery(bureau: Bureau) -> None:
    _sent(bureau, 1)
    with bureau.database.transaction() as connection:
        suppress(connection, address(1), SuppressionReason.UNDELIVERABLE, note="imported", now=NOW)
    bureau.take(event("delivery", 1))
    assert bureau.suppressed() == UNDELIVERABLE


def test_whoever_confirmed_again_begins_anew(bureau: Bureau) -> None:
    _sent(bureau, 6)
    _come_back(bureau, [-20, -16, -12, -8, -4])
    assert bureau.suppressed() == UNDELIVERABLE
    with bureau.database.transaction() as connection:
        book.confirm(connection, 1, NEWS, source="/confirm", now=NOW)
    bureau.take(event(FULL, 1, issue=6, seconds=DAY))
    assert bureau.suppressed() == set()


def test_after_an_operator_lifted_it_the_count_begins_anew(bureau: Bureau) -> None:
    _sent(bureau, 6)
    _come_back(bureau, [-20, -16, -12, -8, -4])
    with bureau.database.transaction() as connection:
        lift(connection, address(1), SuppressionReason.UNDELIVERABLE, note="they called", now=NOW)
    bureau.take(event(FULL, 1, issue=6, seconds=DAY))
    assert bureau.suppressed() == set()


def test_how_many_over_how_many_days_is_a_policy(bureau: Bureau) -> None:
    bureau.policies = Policies(soft_bounces=2, soft_bounces_days=0)
    _sent(bureau, 2)
    _come_back(bureau, [0, 0])
    assert bureau.suppressed() == UNDELIVERABLE
