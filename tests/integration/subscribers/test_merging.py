"""Two people who are one: nobody comes back by a merge, and nothing that was known is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from mailer.database.engine import Database
from subscribers import book, suppressing
from subscribers.address import Address, parse
from subscribers.errors import UnknownSubscriber, Unlawful
from subscribers.forwarding import merged_into
from subscribers.lifecycle import ENDS_ALL, Actor, Status, SuppressionReason
from subscribers.merging import OF_THE_PERSON, merge, plan
from subscribers.people import newsletters, show
from subscribers.records import records
from subscribers.rows import suppressed
from subscribers.tables import consent_events, merged_subscribers, subscriptions, suppressions

NEWS, DAILY = "news", "daily"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ADA, OLD = parse("ada@example.org"), parse("old@example.com")


def enter(
    connection: Connection,
    address: Address,
    newsletter: str = NEWS,
    status: Status = Status.SUBSCRIBED,
    *,
    name: str = "",
    tags: tuple[str, ...] = (),
    fields: dict[str, str] | None = None,
) -> int:
    number = book.subscribe(
        connection,
        address,
        newsletter,
        actor=Actor.OPERATOR,
        source="" if status is Status.UNCONFIRMED else f"form of {newsletter}",
        name=name,
        tags=tags,
        fields=fields or {},
        hashes=[],
        now=NOW,
    ).subscriber_id
    if status is Status.UNSUBSCRIBED:
        book.unsubscribe(connection, number, newsletter, source="/unsubscribe", now=NOW)
    return number


def test_what_was_known_of_both_is_known_of_the_one(connection: Connection) -> None:
    ada = enter(connection, ADA, tags=("beta", "vip"), fields={"city": "York", "plan": "pro"})
    enter(connection, OLD, name="Ada Lovelace", tags=("beta", "founder"), fields={"city": "London", "size": "L"})
    enter(connection, OLD, DAILY)
    done = merge(connection, ADA, OLD, now=LATER)
    assert (done.statuses, done.suppressed) == ({NEWS: Status.SUBSCRIBED, DAILY: Status.SUBSCRIBED}, ())
    (record,) = records(connection, DAILY)
    assert (record.id, record.email, record.name) == (ada, "ada@example.org", "Ada Lovelace")
    assert (record.tags, record.fields) == (("beta", "founder", "vip"), {"city": "York", "plan": "pro", "size": "L"})
    assert record.status_at == NOW, "a subscription that moves keeps its age"
    assert [event.source for event in record.consent] == ["form of daily", "operator"]
    assert show(connection, OLD, NEWS) is None
    assert newsletters(connection, ada) == {NEWS: Status.SUBSCRIBED, DAILY: Status.SUBSCRIBED}


@pytest.mark.parametrize(
    ("kept", "gone", "expected"),
    [
        (None, "subscribed", "subscribed"),
        (None, "unconfirmed", "unconfirmed"),
        (None, "unsubscribed", "unsubscribed"),
        ("subscribed", "unconfirmed", "subscribed"),
        ("subscribed", "unsubscribed", "unsubscribed"),
        ("unconfirmed", "subscribed", "unconfirmed"),
        ("unconfirmed", "unsubscribed", "unsubscribed"),
        ("unsubscribed", "subscribed", "unsubscribed"),
        ("unsubscribed", "unconfirmed", "unsubscribed"),
        ("subscribed", None, "subscribed"),
    ],
)
def test_whoever_left_as_either_of_them_has_left(
    connection: Connection, kept: str | None, gone: str | None, expected: str
) -> None:
    ada = enter(connection, ADA, NEWS, Status(kept)) if kept else enter(connection, ADA, DAILY)
    enter(connection, OLD, NEWS, Status(gone)) if gone else enter(connection, OLD, DAILY)
    merge(connection, ADA, OLD, now=LATER)
    assert newsletters(connection, ada)[NEWS] == expected


def test_a_complaint_of_the_other_ends_everything(connection: Connection) -> None:
    ada = enter(connection, ADA)
    enter(connection, OLD)
    suppressing.suppress(connection, OLD.key, SuppressionReason.COMPLAINED, note="abuse", now=NOW)
    assert merge(connection, ADA, OLD, now=LATER).suppressed == (SuppressionReason.COMPLAINED,)
    assert suppressed(connection, ADA.key) is SuppressionReason.COMPLAINED
    assert newsletters(connection, ada) == {NEWS: Status.UNSUBSCRIBED}


def test_a_mailbox_that_is_gone_does_not_end_what_the_new_one_gets(connection: Connection) -> None:
    ada = enter(connection, ADA)
    enter(connection, OLD)
    enter(connection, OLD, DAILY)
    suppressing.suppress(connection, OLD.key, SuppressionReason.BOUNCED, note="5.1.1", now=NOW)
    merge(connection, ADA, OLD, now=LATER)
    assert suppressed(connection, ADA.key) is None
    assert newsletters(connection, ada) == {NEWS: Status.SUBSCRIBED, DAILY: Status.UNSUBSCRIBED}


def test_the_address_that_went_does_not_come_in_again(connection: Connection) -> None:
    enter(connection, ADA)
    enter(connection, OLD)
    merge(connection, ADA, OLD, now=LATER)
    with pytest.raises(Unlawful, match="suppressed"):
        enter(connection, OLD)
    assert suppressed(connection, OLD.key) is SuppressionReason.OPERATOR


def test_a_link_in_an_old_letter_still_ends_the_subscription(connection: Connection) -> None:
    ada, old = enter(connection, ADA), enter(connection, OLD)
    merge(connection, ADA, OLD, now=LATER)
    assert book.unsubscribe(connection, old, NEWS, source="/unsubscribe", now=LATER)
    assert newsletters(connection, ada) == {NEWS: Status.UNSUBSCRIBED}


def test_a_complaint_about_an_old_letter_counts_for_the_one_who_was_kept(connection: Connection) -> None:
    ada = enter(connection, ADA)
    enter(connection, OLD)
    merge(connection, ADA, OLD, now=LATER)
    bounced = suppressing.Suppressing(OLD.key, SuppressionReason.BOUNCED, "5.1.1", {})
    suppressing.suppress_many(connection, [bounced], now=LATER)
    assert newsletters(connection, ada) == {NEWS: Status.SUBSCRIBED}
    complained = suppressing.Suppressing(OLD.key, SuppressionReason.COMPLAINED, "abuse", {})
    suppressing.suppress_many(connection, [complained], now=LATER)
    assert newsletters(connection, ada) == {NEWS: Status.UNSUBSCRIBED}


def test_three_can_be_one(connection: Connection) -> None:
    third = parse("third@example.org")
    ada, old, three = enter(connection, ADA), enter(connection, OLD), enter(connection, third, DAILY)
    merge(connection, OLD, third, now=LATER)
    merge(connection, ADA, OLD, now=LATER)
    assert merged_into(connection, ada) == [(old, OLD.key), (three, third.key)]
    assert book.unsubscribe(connection, three, DAILY, source="/unsubscribe", now=LATER)
    assert newsletters(connection, ada)[DAILY] is Status.UNSUBSCRIBED


def test_erasing_takes_what_a_merge_left_of_an_address(connection: Connection) -> None:
    ada, old = enter(connection, ADA), enter(connection, OLD)
    merge(connection, ADA, OLD, now=LATER)
    suppressing.erase(connection, OLD, hashes=["old"], now=LATER)
    assert merged_into(connection, ada) == [(old, None)]
    suppressing.erase(connection, ADA, hashes=["ada"], now=LATER)
    assert connection.execute(select(merged_subscribers)).all() == []
    assert connection.execute(select(consent_events)).all() == []
    assert connection.execute(select(suppressions.c.reason)).scalars().all() == ["erased", "erased"]


def test_nobody_is_merged_with_themselves_or_with_a_stranger(connection: Connection) -> None:
    enter(connection, ADA)
    with pytest.raises(Unlawful, match="itself"):
        merge(connection, ADA, parse("ADA@example.org"), now=LATER)
    with pytest.raises(UnknownSubscriber):
        merge(connection, ADA, OLD, now=LATER)


_statuses = st.dictionaries(st.sampled_from([NEWS, DAILY, "weekly"]), st.sampled_from(Status), min_size=1)
_reasons = st.sets(st.sampled_from([reason for reason in SuppressionReason if reason is not SuppressionReason.ERASED]))


def test_a_merge_never_makes_anybody_mailable_who_left(database: Database) -> None:
    @settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.nested_given])
    @given(_statuses, _statuses, _reasons, _reasons)
    def holds(
        mine: dict[str, Status],
        theirs: dict[str, Status],
        mine_suppressed: set[SuppressionReason],
        theirs_suppressed: set[SuppressionReason],
    ) -> None:
        with database.engine.connect().execution_options(mailer_writes=True) as connection:
            connection.begin()
            for address, statuses in ((ADA, mine), (OLD, theirs)):
                for newsletter, status in statuses.items():
                    enter(connection, address, newsletter, status)
            for address, reasons in ((ADA, mine_suppressed), (OLD, theirs_suppressed)):
                for reason in sorted(reasons):
                    suppressing.suppress(connection, address.key, reason, note="", now=NOW)
            planned = plan(connection, ADA, OLD)
            assert merge(connection, ADA, OLD, now=LATER) == planned
            after = newsletters(connection, planned.kept.id)
            left = {n for statuses in (mine, theirs) for n, s in statuses.items() if s is Status.UNSUBSCRIBED}
            assert after == planned.statuses
            assert after.keys() == mine.keys() | theirs.keys()
            assert {newsletter for newsletter in left if after[newsletter] is not Status.UNSUBSCRIBED} == set()
            kept = set(connection.execute(
                select(suppressions.c.reason).where(suppressions.c.address_key == ADA.key)
            ).scalars())  # fmt: skip
            assert kept == mine_suppressed | (theirs_suppressed & set(OF_THE_PERSON))
            if kept & set(ENDS_ALL):
                assert set(after.values()) == {Status.UNSUBSCRIBED}
            assert connection.execute(
                select(subscriptions.c.subscriber_id).where(subscriptions.c.subscriber_id == planned.gone.id)
            ).all() == []  # fmt: skip
            connection.rollback()

    holds()
