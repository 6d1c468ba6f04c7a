"""People by number, entered all at once: who they are does not matter, only that they are there."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from subscribers.tables import subscriber_tags, subscribers, subscriptions


def enter(
    connection: Connection,
    numbers: Iterable[int],
    *newsletters: str,
    now: datetime,
    status: str = "subscribed",
    name: str = "Person {}",
    tags: Iterable[str] = (),
) -> None:
    """Enter people with an address and a name by their number, in one status to each newsletter."""
    ids = list(numbers)
    addresses = {number: f"p{number}@example.org" for number in ids}
    person: dict[str, Any] = {"fields": {}, "created_at": now, "updated_at": now}
    connection.execute(
        insert(subscribers),
        [
            {"id": number, "email": address, "email_key": address, "name": name.format(number), **person}
            for number, address in addresses.items()
        ],
    )
    for newsletter in newsletters:
        subscription = {"newsletter": newsletter, "status": status, "changed_at": now}
        connection.execute(insert(subscriptions), [{"subscriber_id": number, **subscription} for number in ids])
    for tag in tags:
        connection.execute(insert(subscriber_tags), [{"subscriber_id": number, "tag": tag} for number in ids])
