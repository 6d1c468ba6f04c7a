"""Plans a mailing, and opens it or finds the one that is there: an issue has one mailing, whatever is typed twice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection

from mailer.database.engine import Database
from mailer.errors import EditionChanged, MailingError, SegmentChanged
from mailer.ledger import audience, mailings, newcomers
from mailer.ledger.mailings import MailingRow
from mailer.ledger.report import progress
from mailer.ledger.segments import condition_now
from mailer.ledger.states import MailingState, PauseReason, State
from mailer.rendering.edition import Edition


@dataclass(frozen=True)
class Plan:
    """What `mailer send` would do, in figures; printed before anybody is asked."""

    newsletter: str
    issue: int
    segment: str
    found: MailingRow | None
    """The mailing that is already there; None: this would open it."""
    audience: int
    excluded: Mapping[str, int]
    to_send: int
    """How many would get it now: everybody, or who is pending and who is new."""
    previous: MailingRow | None
    newcomers: int | None = None
    """How many of them --also-new would add; None when it was not asked for, or there is no mailing to add them to."""


def _condition(connection: Connection, newsletter: str, segment: str) -> ColumnElement[bool] | None:
    """The SQL condition of a segment expression; none for everyone. Raises BadSegment."""
    return condition_now(connection, segment, newsletter) if segment else None


def make_plan(database: Database, newsletter: str, issue: int, segment: str | None, *, also_new: bool = False) -> Plan:
    """Count, and change nothing. Raises SegmentChanged when the mailing was opened with another segment."""
    with database.reading() as connection:
        found = mailings.find(connection, newsletter, issue)
        before = mailings.previous(connection, newsletter, issue)
        if found is None:
            accounting = audience.preview(connection, newsletter, _condition(connection, newsletter, segment or ""))
            return Plan(
                newsletter,
                issue,
                segment or "",
                None,
                accounting.frozen,
                accounting.excluded,
                accounting.frozen,
                before,
            )
        _same_segment(found, segment)
        pending = progress(connection, found.id, found.audience).states.get(State.PENDING, 0)
        excluded = audience.excluded(connection, found.id)
        new = (
            newcomers.count_new(connection, found.id, newsletter, _condition(connection, newsletter, found.segment))
            if also_new
            else None
        )
        return Plan(
            newsletter, issue, found.segment, found, found.audience, excluded, pending + (new or 0), before, new
        )


def _same_segment(found: MailingRow, segment: str | None) -> None:
    if segment is not None and segment != found.segment:
        stored = f"with the segment {found.segment!r}" if found.segment else "to everyone, without a segment"
        raise SegmentChanged(
            f"the mailing of issue {found.issue} was opened {stored}, and keeps it",
            hint="leave --segment away to go on with it; --also-new adds who joined since",
        )


def check_unchanged(found: MailingRow, source_digest: str, named: str, *, also_new: bool = False) -> None:
    """Raise EditionChanged when the issue's file is not the one that was frozen, and somebody is still to get it.

    `named`: the options that name the issue to a command.
    """
    over = found.state == MailingState.CANCELLED or (found.state == MailingState.FINISHED and not also_new)
    if found.source_digest != source_digest and not over:
        raise EditionChanged(
            f"issue {found.issue} or its newsletter.yaml was edited after its mailing opened, "
            f"and everyone must get the same letter",
            hint=f"put the file back as it was and the same command goes on; or end this mailing with "
            f"`mailer cancel {named}` (those who have it keep it) and correct yourself in a new issue; "
            f"if nobody has it yet, `mailer cancel {named} --discard` forgets it and `mailer send` starts afresh",
        )


def check_transport(found: MailingRow, transport: str, named: str) -> None:
    """Raise MailingError when the mailing was opened with another transport: half a mailing would never leave the machine.

    `named` is as in `check_unchanged`.
    """
    if found.transport != transport:
        raise MailingError(
            f"the mailing of issue {found.issue} was opened with MAILER_TRANSPORT={found.transport}, and this is {transport}",
            hint=f"set MAILER_TRANSPORT={found.transport} to go on with it"
            + (
                f"; or, as nothing of it left this machine, forget it with `mailer cancel {named} --discard` "
                f"and send it for real"
                if found.transport == "outbox"
                else ""
            ),
        )


def open_mailing(
    database: Database,
    edition: Edition,
    *,
    segment: str,
    transport: str,
    token: Callable[[], str],
    now: datetime,
    mode: str = "",
) -> MailingRow:
    """Open the mailing of an edition and freeze its audience, all of it or nothing; or find the one that is there.

    Raises MailingError when there is nobody to send it to, AudienceMismatch when the counts do not add up.
    """
    newsletter = edition.letterhead.newsletter
    with database.transaction() as connection:
        audience.hold_still(connection)
        mailing_id = mailings.insert_mailing(
            connection,
            newsletter=newsletter,
            issue=edition.issue,
            token=token(),
            transport=transport,
            mode=mode,
            segment=segment,
            source_digest=edition.source_digest,
            edition=edition.to_json(),
            now=now,
        )
        if mailing_id is not None:
            accounting = audience.freeze(
                connection, mailing_id, newsletter, _condition(connection, newsletter, segment)
            )
            if accounting.frozen == 0:
                raise nobody(newsletter, segment, accounting.excluded)
    with database.reading() as connection:
        found = mailings.find(connection, newsletter, edition.issue)
    if found is None:
        raise MailingError(
            f"the mailing of issue {edition.issue} was discarded while it was being opened",
            hint="run the same command again",
        )
    return found


def nobody(newsletter: str, segment: str, excluded: Mapping[str, int]) -> MailingError:
    """There is nobody to send to, and why."""
    left_out = ", ".join(f"{count} {reason}" for reason, count in excluded.items())
    whom = f"whom {segment!r} selects " if segment else ""
    return MailingError(
        f"nobody {whom}may be sent {newsletter}"
        + (f" (left out: {left_out})" if left_out else ": it has no subscribers"),
        hint="`mailer subscribers import FILE --consent-source TEXT` brings people in; `mailer subscribers list` shows who is there",
    )


def resume_after_quota(database: Database, mailing: MailingRow) -> bool:
    """A mailing that paused for the day's quota goes on by the same command: nobody has to judge anything first."""
    if mailing.state != MailingState.PAUSED or mailing.reason != PauseReason.QUOTA:
        return False
    with database.transaction() as connection:
        return mailings.resume(connection, mailing.id)


def add_new(database: Database, mailing: MailingRow) -> int:
    """--also-new: add whoever subscribed after the freeze; a finished mailing goes on for them. How many."""
    with database.transaction() as connection:
        audience.hold_still(connection)
        added = newcomers.add_new(
            connection, mailing.id, mailing.newsletter, _condition(connection, mailing.newsletter, mailing.segment)
        )
        if added:
            mailings.reopen(connection, mailing.id)
    return added
