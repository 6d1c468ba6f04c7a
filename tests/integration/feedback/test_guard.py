"""The guard: a running mailing pauses in every process, at the shares that are set, and not before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from mailer.feedback.guard import verdict
from mailer.feedback.values import Policies
from mailer.ledger import mailings
from mailer.ledger.tables import deliveries
from mailer.ledger.tally import Counts, tallies

from .conftest import Bureau, event

SMALL = Policies(guard_bounces_after=20, guard_complaints=0.1, guard_complaints_after=10, guard_complaints_least=2)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        (Counts(final=199, hard_bounced=199), None),
        (Counts(final=200, delivered=191, hard_bounced=9), None),
        (Counts(final=200, delivered=190, hard_bounced=10), "guard-bounces"),
        (Counts(final=10_000, delivered=9_501, hard_bounced=499), None),
        (Counts(final=10_000, delivered=9_500, hard_bounced=500), "guard-bounces"),
        (Counts(final=1_999, delivered=1_999, complained=100), None),
        (Counts(final=2_000, delivered=2_000, complained=2), None),
        (Counts(final=2_000, delivered=2_000, complained=3), "guard-complaints"),
        (Counts(final=4_000, delivered=4_000, complained=3), None),
        (Counts(final=4_000, delivered=4_000, complained=4), "guard-complaints"),
        (Counts(), None),
    ],
)
def test_a_mailing_pauses_at_these_counts_and_at_no_lesser_ones(counts: Counts, reason: str | None) -> None:
    assert verdict(counts, Policies()) == reason


def test_hard_bounces_pause_a_mailing_and_no_sender_claims_any_more(bureau: Bureau) -> None:
    bureau.policies = SMALL
    bureau.people(range(1, 31))
    bureau.open()
    for person in range(1, 20):
        taken = bureau.take(event("bounce-permanent" if person == 1 else "delivery", person))
        assert taken.paused == ()
    assert bureau.take(event("delivery", 20)).paused == (("news", 1, "guard-bounces"),)
    assert bureau.mailing() == ("paused", "guard-bounces")
    assert bureau.claim().deliveries == ()


def test_complaints_pause_a_mailing(bureau: Bureau) -> None:
    bureau.policies = SMALL
    bureau.sent(range(1, 16))
    bureau.take(*[event("delivery", person) for person in range(1, 16)])
    assert bureau.take(event("complaint", 1)).paused == ()
    assert bureau.take(event("complaint", 2)).paused == (("news", 1, "guard-complaints"),)


def test_a_complaint_of_somebody_who_was_not_written_to_does_not_count(bureau: Bureau) -> None:
    bureau.policies = SMALL
    bureau.sent(range(1, 21))
    told = [event("complaint-on-account-suppression-list", person) for person in range(1, 6)]
    taken = bureau.take(*told, *[event("delivery", person) for person in range(6, 21)])
    assert (taken.paused, taken.suppressed) == ((), 5)


def test_whoever_resumes_has_seen_the_bounces_and_the_guard_judges_what_comes_from_then_on(bureau: Bureau) -> None:
    bureau.policies = SMALL
    bureau.sent(range(1, 61))
    bad = [event("bounce-permanent", person) for person in range(1, 11)]
    assert bureau.take(*bad, *[event("delivery", person) for person in range(11, 21)]).paused
    bureau.resume()
    assert bureau.take(*[event("delivery", person) for person in range(21, 41)]).paused == ()
    assert bureau.take(event("bounce-permanent", 41)).paused == ()
    assert bureau.take(event("bounce-permanent", 42)).paused == (("news", 1, "guard-bounces"),)


def test_a_pause_for_another_reason_hides_nothing_from_the_guard(bureau: Bureau) -> None:
    bureau.policies = SMALL
    bureau.sent(range(1, 31))
    with bureau.database.transaction() as connection:
        mailings.pause(connection, bureau.mailings[1], "operator")
    bad = [event("bounce-permanent", person) for person in range(1, 11)]
    assert bureau.take(*bad, *[event("delivery", person) for person in range(11, 21)]).paused == ()
    assert bureau.mailing() == ("paused", "operator")
    bureau.resume()
    assert bureau.take(event("delivery", 21)).paused == (("news", 1, "guard-bounces"),)


def test_the_tally_is_the_count_of_the_facts(bureau: Bureau) -> None:
    bureau.sent(range(1, 41))
    names = ["delivery", "bounce-permanent", "bounce-mailbox-full", "complaint", "reject"]
    told = [event(names[(person * step) % 5], person) for person in range(1, 41) for step in (1, 2, 3)]
    bureau.take(*told[:50])
    bureau.take(*told[40:], *told)
    facts = deliveries.c
    has = [facts[name].is_not(None) for name in ("delivered_at", "hard_bounced_at", "complained_at")]
    any_fact = has[0] | has[1] | has[2] | facts.rejected_at.is_not(None) | facts.soft_bounced_at.is_not(None)
    counted = [func.count().filter(condition) for condition in (any_fact, has[0], has[1], has[0] & has[2])]
    with bureau.database.reading() as connection:
        tally = connection.execute(select(tallies)).one()
        assert tuple(connection.execute(select(*counted)).one()) == (
            tally.final,
            tally.delivered,
            tally.hard_bounced,
            tally.complained,
        )
    assert tally.final == 40


@given(st.integers(0, 100_000), st.integers(0, 100_000))
def test_a_mailing_that_bounces_less_than_the_share_is_never_paused(delivered: int, bounced: int) -> None:
    counts = Counts(final=delivered + bounced, delivered=delivered, hard_bounced=bounced)
    over = counts.final >= 200 and bounced * 20 >= counts.final
    assert bool(verdict(counts, Policies())) == over
