"""What a person can be to a newsletter, what can be true of an address, and which changes are lawful. Pure.

             anyone              person, operator*, import*
nobody yet ─────────▶ UNCONFIRMED ─────────────────────────▶ SUBSCRIBED
    │                     │                                   ▲     │  ▲
    │                     │          operator*, import*       │     │  │ the person alone,
    ├─────────────────────┼───────────────────────────────────┘     │  │ by confirming
    │                     ▼              anyone                     ▼  │
    └─────────────────────────────────────────────────────────▶ UNSUBSCRIBED     * only with a consent source
"""

from enum import StrEnum

from subscribers.errors import Unlawful


class Status(StrEnum):
    """What one person is to one newsletter."""

    UNCONFIRMED = "unconfirmed"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"


class SuppressionReason(StrEnum):
    """Why an address is never mailed; the first one named here outranks those after it."""

    ERASED = "erased"
    COMPLAINED = "complained"
    BOUNCED = "bounced"
    OPERATOR = "operator"
    UNDELIVERABLE = "undeliverable"
    LEFT_ALL = "left-all"


class Actor(StrEnum):
    """Who makes a change."""

    PERSON = "person"
    """The subscriber, by a link that only their mailbox knows."""
    OPERATOR = "operator"
    IMPORT = "import"


class ConsentAction(StrEnum):
    """What a consent event records."""

    REQUESTED = "requested"
    """Somebody typed the address into a form; it proves nothing until it is confirmed."""
    CONFIRMED = "confirmed"
    """The person followed the link in a letter to that address."""
    ATTESTED = "attested"
    """An operator or an import vouches for consent that was given elsewhere; the event's source says where."""
    LEFT = "left"
    """The person ended one subscription."""
    LEFT_ALL = "left-all"
    """The person ended all of them, and any to come."""
    REMOVED = "removed"
    """An operator ended one subscription."""
    COMPLAINED = "complained"
    """The person called a letter spam, which ends all subscriptions."""
    BOUNCED = "bounced"
    """There is no such mailbox, which ends all subscriptions too: whoever gets the address next asked for nothing."""
    MERGED = "merged"
    """An operator said that another entry of the book is this person; what was known of that one is theirs now."""
    MOVED = "moved"
    """The person's letters go to another address now, as they confirmed there."""
    LIFTED = "lifted"
    """A suppression was lifted; the evidence says which one, and why."""


ENDS_ALL = {
    SuppressionReason.LEFT_ALL: ConsentAction.LEFT_ALL,
    SuppressionReason.COMPLAINED: ConsentAction.COMPLAINED,
    SuppressionReason.BOUNCED: ConsentAction.BOUNCED,
}
"""Suppressions that also end every subscription: lifting them must not bring a single one back to life."""

LIFTED_BY_CONFIRMING = (SuppressionReason.UNDELIVERABLE, SuppressionReason.LEFT_ALL)
"""What a person's own confirmation disproves: their mailbox works, and they want letters."""

_NEEDS_A_NOTE = (SuppressionReason.ERASED, SuppressionReason.COMPLAINED, SuppressionReason.BOUNCED)


def change(old: Status | None, new: Status, actor: Actor) -> None:
    """Allow a change of status, or raise Unlawful. `old` is None where there was no subscription.

    An operator or an import asks for `SUBSCRIBED` only when it names where consent was given.
    """
    match old, new:
        case _ if old is new:
            return
        case (_, Status.UNSUBSCRIBED) | (None, Status.UNCONFIRMED) | (Status.UNCONFIRMED, Status.SUBSCRIBED):
            return
        case (None, Status.SUBSCRIBED) if actor is not Actor.PERSON:
            return
        case (None, Status.SUBSCRIBED):
            raise Unlawful("an address from a form is not subscribed before it is confirmed")
        case (Status.UNSUBSCRIBED, Status.SUBSCRIBED) if actor is Actor.PERSON:
            return
        case (Status.UNSUBSCRIBED, _):
            raise Unlawful(
                "this subscription was ended, and only the person can begin it again",
                hint="they can subscribe again themselves and confirm it; nobody else can do it for them",
            )
        case _:
            raise Unlawful(f"a subscription never goes from {old} to {new}")


def lift(reason: SuppressionReason, actor: Actor, note: str = "") -> None:
    """Allow a suppression to be lifted, or raise Unlawful. `note` says why an operator does it."""
    if actor is Actor.PERSON and reason in LIFTED_BY_CONFIRMING:
        return
    if actor is not Actor.OPERATOR:
        raise Unlawful(f"only an operator can lift `{reason.value}`")
    if reason is SuppressionReason.LEFT_ALL:
        raise Unlawful(
            "this person left all newsletters, and only they can come back",
            hint="they can subscribe again themselves and confirm it; nobody else can do it for them",
        )
    if reason in _NEEDS_A_NOTE and not note.strip():
        raise Unlawful(f"lifting `{reason}` needs a reason", hint="write down who asked for it, and when")
