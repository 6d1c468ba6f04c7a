"""What a person changes about themselves: their name, their fields, their address. None of it commits."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, update

from subscribers import suppressing
from subscribers.address import Address
from subscribers.errors import Unlawful
from subscribers.forwarding import leave_behind
from subscribers.lifecycle import ConsentAction
from subscribers.merging import OF_THE_PERSON
from subscribers.rows import hold, hold_known, reasons, record
from subscribers.tables import subscribers
from subscribers.values import clean_fields, clean_name


def describe(
    connection: Connection, subscriber_id: int, *, name: str, fields: Mapping[str, str], now: datetime
) -> bool:
    """Write down what the person says of themselves; an empty field is forgotten, one that is not named stays.

    Whether anything changed. Raises UnknownSubscriber, and BadValue for a name or a field that cannot be kept.
    """
    person = hold_known(connection, subscriber_id)
    said = {**person.fields, **clean_fields(fields)}
    kept = {key: value for key, value in said.items() if value != "" or key not in fields}
    values = {"name": clean_name(name), "fields": kept}
    if values == {"name": person.name, "fields": person.fields}:
        return False
    connection.execute(update(subscribers).where(subscribers.c.id == person.id).values(**values, updated_at=now))
    return True


def move(
    connection: Connection,
    subscriber_id: int,
    new: Address,
    *,
    source: str,
    now: datetime,
    evidence: Mapping[str, str],
) -> str:
    """The person's letters go to another address, which nobody in the book has. The address that they left.

    What is suppressed because of the person, and not because of their mailbox, is suppressed at the new address too. The
    one that they left is `left-all` from now on, until its owner confirms there again, and is erased together with them.
    The caller has it confirmed by the new address's owner. Raises UnknownSubscriber, and Unlawful when somebody has it.
    """
    person = hold_known(connection, subscriber_id)
    if hold(connection, new) is not None:
        raise Unlawful(f"{new.email} is in the book already", hint="an operator can merge two people who are one")
    lasting = set(connection.execute(reasons(person.key)).scalars())
    connection.execute(
        update(subscribers)
        .where(subscribers.c.id == person.id)
        .values(email=new.email, email_key=new.key, updated_at=now)
    )
    record(connection, person.id, ConsentAction.MOVED, newsletter=None, source=source, now=now, evidence=evidence)
    leave_behind(connection, person, new, now=now)
    for reason in OF_THE_PERSON:
        if reason.value in lasting:
            suppressing.suppress(connection, new.key, reason, note="their address changed", now=now)
    return person.email
