"""Who gets an issue, fixed and counted before the first call: `candidates == frozen + excluded`, or nothing happened."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Select, func, insert, literal, select, text, update

from mailer.errors import AudienceMismatch
from mailer.ledger.states import State
from mailer.ledger.tables import deliveries, exclusions, mailings
from subscribers.candidates import verdicts
from subscribers.tables import subscribers, subscriptions


@dataclass(frozen=True)
class Accounting:
    """How an audience came about."""

    candidates: int
    frozen: int
    excluded: Mapping[str, int]
    """Reason -> how many."""

    def verify(self) -> None:
        """Raise AudienceMismatch unless every candidate was either frozen or excluded with a reason."""
        if self.candidates != self.frozen + sum(self.excluded.values()):
            raise AudienceMismatch(
                f"{self.candidates} candidates, but {self.frozen} frozen and {sum(self.excluded.values())} excluded; nothing was kept",
                hint="this is a fault of the program: please report it with your database's kind and version",
            )


def hold_still(connection: Connection) -> None:
    """Make every statement of this transaction see the same people; call it first.

    PostgreSQL would let each statement see the world at its own start, and the counts would not add up. SQLite's
    transactions are one view anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))


def _candidates(newsletter: str, segment: ColumnElement[bool] | None) -> Select[int]:
    """How many people the newsletter and the segment name: counted without any rule of exclusion, to check them against."""
    statement = (
        select(func.count())
        .select_from(subscriptions.join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id))
        .where(subscriptions.c.newsletter == newsletter)
    )
    return statement if segment is None else statement.where(segment)


def preview(connection: Connection, newsletter: str, segment: ColumnElement[bool] | None) -> Accounting:
    """What a freeze would give now. Writes nothing."""
    found = verdicts(newsletter, segment).subquery()
    rows = connection.execute(select(found.c.exclusion, func.count()).group_by(found.c.exclusion)).all()
    counts = {row[0]: row[1] for row in rows if row[0] is not None}
    frozen = sum(row[1] for row in rows if row[0] is None)
    return Accounting(connection.execute(_candidates(newsletter, segment)).scalar_one(), frozen, _sorted(counts))


def freeze(connection: Connection, mailing_id: int, newsletter: str, segment: ColumnElement[bool] | None) -> Accounting:
    """Fix the audience of a mailing: whoever gets it becomes a delivery, whoever is left out an exclusion.

    The caller called `hold_still` first, and commits. Raises AudienceMismatch when the counts do not add up.
    """
    # In order of subscribers, as claims walk: on PostgreSQL a hash join would scatter each claim over the whole table.
    statement = verdicts(newsletter, segment).order_by(subscriptions.c.subscriber_id)
    at_once = connection.dialect.name == "postgresql"
    found = statement.cte("found") if at_once else statement.subquery("found")
    mine = literal(mailing_id)
    chosen = select(mine, found.c.subscriber_id, literal(State.PENDING.value), literal(0))
    freezing = insert(deliveries).from_select(
        ["mailing_id", "subscriber_id", "state", "attempt"], chosen.where(found.c.exclusion.is_(None))
    )
    left_out = select(mine, found.c.subscriber_id, found.c.exclusion).where(found.c.exclusion.is_not(None))
    excluding = insert(exclusions).from_select(["mailing_id", "subscriber_id", "reason"], left_out)
    if at_once:
        # One reading of the book for both: it takes PostgreSQL 1.5 s for a million people. SQLite has no such statement.
        freezing = freezing.add_cte(excluding.cte("excluding"))
    else:
        connection.execute(excluding)
    frozen = connection.execution_options(preserve_rowcount=True).execute(freezing).rowcount
    accounting = Accounting(
        connection.execute(_candidates(newsletter, segment)).scalar_one(), frozen, excluded(connection, mailing_id)
    )
    accounting.verify()
    connection.execute(update(mailings).where(mailings.c.id == mailing_id).values(audience=frozen))
    if at_once:
        # Until autovacuum came by, a minute later, PostgreSQL would expect few rows here and sort a million for each claim.
        connection.execute(text("ANALYZE delivery"))
    return accounting


def excluded(connection: Connection, mailing_id: int) -> dict[str, int]:
    """How many were left out of a mailing's audience, by reason."""
    statement = (
        select(exclusions.c.reason, func.count())
        .where(exclusions.c.mailing_id == mailing_id)
        .group_by(exclusions.c.reason)
    )
    return _sorted({row[0]: row[1] for row in connection.execute(statement)})


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
