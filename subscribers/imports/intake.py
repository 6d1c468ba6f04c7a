"""One import from its staged people to its end: a plan that writes nothing, then slice by slice into the book.

Nothing here commits. Each method needs an open transaction on the connection, `apply` one that writes; what goes on
between two slices is the caller's. Kill it anywhere: the same command finds the import and goes on behind the last slice.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, literal, select, update

from subscribers.erasure import PREFIX, Hasher, marks
from subscribers.imports import records
from subscribers.imports.applying import Applying
from subscribers.imports.journal import Mark
from subscribers.imports.meeting import Meeting, Outcome, email
from subscribers.imports.numbering import Numbering
from subscribers.imports.records import ImportRow, ImportState
from subscribers.imports.staging import Staging, people
from subscribers.imports.summary import Summary
from subscribers.imports.wanted import Wanted
from subscribers.lifecycle import Status, SuppressionReason
from subscribers.rows import lock_erasures
from subscribers.tables import subscribers, subscriptions, suppressions

SAMPLE = 5
"""People who are named as examples of each outcome."""
PLANNED = 20_000
"""People who meet the book together in a plan, which holds no lock."""


class Erased:
    """Knows erased addresses."""

    def __init__(self, connection: Connection, hasher: Hasher) -> None:
        self._connection = connection
        self._hasher = hasher
        self._marks = self._all()

    def __contains__(self, key: str) -> bool:
        return bool(self._marks) and not self._marks.isdisjoint(marks(self._hasher(key)))

    @property
    def asked(self) -> Callable[[str], bool] | None:
        """Whether a key is that of one of them; None: there are none."""
        return self.__contains__ if self._marks else None

    def more(self) -> bool:
        """Look again; whether there are more of them than before."""
        before, self._marks = self._marks, self._all()
        return not self._marks <= before

    def _all(self) -> set[str]:
        chosen = select(suppressions.c.address_key).where(suppressions.c.reason == SuppressionReason.ERASED.value)
        if self._connection.dialect.name == "sqlite":
            # The key's index, in bytes; the order of PostgreSQL's depends on its language, and it is fast enough without.
            chosen = chosen.where(suppressions.c.address_key.between(PREFIX, PREFIX + "\x7f"))
        return set(self._connection.execute(chosen).scalars())


@dataclass
class Plan:
    """What an import would do."""

    summary: Summary
    samples: dict[tuple[Outcome, str], list[str]] = field(default_factory=dict[tuple[Outcome, str], list[str]])
    """Some addresses of each outcome and reason."""


class Intake:
    """The staged people of one command, on their way into the book."""

    def __init__(
        self,
        connection: Connection,
        staging: Staging,
        erased: Erased,
        *,
        newsletter: str,
        consent_source: str,
        read: Summary,
    ) -> None:
        """`read` has what is known from reading alone: rows, refused ones, duplicates."""
        self._connection = connection
        self._staging = staging
        self._erased = erased
        self._newsletter = newsletter
        self._consent_source = consent_source.strip()
        self._read = read
        self._meeting = Meeting(connection, staging, newsletter, consent=bool(self._consent_source))
        self._last: int = connection.execute(select(func.coalesce(func.max(people.c.n), 0))).scalar_one()
        self._applied: int | None = None
        """Whom `apply` has come to, if its transaction was committed."""
        self._planned_after = 0
        self.planned = 0
        """How many people met the book in the last step of the plan."""

    @property
    def people(self) -> int:
        """The number of the last person; there may be gaps before it."""
        return self._last

    @property
    def consent(self) -> bool:
        """Whether somebody vouches for their consent."""
        return bool(self._consent_source)

    def plan(self) -> Iterator[Plan]:
        """What would happen, growing from slice to slice; each needs no more than a transaction that reads."""
        plan = Plan(self._fresh())
        for after in range(0, self._last, PLANNED):
            self._meeting.meet(after, after + PLANNED)
            counts = self._meeting.counted()
            plan.summary.take(counts)
            for outcome, reason in counts:
                some = plan.samples.setdefault((outcome, reason), [])
                if len(some) < SAMPLE:
                    some += self._meeting.sample(outcome, reason, SAMPLE - len(some))
            self.planned = min(PLANNED, self._last - after)
            self._planned_after = after
            yield plan
        if not self._last:
            yield plan

    def begin(self, digest: str, files: list[str], now: datetime) -> ImportRow:
        """Enter the import, or find the one that was killed."""
        row = records.begin(
            self._connection,
            newsletter=self._newsletter,
            digest=digest,
            files=files,
            consent_source=self._consent_source,
            counts=self._fresh(),
            now=now,
        )
        mark = Mark(row.id, self._newsletter, self._consent_source, row.at)
        self._applying = Applying(self._connection, self._staging, mark)
        Numbering(self._connection).catch_up()
        return row

    def apply(self, row: ImportRow, size: int, now: datetime) -> ImportRow:
        """Enter the next people, `size` at most; the import as it stands then. Raises Overtaken, ImportStopped."""
        lock_erasures(self._connection, to_erase=False)
        last = min(row.position + size, self._last)
        # A slice that was rolled back took the marks of those who were erased along.
        if self._erased.more() or self._applied not in (None, row.position):
            self._mark_erased(row.position)
        self._applied = last
        # A copy: the transaction may be rolled back, and the slice counted again.
        counts = deepcopy(row.counts)
        counts.take(self._applying.apply(self._meeting, row.position, last))
        ended_at = now if last >= self._last else None
        records.advance(self._connection, row.id, before=row.position, after=last, counts=counts, ended_at=ended_at)
        state = ImportState.APPLYING if ended_at is None else ImportState.DONE
        return replace(row, position=last, counts=counts, state=state, ended_at=ended_at)

    def unconfirmed(self, after: int, last: int) -> list[tuple[int, str]]:
        """Number and address of those of the files, above `after` up to `last`, who have not confirmed yet."""
        chosen = (
            select(subscribers.c.id, subscribers.c.email)
            .join_from(people, subscribers, subscribers.c.email_key == people.c.email_key)
            .join(subscriptions, subscriptions.c.subscriber_id == subscribers.c.id)
            .where(people.c.n > after, people.c.n <= last, people.c.wanted <= Wanted.UNCONFIRMED)
            .where(subscriptions.c.newsletter == self._newsletter)
            .where(subscriptions.c.status == Status.UNCONFIRMED.value, ~_suppressed())
            .order_by(subscribers.c.id)
        )
        return [(row[0], row[1]) for row in self._connection.execute(chosen)]

    def planned_unconfirmed(self) -> list[str]:
        """The addresses of those in the last step of the plan who would be unconfirmed then, and nobody is kept out for."""
        first = self._planned_after
        mine = and_(subscriptions.c.subscriber_id == subscribers.c.id, subscriptions.c.newsletter == self._newsletter)
        agreed = and_(literal(self.consent), people.c.wanted == Wanted.SUBSCRIBED.value)
        chosen = (
            select(func.coalesce(subscribers.c.email, email))
            .select_from(people)
            .outerjoin(subscribers, subscribers.c.email_key == people.c.email_key)
            .outerjoin(subscriptions, mine)
            .where(people.c.n > first, people.c.n <= first + PLANNED, people.c.wanted <= Wanted.UNCONFIRMED)
            .where(func.coalesce(subscriptions.c.status, Status.UNCONFIRMED.value) == Status.UNCONFIRMED.value)
            .where(~agreed, ~_suppressed())
        )
        return list(self._connection.execute(chosen).scalars())

    def _mark_erased(self, after: int) -> None:
        """Somebody was erased since the files were read: they must not come in with the slices that are left."""
        chosen = select(people.c.n, people.c.email_key).where(people.c.n > after)
        found = [n for n, key in self._connection.execute(chosen) if key in self._erased]
        for n in found:
            self._connection.execute(update(people).where(people.c.n == n).values(wanted=Wanted.ERASED.value))

    def _fresh(self) -> Summary:
        return Summary(rows=self._read.rows, refused=dict(self._read.refused), duplicates=self._read.duplicates)


def _suppressed() -> ColumnElement[bool]:
    return exists().where(suppressions.c.address_key == people.c.email_key).correlate(people)
