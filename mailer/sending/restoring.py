"""A restored database has forgotten letters that really went out: its unfinished mailings wait for a person."""

from dataclasses import dataclass
from pathlib import Path

from mailer.database.backup import put_back
from mailer.database.engine import Database
from mailer.errors import DatabaseError
from mailer.ledger import mailings, senders
from mailer.ledger.states import PauseReason


@dataclass(frozen=True)
class Restored:
    """What a restore did."""

    paused: tuple[tuple[str, int], ...]
    """(newsletter, issue) of each mailing that was unfinished in the backup."""
    former: Path | None
    """Where the content that was replaced lies; None on PostgreSQL."""


def restore(database: Database, source: Path) -> Restored:
    """Put a backup in the database's place, its unfinished mailings paused(restored).

    Since the backup was made somebody may have got an issue that the backup calls pending: sending on would double
    their letter. Raises DatabaseError, having changed nothing, while any sender lives, and for a file that is no backup.
    """
    living = senders.living(database)
    if living:
        raise DatabaseError(
            f"{len(living)} sender{'s are' if len(living) > 1 else ' is'} at work (process {', '.join(str(pid) for pid in living)})",
            hint="stop every `mailer send` first, then restore",
        )
    paused: list[tuple[str, int]] = []

    def hold(copy: Database) -> None:
        with copy.transaction() as connection:
            paused.extend(mailings.pause_unfinished(connection, PauseReason.RESTORED))

    former = put_back(database, source, hold)
    return Restored(tuple(paused), former)
