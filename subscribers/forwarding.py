"""Numbers and addresses that mean somebody else now: of people who were merged into another, or left an address for a new one.

None of it commits.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, select, update

from subscribers.address import Address
from subscribers.imports.keeping import keep_suppressions
from subscribers.lifecycle import SuppressionReason
from subscribers.rows import Held, insert_new
from subscribers.tables import merged_subscribers, subscribers, suppressions


def forward(connection: Connection, number: int, address_key: str, kept_id: int, now: datetime) -> None:
    """From now on a number that is nobody's any more, and an address, mean the person `kept_id`."""
    row = {"subscriber_id": number, "kept_id": kept_id, "address_key": address_key, "at": now}
    insert_new(connection, merged_subscribers, row)


def set_apart(connection: Connection, key: str, reason: SuppressionReason, note: str, at: datetime) -> None:
    """Suppress an address, and nothing else: whoever had it is dealt with by the caller."""
    row = {"address_key": key, "reason": reason.value, "at": at, "note": note}
    keep_suppressions(connection, [(key, reason.value)])
    insert_new(connection, suppressions, row)


def merged_into(connection: Connection, subscriber_id: int) -> Sequence[tuple[int, str | None]]:
    """(number, address key) of everybody who was merged into a person; no key: that address was erased."""
    merged = merged_subscribers.c
    chosen = select(merged.subscriber_id, merged.address_key).where(merged.kept_id == subscriber_id)
    return [(row[0], row[1]) for row in connection.execute(chosen.order_by(merged.subscriber_id))]


def belongs_to(connection: Connection, address: Address) -> str | None:
    """Whose address it is now: of the person whom its own was merged into, or who left it for another; None: nobody's."""
    merged = merged_subscribers.c
    kept = select(subscribers.c.email).join_from(merged_subscribers, subscribers, subscribers.c.id == merged.kept_id)
    # Somebody may have had it, gone by a merge, come back and gone again.
    kept = kept.where(merged.address_key == address.key).order_by(merged.at.desc()).limit(1)
    return connection.execute(kept).scalar_one_or_none()


def leave_behind(connection: Connection, person: Held, new: Address, *, now: datetime) -> None:
    """Treat the address that a person left for a new one as if its entry had been merged into them.

    An old file would else enter it again: they would get two letters, or one although they left or were erased since.
    """
    merged = merged_subscribers
    back = merged.c.address_key == new.key
    connection.execute(update(merged).where(back).values(address_key=None))
    # A number that was somebody's for this moment alone: it will never be anybody else's.
    entry: dict[str, Any] = {"email": person.email, "email_key": person.key, "name": "", "fields": {}}
    moment = {"created_at": now, "updated_at": now}
    inserting = subscribers.insert().values({**entry, **moment}).returning(subscribers.c.id)
    number = connection.execute(inserting).scalar_one()
    connection.execute(delete(subscribers).where(subscribers.c.id == number))
    forward(connection, number, person.key, person.id, now)
    note = f"the letters of subscriber {person.id} go to another address"
    set_apart(connection, person.key, SuppressionReason.LEFT_ALL, note, now)


def addresses_merged_into(connection: Connection, address: Address) -> Sequence[Address]:
    """The addresses that went when they were merged into the person of this one, or were left for it, as they are compared.

    But for those that somebody has again.
    """
    merged, again = merged_subscribers.c, subscribers.alias()
    chosen = (
        select(merged.address_key)
        .join_from(merged_subscribers, subscribers, subscribers.c.id == merged.kept_id)
        .where(subscribers.c.email_key == address.key, merged.address_key.is_not(None))
        .where(~exists().where(again.c.email_key == merged.address_key))
        .order_by(merged.subscriber_id)
    )
    return [Address(email=key, key=key) for key in connection.execute(chosen).scalars() if key is not None]
