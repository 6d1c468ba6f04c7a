"""What somebody did again after an import had done it is theirs from then on: taking the import back leaves it alone.

An old list says that Ada left; then she presses the button herself. It changes nothing in the book, and must all the same
outlive the import. What is undone by hand, such as a suppression that is lifted, is no import's any more either.
"""

from collections.abc import Collection

from sqlalchemy import Connection, delete, exists, select, tuple_, update

from subscribers.imports.tables import import_changes, import_suppressions, import_tags
from subscribers.lifecycle import Status
from subscribers.reading import among
from subscribers.tables import subscriptions


def keep_departures(connection: Connection, people: Collection[int], newsletter: str | None = None) -> None:
    """These people left, or were removed, whatever an import said before; None: every newsletter."""
    if not people:
        return
    changes = import_changes.c
    ended = [changes.subscriber_id.in_(people), changes.status == Status.UNSUBSCRIBED.value]
    if newsletter is not None:
        ended.append(changes.newsletter == newsletter)
    # A subscription whose moment is not the import's was touched since, as `undoing` has it.
    connection.execute(update(import_changes).where(*ended).values(changed_at=None))


def keep_suppressions(connection: Connection, made: Collection[tuple[str, str]]) -> None:
    """These suppressions, address key and reason, stand by themselves now, or were lifted."""
    if made:
        mine = tuple_(import_suppressions.c.address_key, import_suppressions.c.reason).in_(made)
        connection.execute(delete(import_suppressions).where(mine))


def keep_tags(connection: Connection, people: Collection[int], tags: Collection[str]) -> None:
    """Somebody put these tags on these people, or took them off: they are no import's any more."""
    if people and tags:
        mine = import_tags.c
        chosen = among(connection, mine.subscriber_id, sorted(people))
        connection.execute(delete(import_tags).where(chosen, mine.tag.in_(tags)))


def subscribed_by_import(connection: Connection, person: int, newsletter: str) -> bool:
    """Whether an import made the person subscribed, and nothing was done to it since."""
    mine, changes = subscriptions.c, import_changes.c
    said = exists().where(
        mine.subscriber_id == person,
        mine.newsletter == newsletter,
        mine.status == Status.SUBSCRIBED.value,
        changes.subscriber_id == mine.subscriber_id,
        changes.newsletter == mine.newsletter,
        changes.status == mine.status,
        changes.changed_at == mine.changed_at,
    )
    return bool(connection.execute(select(said)).scalar_one())
