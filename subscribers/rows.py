"""The few statements that every verb of the book is made of; each on one person's rows, none commits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Select, Table, exists, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from subscribers.address import Address
from subscribers.erasure import marks
from subscribers.errors import UnknownSubscriber
from subscribers.lifecycle import ConsentAction, Status, SuppressionReason
from subscribers.tables import consent_events, merged_subscribers, subscribers, subscriptions, suppressions

_ERASURES = 7_101_220
"""The number of an advisory lock: any of our own."""


@dataclass(frozen=True)
class Held:
    """A person whose row nobody else changes until this transaction ends."""

    id: int
    email: str
    key: str
    name: str
    fields: dict[str, Any]


def insert_into(connection: Connection, table: Table) -> sqlite.Insert:
    """An INSERT with ON CONFLICT, which both databases spell alike and SQLAlchemy keeps in two classes."""
    if connection.dialect.name == "postgresql":
        return cast("sqlite.Insert", postgresql.insert(table))
    return sqlite.insert(table)


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any], key: Sequence[str] | None = None) -> bool:
    """Insert a row unless one with its key is there; whether it was inserted. `key`: the columns of a key that is not the first.

    By RETURNING: psycopg's row count is -1 where SQLAlchemy asks for a key of its own accord.
    """
    # Named, so that no other clash is passed over: a number that PostgreSQL gives out twice, say.
    columns = key or [column.name for column in table.primary_key]
    statement = insert_into(connection, table).values(row).on_conflict_do_nothing(index_elements=columns)
    return connection.execute(statement.returning(literal(1))).first() is not None


def hold(connection: Connection, who: int | Address) -> Held | None:
    """The person, held against others: two verbs about one person happen one after the other. None: nobody.

    The number of somebody who was merged into another person is that person's: an old letter's link must still work.
    """
    column, value = (subscribers.c.id, who) if isinstance(who, int) else (subscribers.c.email_key, who.key)
    columns = (subscribers.c.id, subscribers.c.email, subscribers.c.email_key, subscribers.c.name, subscribers.c.fields)
    # On SQLite, which has no row locks, the writer's transaction holds everything.
    row = connection.execute(select(*columns).where(column == value).with_for_update()).one_or_none()
    if row is None and isinstance(who, int):
        merged = select(merged_subscribers.c.kept_id).where(merged_subscribers.c.subscriber_id == who)
        kept = connection.execute(merged).scalar_one_or_none()
        return None if kept is None else hold(connection, kept)
    return None if row is None else Held(*row)


def hold_all(connection: Connection, addresses: Collection[Address], *numbers: int) -> None:
    """Hold several people, in order of their numbers as imports do: in another order two would wait for each other."""
    wanted = subscribers.c.email_key.in_([address.key for address in addresses]) | subscribers.c.id.in_(numbers)
    connection.execute(select(subscribers.c.id).where(wanted).order_by(subscribers.c.id).with_for_update()).all()


def hold_known(connection: Connection, who: int | Address) -> Held:
    """As `hold`; raises UnknownSubscriber."""
    person = hold(connection, who)
    if person is None:
        raise unknown(who)
    return person


def unknown(who: int | Address) -> UnknownSubscriber:
    """The error for somebody who is not in the book."""
    name = who.email if isinstance(who, Address) else f"number {who}"
    return UnknownSubscriber(
        f"nobody here has the address {name}" if isinstance(who, Address) else f"no subscriber {name}"
    )


def status_of(connection: Connection, subscriber_id: int, newsletter: str) -> Status | None:
    """What the person is to the newsletter; None: they never were anything to it."""
    status = connection.execute(
        select(subscriptions.c.status).where(
            subscriptions.c.newsletter == newsletter, subscriptions.c.subscriber_id == subscriber_id
        )
    ).scalar_one_or_none()
    return None if status is None else Status(status)


def set_status(connection: Connection, subscriber_id: int, newsletter: str, status: Status, now: datetime) -> None:
    """Write a status that `lifecycle` has allowed; the caller holds the person."""
    values = {"status": status.value, "changed_at": now}
    connection.execute(
        insert_into(connection, subscriptions)
        .values(newsletter=newsletter, subscriber_id=subscriber_id, **values)
        .on_conflict_do_update(index_elements=["newsletter", "subscriber_id"], set_=values)
    )


def end_all(connection: Connection, subscriber_id: int, now: datetime) -> bool:
    """End every subscription of a person; whether there was one to end."""
    ended = connection.execute(
        update(subscriptions)
        .where(subscriptions.c.subscriber_id == subscriber_id, subscriptions.c.status != Status.UNSUBSCRIBED.value)
        .values(status=Status.UNSUBSCRIBED.value, changed_at=now)
    )
    return ended.rowcount > 0


def record(
    connection: Connection,
    subscriber_id: int,
    action: ConsentAction,
    *,
    newsletter: str | None,
    source: str,
    now: datetime,
    evidence: Mapping[str, str],
) -> None:
    """Append a consent event."""
    connection.execute(
        consent_events.insert().values(
            subscriber_id=subscriber_id,
            newsletter=newsletter,
            action=action.value,
            source=source,
            at=now,
            evidence=dict(evidence),
        )
    )


def end_all_of(connection: Connection, people: Collection[int], now: datetime) -> set[int]:
    """End every subscription of these people; whoever had one to end."""
    if not people:
        return set()
    ended = (
        update(subscriptions)
        .where(subscriptions.c.subscriber_id.in_(people), subscriptions.c.status != Status.UNSUBSCRIBED.value)
        .values(status=Status.UNSUBSCRIBED.value, changed_at=now)
        .returning(subscriptions.c.subscriber_id)
    )
    return set(connection.execute(ended).scalars())


def record_many(
    connection: Connection, said: Sequence[tuple[int, ConsentAction, str, Mapping[str, str]]], now: datetime
) -> None:
    """Append consent events about all newsletters: (person, action, source, evidence) of each."""
    rows = [
        {
            "subscriber_id": person,
            "newsletter": None,
            "action": action.value,
            "source": source,
            "at": now,
            "evidence": dict(evidence),
        }
        for person, action, source, evidence in said
    ]
    if rows:
        connection.execute(consent_events.insert(), rows)


def reasons(address_key: str) -> Select[str]:
    """Every reason that one address is suppressed for."""
    return select(suppressions.c.reason).where(suppressions.c.address_key == address_key)


def suppressed(connection: Connection, address_key: str) -> SuppressionReason | None:
    """The reason that outranks the others; None: not suppressed."""
    found = {SuppressionReason(reason) for reason in connection.execute(reasons(address_key)).scalars()}
    return next((reason for reason in SuppressionReason if reason in found), None)


def lock_erasures(connection: Connection, *, to_erase: bool) -> None:
    """Keep erasing and entering apart until this transaction ends; those who enter do not wait for each other.

    An address that is looked up as not erased must not be erased before it is entered; and a suppression that an import
    finds and builds on must not be lifted before its slice ends. It comes before any row is held: whoever erases has it,
    and then wants rows. On SQLite the writer is alone.
    """
    if connection.dialect.name == "postgresql":
        lock = func.pg_advisory_xact_lock if to_erase else func.pg_advisory_xact_lock_shared
        connection.execute(select(lock(_ERASURES)))


def is_erased(connection: Connection, hashes: Sequence[str]) -> bool:
    """Whether an address was erased, given its keyed hashes under every key there is."""
    return bool(connection.execute(select(exists().where(suppressions.c.address_key.in_(marks(hashes))))).scalar_one())
