"""What a person or an operator says again after an import had said it is theirs: it stays, with its own proof, when that is taken back."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.lifecycle import Actor, SuppressionReason
from subscribers.many import remove_slice
from subscribers.merging import merge
from subscribers.suppressing import Suppressing
from subscribers.tables import consent_events, subscribers, subscriptions

from .import_desk import BOOK, JOURNAL, NEWS, Desk, row

ADA = parse("ada@example.org")
LADY = parse("lady@example.org")


def _proofs(desk: Desk) -> list[tuple[str, str | None, str]]:
    events = consent_events.c
    found = desk.connection.execute(select(events.action, events.newsletter, events.source).order_by(events.id))
    return [(row[0], row[1], row[2]) for row in found]


def _complains(desk: Desk) -> None:
    suppressing.suppress(desk.connection, ADA.key, SuppressionReason.COMPLAINED, note="a letter", now=desk.now())


def _complains_among_others(desk: Desk) -> None:
    one = Suppressing(ADA.key, SuppressionReason.COMPLAINED, "a letter", {})
    suppressing.suppress_many(desk.connection, [one], now=desk.now())


@pytest.mark.parametrize("complains", [_complains, _complains_among_others])
def test_a_complaint_that_a_file_told_of_before_has_a_proof_of_its_own(
    desk: Desk, complains: Callable[[Desk], None]
) -> None:
    desk.enter("ada")
    found = desk.load([row("ada", "complained")])
    complains(desk)
    complains(desk)
    desk.undo(found)
    assert desk.standings() == {"ada": "unsubscribed complained"}
    assert _proofs(desk) == [("attested", NEWS, "a form"), ("complained", None, "a letter")]


def _leaves(desk: Desk, number: int) -> bool:
    return book.unsubscribe(desk.connection, number, NEWS, source="link", now=desk.now())


def _is_removed(desk: Desk, number: int) -> bool:
    return book.remove(desk.connection, number, NEWS, now=desk.now())


def _is_removed_with_others(desk: Desk, number: int) -> bool:
    return remove_slice(desk.connection, NEWS, subscribers.c.id == number, after=0, now=desk.now()).changed == 1


@pytest.mark.parametrize(
    ("ends", "proof"),
    [
        (_leaves, ("left", NEWS, "link")),
        (_is_removed, ("removed", NEWS, "operator")),
        (_is_removed_with_others, ("removed", NEWS, "operator")),
    ],
)
def test_a_departure_that_a_file_told_of_before_has_a_proof_of_its_own(
    desk: Desk, ends: Callable[[Desk, int], bool], proof: tuple[str, str, str]
) -> None:
    number = desk.enter("ada")
    found = desk.load([row("ada", "unsubscribed")])
    assert [ends(desk, number) for _ in range(2)] == [True, False]
    desk.undo(found)
    assert desk.standings() == {"ada": "unsubscribed"}
    assert _proofs(desk).count(proof) == 1


def test_whom_an_operator_subscribes_by_hand_an_import_does_not_take_along(desk: Desk) -> None:
    found = desk.load([row("ada")])
    desk.enter("ada")
    desk.enter("ada")
    assert _proofs(desk) == [("attested", NEWS, "a form")] * 2
    desk.undo(found)
    assert desk.mailed() == {"ada"}


def test_whom_an_operator_enters_without_consent_an_import_does_not_take_along(desk: Desk) -> None:
    found = desk.load([row("ada", "unconfirmed")])
    more: dict[str, Any] = {"actor": Actor.OPERATOR, "source": "", "hashes": []}
    book.subscribe(desk.connection, ADA, NEWS, now=desk.now(), **more)
    desk.undo(found)
    assert desk.standings() == {"ada": "unconfirmed"}


def test_a_confirmation_at_the_very_moment_of_the_import_is_the_persons_own(desk: Desk) -> None:
    found = desk.load([row("ada")])
    number, at = desk.connection.execute(select(subscriptions.c.subscriber_id, subscriptions.c.changed_at)).one()
    assert book.confirm(desk.connection, number, NEWS, source="a letter", now=at)
    desk.undo(found)
    assert desk.mailed() == {"ada"}


# --- two who are one -------------------------------------------------------------------------------------------------


def test_what_the_other_had_by_their_own_word_outlives_the_import_of_the_one_who_is_kept(desk: Desk) -> None:
    desk.enter("lady")
    found = desk.load([row("ada")])
    merge(desk.connection, ADA, LADY, now=desk.now())
    desk.undo(found)
    assert desk.mailed() == {"ada"}


@pytest.mark.parametrize("status", ["subscribed", "unconfirmed", "unsubscribed"])
def test_what_the_other_had_by_an_import_goes_with_it_from_the_one_who_is_kept(desk: Desk, status: str) -> None:
    book.unsubscribe(desk.connection, desk.enter("ada"), NEWS, source="", now=desk.now())
    desk.connection.execute(subscriptions.delete())  # known, by another newsletter say
    before = _proofs(desk)
    found = desk.load([row("lady", status)])
    merge(desk.connection, ADA, LADY, now=desk.now())
    assert desk.standings() == {"ada": status}
    desk.undo(found)
    assert desk.standings() == {}
    assert _proofs(desk) == [*before, ("merged", None, "operator")]


def test_whom_two_imports_brought_goes_with_that_of_the_one_who_is_kept(desk: Desk) -> None:
    first, second = desk.load([row("ada")]), desk.load([row("lady")])
    merge(desk.connection, ADA, LADY, now=desk.now())
    desk.undo(second)
    assert desk.mailed() == {"ada"}
    desk.undo(first)
    assert desk.mailed() == set()


def test_whoever_was_merged_and_is_erased_leaves_nothing_in_the_journal(desk: Desk) -> None:
    for name in ("ada", "lady"):
        desk.enter(name)
    found = desk.load([row("lady", name="Lady Lovelace", city="Ulm", tags="vip")])
    merge(desk.connection, ADA, LADY, now=desk.now())
    for address in (ADA, LADY):
        suppressing.erase(desk.connection, address, hashes=[address.key[:3]], now=desk.now())
    assert "Lovelace" not in str(desk.everything((*BOOK, *JOURNAL)))
    assert desk.everything(JOURNAL) == [[], [], []]
    desk.undo(found)


def test_a_complaint_about_an_address_that_somebody_has_again_after_a_merge_ends_what_they_have(desk: Desk) -> None:
    for name in ("ada", "lady"):
        desk.enter(name)
    merge(desk.connection, ADA, LADY, now=desk.now())
    suppressing.lift(desk.connection, LADY.key, SuppressionReason.OPERATOR, note="it is hers", now=desk.now())
    desk.enter("lady")
    one = Suppressing(LADY.key, SuppressionReason.COMPLAINED, "a letter", {})
    suppressing.suppress_many(desk.connection, [one], now=desk.now())
    assert desk.standings() == {"ada": "subscribed", "lady": "unsubscribed complained"}
