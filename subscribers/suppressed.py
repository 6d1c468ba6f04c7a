"""Reading the suppressions: which addresses are not mailed, since when and why, streamed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, tuple_

from subscribers.erasure import PREFIX
from subscribers.lifecycle import SuppressionReason
from subscribers.tables import suppressions

PAGE = 1000
"""Rows read at once: memory stays flat, however many there are."""


@dataclass(frozen=True)
class Suppressed:
    """One address and one reason; an address may have several."""

    key: str | None
    """The address in lower case; None: it was erased, and nobody knows it any more."""
    reason: str
    """One of lifecycle.SuppressionReason, or one that a newer program knows."""
    at: datetime
    note: str


def list_suppressed(connection: Connection, reason: SuppressionReason | None = None) -> Iterator[Suppressed]:
    """Every suppression, or those for one reason, in order of the address.

    Read page by page: the connection is free for other reading in between.
    """
    after: tuple[str, str] = ("", "")
    while True:
        page = connection.execute(
            _chosen(reason)
            .where(tuple_(suppressions.c.address_key, suppressions.c.reason) > after)
            .order_by(suppressions.c.address_key, suppressions.c.reason)
            .limit(PAGE)
        ).all()
        for row in page:
            yield _suppressed(row)
        if len(page) < PAGE:
            return
        after = (page[-1].address_key, page[-1].reason)


def of_address(connection: Connection, address_key: str) -> list[Suppressed]:
    """The suppressions of one address; the one that outranks the others first."""
    rows = connection.execute(_chosen(None).where(suppressions.c.address_key == address_key))
    ranks = {reason.value: rank for rank, reason in enumerate(SuppressionReason)}
    return sorted((_suppressed(row) for row in rows), key=lambda one: ranks.get(one.reason, len(ranks)))


def _chosen(reason: SuppressionReason | None) -> Select[str, str, datetime, str]:
    chosen = select(suppressions.c.address_key, suppressions.c.reason, suppressions.c.at, suppressions.c.note)
    return chosen if reason is None else chosen.where(suppressions.c.reason == reason.value)


def _suppressed(row: Row[*tuple[Any, ...]]) -> Suppressed:
    is_erased = row.address_key.startswith(PREFIX)
    return Suppressed(None if is_erased else row.address_key, row.reason, row.at, row.note)
