"""The deliveries of two people who are one: nobody gets an issue twice by a merge, and nobody misses one."""

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from mailer.errors import MailingError
from mailer.ledger.states import State
from mailer.ledger.tables import deliveries, exclusions, mailings
from subscribers.tables import merged_subscribers

MERGED = "merged"
"""Why a delivery was withheld: the person has, or gets, this letter by their other number."""

_MAY_HAVE_IT = (State.ACCEPTED, State.UNCERTAIN)


def merge_deliveries(connection: Connection, kept: int, gone: int, now: datetime) -> None:
    """Give the pending deliveries of `gone` to `kept`, and withhold what would be a second letter of an issue.

    What was sent to `gone` stays under that number, which SES's events bear. `subscribers.merging.merge` comes first.
    Raises MailingError while `gone` is in a call: what comes of it must be known.
    """
    states = _states(connection, kept, gone)
    had = _had(connection, kept)
    for mailing_id, (mine, theirs) in states.items():
        match mine, theirs:
            case _, State.CLAIMED:
                raise MailingError(
                    "a letter to the one who would go is under way at this moment",
                    hint="try again in a moment; when its sender is dead, `mailer send` settles what it left",
                )
            case _ if mailing_id in had:
                _withhold(connection, mailing_id, gone, now)
                _withhold(connection, mailing_id, kept, now)
            case None, State.PENDING:
                _give(connection, mailing_id, kept, gone)
            case _, State.PENDING:
                _withhold(connection, mailing_id, gone, now)
            case _:
                pass


def _states(connection: Connection, kept: int, gone: int) -> dict[int, tuple[str | None, str | None]]:
    """Mailing -> the states of both deliveries, which no sender claims before this transaction ends."""
    chosen = (
        select(deliveries.c.mailing_id, deliveries.c.subscriber_id, deliveries.c.state)
        .where(deliveries.c.mailing_id.in_(select(mailings.c.id)), deliveries.c.subscriber_id.in_((kept, gone)))
        .order_by(deliveries.c.mailing_id, deliveries.c.subscriber_id)
        .with_for_update()
    )
    found: dict[int, dict[int, str]] = {}
    for mailing_id, subscriber_id, state in connection.execute(chosen):
        found.setdefault(mailing_id, {})[subscriber_id] = state
    return {mailing_id: (states.get(kept), states.get(gone)) for mailing_id, states in found.items()}


def _had(connection: Connection, kept: int) -> set[int]:
    """The mailings whose letter the person may have by a number that was merged into `kept`, now or before.

    Whoever was merged into `gone` before is merged into `kept` now: a letter of theirs is one of the same person's.
    """
    merged = select(merged_subscribers.c.subscriber_id).where(merged_subscribers.c.kept_id == kept)
    chosen = select(deliveries.c.mailing_id).where(
        deliveries.c.subscriber_id.in_(merged), deliveries.c.state.in_(_MAY_HAVE_IT)
    )
    return set(connection.execute(chosen).scalars())


def _give(connection: Connection, mailing_id: int, kept: int, gone: int) -> None:
    row = (deliveries.c.mailing_id == mailing_id, deliveries.c.subscriber_id == gone)
    connection.execute(update(deliveries).where(*row).values(subscriber_id=kept))
    left_out = (exclusions.c.mailing_id == mailing_id, exclusions.c.subscriber_id == kept)
    connection.execute(delete(exclusions).where(*left_out))


def _withhold(connection: Connection, mailing_id: int, subscriber_id: int, now: datetime) -> None:
    row = (deliveries.c.mailing_id == mailing_id, deliveries.c.subscriber_id == subscriber_id)
    values = {"state": State.WITHHELD, "reason": MERGED, "settled_at": now}
    connection.execute(update(deliveries).where(*row, deliveries.c.state == State.PENDING).values(values))
