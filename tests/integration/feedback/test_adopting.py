"""Events without our tags that are quicker than our own answer: they find their letter later, and are counted once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import select

from mailer.feedback.adopting import PAGE, TILL, adopt
from mailer.feedback.applying import Terms
from mailer.feedback.stories import stories
from mailer.feedback.tables import events
from mailer.feedback.values import Policies, Taken
from mailer.ledger.states import State
from mailer.ledger.tally import tallies
from subscribers.lifecycle import SuppressionReason
from subscribers.suppressing import lift

from .conftest import NOW, Bureau, address, event, hashes
from .test_facts import AT


def _adopt(bureau: Bureau, *, later: timedelta = timedelta(seconds=5), pages: int | None = None) -> Taken:
    return adopt(bureau.database, Terms(hashes, NOW + later, bureau.policies), pages=pages)


def _too_early(bureau: Bureau, people: int, *texts: str) -> Taken:
    """Events that come while the calls for these people's letters are not answered yet; and then they are."""
    bureau.people(range(1, people + 1))
    bureau.open()
    claim = bureau.claim()
    taken = bureau.take(*texts)
    bureau.settle(claim, State.ACCEPTED)
    return taken


def test_an_event_without_tags_that_came_before_our_answer_finds_its_letter_once(bureau: Bureau) -> None:
    early = _too_early(bureau, 2, event("notification-delivery", 1), event("notification-bounce", 2))
    assert (early.new, early.orphans, early.suppressed) == (2, 2, 1)
    assert _adopt(bureau) == Taken(adopted=2)
    assert _adopt(bureau) == Taken()
    rows = bureau.rows()
    assert (rows[1]["delivered_at"], rows[2]["hard_bounced_at"]) == (AT, AT)
    with bureau.database.reading() as connection:
        assert connection.execute(select(tallies.c.delivered, tallies.c.hard_bounced, tallies.c.final)).one() == (
            1,
            1,
            2,
        )
        (story,) = stories(connection, 2)
    assert story.standing == "bounced"
    assert [moment.what.split(" (")[0] for moment in story.moments if moment.at == AT] == ["hard bounce"]


def test_a_suppression_that_somebody_lifted_meanwhile_does_not_come_back(bureau: Bureau) -> None:
    _too_early(bureau, 1, event("notification-bounce", 1), event("notification-complaint", 1))
    with bureau.database.transaction() as connection:
        lift(connection, address(1), SuppressionReason.BOUNCED, note="a new mailbox", now=NOW)
    assert _adopt(bureau).adopted == 2
    assert bureau.suppressed() == {(address(1), "complained")}


def test_the_guard_hears_of_bounces_that_came_too_early(bureau: Bureau) -> None:
    bureau.policies = Policies(guard_bounces_after=2)
    _too_early(bureau, 3, *[event("notification-bounce", person) for person in (1, 2)])
    assert _adopt(bureau).paused == (("news", 1, "guard-bounces"),)
    assert bureau.mailing() == ("paused", "guard-bounces")


def test_only_orphans_of_the_last_two_days_are_looked_at_and_foreign_ones_stay(bureau: Bureau) -> None:
    foreign = event("notification-delivery", 1, messageId="somebody-else")
    _too_early(bureau, 1, event("notification-delivery", 1), foreign)
    assert _adopt(bureau, later=TILL + timedelta(seconds=1)) == Taken()
    assert _adopt(bureau, later=TILL) == Taken(adopted=1)
    with bureau.database.reading() as connection:
        left = select(events.c.message_id).where(events.c.subscriber_id.is_(None))
        assert connection.execute(left).scalars().all() == ["somebody-else"]


def test_more_than_one_page_is_found_and_a_single_look_begins_with_the_newest(bureau: Bureau) -> None:
    people = PAGE + 20
    _too_early(bureau, people, *[event("notification-delivery", person) for person in range(1, people + 1)])
    assert _adopt(bureau, pages=1) == Taken(adopted=PAGE)
    assert _adopt(bureau) == Taken(adopted=20)
    assert Counter("delivered_at" in row for row in bureau.rows().values()) == {True: people}


def test_two_who_look_at_once_count_nothing_twice(bureau: Bureau) -> None:
    _too_early(bureau, 100, *[event("notification-delivery", person) for person in range(1, 101)])
    with ThreadPoolExecutor(4) as threads:
        found = [each.result() for each in [threads.submit(_adopt, bureau) for _ in range(4)]]
    assert sum(each.adopted for each in found) == 100
    with bureau.database.reading() as connection:
        assert connection.execute(select(tallies.c.delivered, tallies.c.final)).one() == (100, 100)
