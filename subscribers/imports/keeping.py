"""What somebody did again after an import had done it is theirs from then on: taking the import back leaves it alone.

An old list says that Ada left; then she presses the button herself. It changes nothing in the book, and must all the same
outlive the import. What is undone by hand, such as a suppression that is lifted, is no import's any more either. Each of
these answers what was an import's until now: of that there is no proof yet but the import's own, which may go.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, delete, exists, select, tuple_, update

from subscribers.imports.tables import import_changes, import_suppressions, import_tags
from subscribers.lifecycle import Status
from subscribers.reading import among
from subscribers.tables import subscriptions


def keep_departures(connection: Connection, people: Collection[int], newsletter: str | None = None) -> set[int]:
    """These people left, or were removed, whatever an import said before; None: every newsletter. Of whom one said it."""
    if not people:
        return set()
    changes = import_changes.c
    ended = [changes.subscriber_id.in_(people), changes.status == Status.UNSUBSCRIBED.value]
    if newsletter is not None:
        ended.append(changes.newsletter == newsletter)
    return _theirs(connection, ended)


def keep_standing(connection: Connection, person: int, newsletter: str, status: Status) -> bool:
    """The person, or an operator, says what an import made of them already. Whether one did, and nobody said it since."""
    mine, changes = subscriptions.c, import_changes.c
    said = [changes.subscriber_id == person, changes.newsletter == newsletter, changes.status == status.value]
    stands = exists().where(
        mine.subscriber_id == person,
        mine.newsletter == newsletter,
        mine.status == changes.status,
        mine.changed_at == changes.changed_at,
    )
    return bool(_theirs(connection, [*said, stands.correlate(import_changes)]))


def is_by_import(connection: Connection, person: int, newsletter: str) -> bool:
    """Whether an import made the person what they are to the newsletter, and nobody said it since."""
    mine, changes = subscriptions.c, import_changes.c
    said = exists().where(
        mine.subscriber_id == person,
        mine.newsletter == newsletter,
        changes.subscriber_id == mine.subscriber_id,
        changes.newsletter == mine.newsletter,
        changes.status == mine.status,
        changes.changed_at == mine.changed_at,
    )
    return bool(connection.execute(select(said)).scalar_one())


def _theirs(connection: Connection, said: Sequence[ColumnElement[bool]]) -> set[int]:
    """A subscription whose moment is not the import's was touched since, as `undoing` has it."""
    changes = import_changes.c
    theirs = update(import_changes).where(*said, changes.changed_at.is_not(None)).values(changed_at=None)
    return set(connection.execute(theirs.returning(changes.subscriber_id)).scalars())


def keep_suppressions(connection: Connection, made: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """These suppressions, address key and reason, stand by themselves now, or are lifted. Which of them an import made.

    It comes before the suppression is made or lifted: whoever takes the import back at this moment holds these rows, and
    would else delete what was found there and not made.
    """
    if not made:
        return set()
    mine = (import_suppressions.c.address_key, import_suppressions.c.reason)
    statement = delete(import_suppressions).where(tuple_(*mine).in_(made)).returning(*mine)
    return {(row[0], row[1]) for row in connection.execute(statement)}


def keep_tags(connection: Connection, people: Collection[int], tags: Collection[str]) -> None:
    """Somebody put these tags on these people, or took them off: they are no import's any more."""
    if people and tags:
        mine = import_tags.c
        chosen = among(connection, mine.subscriber_id, sorted(people))
        connection.execute(delete(import_tags).where(chosen, mine.tag.in_(tags)))
