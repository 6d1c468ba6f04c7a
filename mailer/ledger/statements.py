"""The ledger's hot statements, built once: building them anew for each claim costs more than the database does."""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Integer,
    Select,
    String,
    TableValuedAlias,
    Update,
    and_,
    any_,
    bindparam,
    case,
    column,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from mailer.ledger.states import PROVED, MailingState, State
from mailer.ledger.tables import deliveries, mailings
from subscribers.candidates import exclusion_reason
from subscribers.columns import UtcDateTime
from subscribers.tables import subscribers, subscriptions


@lru_cache(maxsize=16)
def claiming(size: int) -> Update:
    """The claim: :mailing, :newsletter, :after, :sender, :now.

    Takes `size` pending deliveries beyond subscriber :after in order; in the same statement whoever left, was suppressed or
    erased is withheld, and nobody is taken from a mailing that is not sending. Returns subscriber, state, attempt.
    """
    now = bindparam("now", type_=UtcDateTime())
    mailing = bindparam("mailing", type_=Integer())
    due = (
        select(deliveries.c.subscriber_id)
        .where(
            deliveries.c.mailing_id == mailing,
            deliveries.c.state == literal(State.PENDING.value),
            deliveries.c.subscriber_id > bindparam("after", type_=Integer()),
            select(1).where(mailings.c.id == mailing, mailings.c.state == literal(MailingState.SENDING.value)).exists(),
        )
        # By key, not by "the first pending ones": on PostgreSQL those would walk every dead index entry again, 5 times slower.
        .order_by(deliveries.c.subscriber_id)
        # As a literal: of a parameter PostgreSQL supposes a tenth of all rows, and plans each claim anew, 1 ms each.
        .limit(literal_column(str(size), Integer()))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    subscription = and_(
        subscriptions.c.newsletter == bindparam("newsletter", type_=String()),
        subscriptions.c.subscriber_id == due.c.subscriber_id,
    )
    verdict = (
        select(due.c.subscriber_id, exclusion_reason().label("exclusion"))
        .select_from(
            due.outerjoin(subscribers, subscribers.c.id == due.c.subscriber_id).outerjoin(subscriptions, subscription)
        )
        # Else the look-up of suppressions would stand, and run, wherever the verdict is named below: four times a person.
        .cte("verdict")
        .prefix_with("MATERIALIZED")
    )
    mailable = verdict.c.exclusion.is_(None)
    return (
        update(deliveries)
        .where(
            deliveries.c.mailing_id == mailing,
            deliveries.c.subscriber_id == verdict.c.subscriber_id,
            deliveries.c.state == literal(State.PENDING.value),
        )
        .values(
            state=case((mailable, literal(State.CLAIMED.value)), else_=literal(State.WITHHELD.value)),
            reason=verdict.c.exclusion,
            attempt=deliveries.c.attempt + case((mailable, literal(1)), else_=literal(0)),
            sender_id=bindparam("sender", type_=Integer()),
            claimed_at=now,
            settled_at=case((mailable, None), else_=now),
        )
        .returning(deliveries.c.subscriber_id, deliveries.c.state, deliveries.c.attempt)
    )


def addressing(segments: Sequence[ColumnElement[bool]], dialect: str) -> Select[*tuple[Any, ...]]:
    """The people of :subscribers (an array on PostgreSQL, JSON on SQLite) in order, and what each segment says of them.

    By their numbers, not by a join with what is claimed: what PostgreSQL knows of the ledger's states is always out of
    date in mid-mailing, and made it plan parallel workers for fifty rows.
    """
    truths = [case((condition, 1), else_=0) for condition in segments]
    if dialect == "postgresql":
        chosen = subscribers.c.id == any_(bindparam("subscribers", type_=ARRAY(Integer)))
    else:
        numbers = func.json_each(bindparam("subscribers", type_=String())).table_valued("value")
        chosen = subscribers.c.id.in_(select(numbers.c.value))
    return (
        select(subscribers.c.id, subscribers.c.email, subscribers.c.name, subscribers.c.fields, *truths)
        .where(chosen)
        .order_by(subscribers.c.id)
    )


@cache
def settling(state: State, dialect: str) -> Executable:
    """Settle many claims in one state by :mailing, :sender, :now and the claims themselves (see `claims.settle`).

    Only from CLAIMED, by the same sender and attempt; ACCEPTED also from UNCERTAIN, because somebody may have counted
    the sender dead while it waited for the answer. For PENDING it returns the state that each row reached.
    """
    origin = deliveries.c.state == literal(State.CLAIMED.value)
    if state == State.ACCEPTED:
        origin = or_(origin, deliveries.c.state == literal(State.UNCERTAIN.value))
    # An event may have proved, during the call, that an earlier attempt went out: then nothing makes the person pending again.
    proved = deliveries.c.reason == literal(PROVED)
    ours = and_(deliveries.c.sender_id == bindparam("sender", type_=Integer()), origin)
    mailing = bindparam("mailing", type_=Integer())
    now = bindparam("now", type_=UtcDateTime())
    settled_at: Any = case((proved, now), else_=null()) if state == State.PENDING else now
    reached: Any = literal(state.value)
    if state in {State.PENDING, State.UNCERTAIN}:
        reached = case((proved, literal(State.ACCEPTED.value)), else_=reached)
    if dialect == "postgresql":
        rows = _unnested()
        # What PostgreSQL knows of the ledger's states is always out of date in mid-mailing: it supposed one row of ours, and
        # compared 1,000 settlements with 1,000 rows one by one, for a third of a second. So what is held is counted and not
        # joined, and what is ours is within a CASE, of which it supposes nothing.
        held = select(func.count()).select_from(holding().cte("held")).scalar_subquery()
        changed = (
            update(deliveries)
            .where(
                deliveries.c.mailing_id == mailing,
                held >= 0,
                deliveries.c.subscriber_id == rows.c.subscriber,
                deliveries.c.attempt == rows.c.attempt,
                case((ours, true()), else_=false()),
            )
            .values(state=reached, reason=rows.c.reason, message_id=rows.c.message_id, settled_at=settled_at)
        )
        return changed.returning(deliveries.c.state) if state == State.PENDING else changed
    # SQLite plans `UPDATE … FROM json_each` with the whole mailing outermost (3 s for 50 rows of 150,000); the same rows
    # as an upsert are found by key. No row is ever inserted: a settlement names rows that its claim returned, and that are
    # there as long as their mailing is. (One of the outbox may be discarded while it is in a call.)
    each = func.json_each(bindparam("rows", type_=String())).table_valued("value")
    part = [func.json_extract(each.c.value, f"$[{index}]") for index in range(4)]
    incoming = select(mailing, part[0], literal(state.value), part[2], part[1], part[3]).where(
        select(1).where(mailings.c.id == mailing).exists()
    )
    upsert = sqlite.insert(deliveries).from_select(
        ["mailing_id", "subscriber_id", "state", "reason", "attempt", "message_id"], incoming
    )
    new = upsert.excluded
    changed = upsert.on_conflict_do_update(
        index_elements=[deliveries.c.mailing_id, deliveries.c.subscriber_id],
        set_={
            "state": reached,
            "reason": new.reason,
            "message_id": new.message_id,
            "settled_at": settled_at,
        },
        where=and_(deliveries.c.attempt == new.attempt, ours),
    )
    return changed.returning(deliveries.c.state) if state == State.PENDING else changed


@cache
def holding() -> Select[Any]:
    """Lock the rows of :subscribers in order, as feedback locks them (PostgreSQL).

    An UPDATE by itself locks rows in the order in which it finds them, and two who want the same could wait in a circle.
    """
    chosen = deliveries.c.subscriber_id == any_(bindparam("subscribers", type_=ARRAY(Integer)))
    return (
        select(deliveries.c.subscriber_id)
        .where(deliveries.c.mailing_id == bindparam("mailing", type_=Integer()), chosen)
        .order_by(deliveries.c.subscriber_id)
        .with_for_update()
    )


def _unnested() -> TableValuedAlias:
    columns = {"subscribers": Integer, "attempts": Integer, "reasons": String, "message_ids": String}
    return func.unnest(
        *[bindparam(name, type_=ARRAY(kind)) for name, kind in columns.items()]
    ).table_valued(
        column("subscriber", Integer), column("attempt", Integer), column("reason", String), column("message_id", String)
    ).render_derived(name="settlement")  # fmt: skip
