"""Which changes of status are lawful, and who may lift what."""

import itertools

import pytest

from subscribers.errors import Unlawful
from subscribers.lifecycle import Actor, Status, SuppressionReason, change, lift

U, S, L = Status.UNCONFIRMED, Status.SUBSCRIBED, Status.UNSUBSCRIBED
P, O, I = Actor.PERSON, Actor.OPERATOR, Actor.IMPORT  # noqa: E741  # a table reads best in letters

LAWFUL = {
    *((None, U, actor) for actor in Actor),
    *((None, S, actor) for actor in (O, I)),
    *((old, L, actor) for old in (None, U, S, L) for actor in Actor),
    *((U, U, actor) for actor in Actor),
    *((S, S, actor) for actor in Actor),
    *((U, S, actor) for actor in Actor),
    (L, S, P),
}


@pytest.mark.parametrize(("old", "new", "actor"), list(itertools.product((None, U, S, L), (U, S, L), Actor)))
def test_only_lawful_changes_are_allowed(old: Status | None, new: Status, actor: Actor) -> None:
    if (old, new, actor) in LAWFUL:
        change(old, new, actor)
    else:
        with pytest.raises(Unlawful):
            change(old, new, actor)


def test_whoever_tries_to_bring_back_a_person_who_left_is_told_the_way() -> None:
    with pytest.raises(Unlawful) as caught:
        change(L, S, I)
    assert str(caught.value) == "this subscription was ended, and only the person can begin it again"
    assert caught.value.hint == "they can subscribe again themselves and confirm it; nobody else can do it for them"


def _lawful(reason: SuppressionReason, actor: Actor, note: str) -> bool:
    try:
        lift(reason, actor, note)
    except Unlawful:
        return False
    return True


def test_a_person_lifts_what_their_confirmation_disproves_and_no_more() -> None:
    lifted = {reason for reason in SuppressionReason if _lawful(reason, P, "")}
    assert lifted == {SuppressionReason.UNDELIVERABLE, SuppressionReason.LEFT_ALL}


def test_an_import_lifts_nothing() -> None:
    assert not any(_lawful(reason, I, "a note") for reason in SuppressionReason)


def test_an_operator_lifts_all_but_the_will_of_a_person() -> None:
    lifted = {reason for reason in SuppressionReason if _lawful(reason, O, "they wrote to us on Monday")}
    assert lifted == set(SuppressionReason) - {SuppressionReason.LEFT_ALL}


def test_an_operator_needs_a_reason_for_what_is_grave() -> None:
    lifted = {reason for reason in SuppressionReason if _lawful(reason, O, "  ")}
    assert lifted == {SuppressionReason.OPERATOR, SuppressionReason.UNDELIVERABLE}


def test_the_order_of_reasons_is_their_precedence() -> None:
    assert [reason.value for reason in SuppressionReason] == [
        "erased",
        "complained",
        "bounced",
        "operator",
        "undeliverable",
        "left-all",
    ]
