"""A new address: asked for on the preferences page, confirmed by a letter to the new one, told to the old one."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from mailer.consent import requests
from mailer.consent.joining import Hasher, join_at_once
from mailer.consent.requests import Kind
from mailer.ledger import notices
from mailer.ledger.notices import Kind as NoticeKind
from mailer.ledger.notices import NewNotice
from subscribers import book, describing
from subscribers.address import Address, parse
from subscribers.lifecycle import LIFTED_BY_CONFIRMING, Status
from subscribers.people import newsletters
from subscribers.rows import Held, hold, hold_all, is_erased, lock_erasures, reasons

SOURCE = "preferences page"
_TOLD_WITHIN = timedelta(days=3)


def confirm(
    connection: Connection,
    newsletter: str,
    request_id: int,
    *,
    evidence: Mapping[str, str],
    hashes: Hasher,
    number: Callable[[], int],
    now: datetime,
) -> int | None:
    """The owner of the new address pressed the button. Who gets the letters there; None: the link works no more.

    When the new address is in the book already, its entry takes over what the person is subscribed to, and their old
    entry leaves it: two entries would get two letters.
    """
    lock_erasures(connection, to_erase=False)
    request = requests.find(connection, Kind.MOVE, newsletter, request_id)
    if request is None or request.subscriber_id is None or request.expires_at <= now:
        return None
    if request.email:
        hold_all(connection, [parse(request.email)], request.subscriber_id)
    person = hold(connection, request.subscriber_id)
    if person is None:
        return None
    if not request.email:
        return person.id  # pressed again
    new = parse(request.email)
    if _kept_out(connection, new, hashes):
        return None
    proof = {
        **evidence,
        "requested_at": request.asked_at.isoformat(),
        "notice": notices.of_request(connection, NoticeKind.MOVE, request.id),
    }
    moved = _moved(connection, person, new, hashes=hashes, proof=proof, now=now)
    requests.confirm(connection, request, moved)
    if person.key != new.key:
        until = now + _TOLD_WITHIN
        told = NewNotice(number(), NoticeKind.MOVED, newsletter, person.email, until, request_id=request.id)
        notices.add(connection, [told], now)
    return moved


def _moved(
    connection: Connection, person: Held, new: Address, *, hashes: Hasher, proof: Mapping[str, str], now: datetime
) -> int:
    """Whose letters go to the new address now."""
    there = hold(connection, new)
    gets = [slug for slug, status in newsletters(connection, person.id).items() if status is Status.SUBSCRIBED]
    if there is None:
        describing.move(connection, person.id, new, source=SOURCE, now=now, evidence=proof)
        for slug in gets:
            # Who has their letters sent elsewhere wants them, whoever subscribed them, and whatever was said of that place.
            book.confirm(connection, person.id, slug, source=SOURCE, now=now, evidence=proof)
    elif there.id != person.id:
        for slug in gets:
            join_at_once(connection, there, slug, source=SOURCE, hashes=hashes, evidence=proof, now=now)
            book.unsubscribe(connection, person.id, slug, source="moved to another address", now=now)
    return person.id if there is None else there.id


def _kept_out(connection: Connection, new: Address, hashes: Hasher) -> bool:
    lasting = set(connection.execute(reasons(new.key)).scalars()) - {reason.value for reason in LIFTED_BY_CONFIRMING}
    return bool(lasting) or is_erased(connection, hashes(new.key))
