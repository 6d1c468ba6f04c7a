"""What is best known of a delivery: its ledger state refined by the facts of feedback. Pure, total, order-free."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, case

from mailer.ledger.tables import deliveries

RANKED = (
    ("complained_at", "complained"),
    ("hard_bounced_at", "bounced"),
    ("rejected_at", "rejected"),
    ("delivered_at", "delivered"),
)
"""Fact -> standing; the first fact that was heard decides, whatever order they came in."""

STANDINGS: tuple[str, ...] = (
    "pending",
    "claimed",
    "accepted",
    "uncertain",
    "refused",
    "withheld",
    "delivered",
    "bounced",
    "complained",
    "rejected",
)


def standing(state: str, facts: Mapping[str, datetime | None]) -> str:
    """The standing of a delivery in `state`, of which these facts were heard."""
    for fact, name in RANKED:
        if facts.get(fact) is not None:
            return name
    return state


def standing_column() -> ColumnElement[str]:
    """The same, as SQL over the ledger."""
    return case(*[(deliveries.c[fact].is_not(None), name) for fact, name in RANKED], else_=deliveries.c.state)
