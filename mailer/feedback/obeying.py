"""What hard bounces and complaints mean for an address: it is never mailed again, and every subscription ends, at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from mailer.feedback.attribution import Attributed, address_keys, erased_among
from mailer.feedback.values import Kind
from subscribers.erasure import Hasher
from subscribers.lifecycle import SuppressionReason
from subscribers.suppressing import Suppressing, suppress_many

_REASONS: Mapping[Kind, SuppressionReason] = {
    Kind.HARD_BOUNCED: SuppressionReason.BOUNCED,
    Kind.COMPLAINED: SuppressionReason.COMPLAINED,
}
_SAID: Mapping[Kind, str] = {Kind.HARD_BOUNCED: "a letter bounced", Kind.COMPLAINED: "called a letter spam"}


def obey(connection: Connection, new: Sequence[Attributed], *, hashes: Hasher, now: datetime) -> int:
    """Suppress the addresses of new hard bounces and complaints, also of letters that are not in the ledger. How many."""
    wanted: dict[tuple[str, SuppressionReason], Suppressing] = {}
    for one in new:
        reason = _REASONS.get(one.feedback.kind)
        if reason is None:
            continue
        detail = f": {one.feedback.detail}" if one.feedback.detail else ""
        note = f"{_SAID[one.feedback.kind]}{detail[:100]}"
        evidence = {"message_id": one.feedback.message_id, "at": one.feedback.at.isoformat()}
        for key in _whom(one):
            wanted.setdefault((key, reason), Suppressing(key, reason, note, evidence))
    if not wanted:
        return 0
    gone = erased_among(connection, (key for key, _ in wanted), hashes)
    return suppress_many(connection, [each for each in wanted.values() if each.address_key not in gone], now=now)


def _whom(one: Attributed) -> Iterable[str]:
    """The keys of the addresses that an event condemns.

    The address that we wrote to, and not the one that bounced: a letter that was forwarded bounces at somebody else's. A
    complaint is a person's word, so it also holds for the address that they have now. An orphan may have been written
    to several people at once: then those whom the event names, if we wrote to them.
    """
    destination = address_keys(one.feedback.destination)
    named = address_keys(each.address for each in one.feedback.concerned)
    if one.notice is not None:
        return address_keys([one.notice.email])
    if one.subscriber_id is not None and one.mailing_id is not None:
        mine = [one.address_key] if one.address_key is not None else []
        written = destination if len(destination) == 1 else mine
        return {*written, *mine} if one.feedback.kind is Kind.COMPLAINED else set(written)
    if len(destination) == 1 or not destination:
        return set(destination or named)
    return {key for key in named if key in destination}
