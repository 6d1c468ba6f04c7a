"""Joining: a request becomes an unconfirmed subscription and a notice; its confirmation makes somebody subscribed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, delete, exists, or_, select

from mailer.consent import requests
from mailer.consent.requests import CAP, Kind, RequestRow, State
from mailer.consent.tables import requests as request_table
from mailer.ledger import notices
from mailer.ledger.notices import Kind as NoticeKind
from mailer.ledger.notices import NewNotice
from mailer.ledger.written_to import written_to
from subscribers import book
from subscribers.address import Address, parse
from subscribers.errors import Unlawful
from subscribers.lifecycle import LIFTED_BY_CONFIRMING, Actor, ConsentAction, Status
from subscribers.rows import Held, hold, is_erased, lock_erasures, reasons, status_of
from subscribers.tables import consent_events, subscriber_tags, subscribers, subscriptions

FORM = "subscribe form"
"""The source of a consent that was given on our own form."""

Hasher = Callable[[str], Sequence[str]]
"""An address's key -> the keyed hashes under which it would stand as erased."""


def decide(connection: Connection, hashes: Hasher, draw: Callable[[], int], now: datetime) -> int:
    """Decide what was asked for: who is written to, and who is not. How many requests that were.

    Nobody is written to who complained, bounced, was erased or suppressed by an operator, or was written to often enough.
    """
    lock_erasures(connection, to_erase=False)
    asked = requests.undecided(connection)
    for request in asked:
        why_not = _why_not(connection, request, hashes, now)
        if why_not:
            requests.decline(connection, request, why_not)
            continue
        subscriber_id = request.subscriber_id
        if request.kind is Kind.JOIN:
            subscriber_id = _enter(connection, request, hashes)
        requests.notice(connection, request, subscriber_id)
        kind = NoticeKind.CONFIRM if request.kind is Kind.JOIN else NoticeKind.MOVE
        notices.add(
            connection,
            [NewNotice(draw(), kind, request.newsletter, request.email, request.expires_at, request_id=request.id)],
            now,
        )
    return len(asked)


def confirm(
    connection: Connection,
    newsletter: str,
    request_id: int,
    *,
    evidence: Mapping[str, str],
    hashes: Hasher,
    now: datetime,
) -> int | None:
    """The owner of the address pressed the button. Whom it subscribed; None: the link works no more.

    Pressed again it changes nothing: somebody who left since then does not come back by an old letter.
    """
    lock_erasures(connection, to_erase=False)
    request = requests.find(connection, Kind.JOIN, newsletter, request_id)
    if request is None or request.subscriber_id is None or request.expires_at <= now:
        return None
    if request.state is State.CONFIRMED:
        person = hold(connection, request.subscriber_id)
        here = person is not None and status_of(connection, person.id, newsletter) is Status.SUBSCRIBED
        return person.id if person is not None and here else None
    try:
        subscriber_id = _asking(connection, request, hashes)
    except Unlawful:
        return None
    letter = notices.of_request(connection, NoticeKind.CONFIRM, request.id)
    proof = {**evidence, "requested_at": request.asked_at.isoformat(), "notice": letter}
    source = request.evidence.get("import")
    source = FORM if source is None else f"import {source}"
    requests.confirm(connection, request, subscriber_id)
    book.confirm(connection, subscriber_id, newsletter, source=source, now=now, evidence=proof)
    return subscriber_id


def join_at_once(
    connection: Connection,
    person: Held,
    newsletter: str,
    *,
    source: str,
    hashes: Hasher,
    evidence: Mapping[str, str],
    now: datetime,
) -> None:
    """Subscribe somebody who has just proved that the mailbox is theirs: by a link that only it knows."""
    book.subscribe(
        connection,
        Address(email=person.email, key=person.key),
        newsletter,
        actor=Actor.PERSON,
        source=source,
        hashes=hashes(person.key),
        now=now,
        evidence=evidence,
    )
    book.confirm(connection, person.id, newsletter, source=source, now=now, evidence=evidence)


def is_open(connection: Connection, kind: Kind, newsletter: str, request_id: int, now: datetime) -> bool:
    """Whether the link of a notice still works."""
    request = requests.find(connection, kind, newsletter, request_id)
    return request is not None and request.expires_at > now


def clean(connection: Connection, now: datetime) -> int:
    """Forget requests that nobody confirmed, and whoever is in the book by nothing else. How many requests."""
    over = requests.expire(connection, now)
    for subscriber_id, newsletter in _left_over(connection):
        _leave_no_trace(connection, subscriber_id, newsletter)
    return len(over)


def _left_over(connection: Connection) -> list[tuple[int, str]]:
    """(number, newsletter) of those of whom a request that is over is still told.

    Not only of what is over by now: an import may have subscribed them when it was, and have been taken back since.
    """
    told, mine, asked = consent_events.c, subscriptions.c, request_table.c
    chosen = (
        select(told.subscriber_id, told.newsletter)
        .distinct()
        .join_from(
            request_table,
            consent_events,
            and_(told.subscriber_id == asked.subscriber_id, told.newsletter == asked.newsletter),
        )
        .where(asked.kind == Kind.JOIN.value, asked.state == State.EXPIRED.value)
        .where(told.action == ConsentAction.REQUESTED.value)
        .where(
            ~exists().where(
                mine.subscriber_id == told.subscriber_id,
                mine.newsletter == told.newsletter,
                mine.status != Status.UNCONFIRMED.value,
            )
        )
        .order_by(told.subscriber_id)
    )
    return [(row[0], row[1]) for row in connection.execute(chosen)]


def _why_not(connection: Connection, request: RequestRow, hashes: Hasher, now: datetime) -> str:
    key = parse(request.email).key
    if request.expires_at <= now:
        return "expired"
    if is_erased(connection, hashes(key)):
        return "erased"
    lasting = set(connection.execute(reasons(key)).scalars()) - {reason.value for reason in LIFTED_BY_CONFIRMING}
    if lasting:
        return "suppressed"
    return CAP if requests.noticed_too_often(connection, request.mailbox, now) else ""


def _enter(connection: Connection, request: RequestRow, hashes: Hasher) -> int:
    address = parse(request.email)
    entered = book.subscribe(
        connection,
        address,
        request.newsletter,
        actor=Actor.PERSON,
        source=FORM,
        hashes=hashes(address.key),
        now=request.asked_at,
        evidence=request.evidence,
    )
    return entered.subscriber_id


def _asking(connection: Connection, request: RequestRow, hashes: Hasher) -> int:
    """Whom a request is about, with a subscription that they can confirm. Raises Unlawful for an address that was erased.

    Since their letter went out an import may have been taken back that had brought them, or what they were to the
    newsletter. Their request is not the import's: they are entered again as they asked.
    """
    number = request.subscriber_id
    person = None if number is None else hold(connection, number)
    if person is not None and status_of(connection, person.id, request.newsletter) is not None:
        return person.id
    if "import" not in request.evidence:
        return _enter(connection, request, hashes)
    # Another import asked them, and no form.
    address = parse(request.email)
    entered = book.subscribe(
        connection,
        address,
        request.newsletter,
        actor=Actor.IMPORT,
        source="",
        hashes=hashes(address.key),
        now=request.asked_at,
    )
    return entered.subscriber_id


def _leave_no_trace(connection: Connection, subscriber_id: int, newsletter: str) -> None:
    """Take out again what a form alone made of somebody, and the person if nothing else is known of them."""
    person = hold(connection, subscriber_id)
    if person is None or status_of(connection, person.id, newsletter) not in (Status.UNCONFIRMED, None):
        return
    here = (consent_events.c.subscriber_id == person.id, consent_events.c.newsletter == newsletter)
    others = exists().where(*here, consent_events.c.action != ConsentAction.REQUESTED.value)
    if connection.execute(select(others)).scalar_one() or requests.is_noticed(connection, person.id, newsletter):
        return
    asked = set(connection.execute(delete(consent_events).where(*here).returning(consent_events.c.at)).scalars())
    if not asked:
        return  # it was no form that asked them
    mine = (subscriptions.c.subscriber_id == person.id, subscriptions.c.newsletter == newsletter)
    # Whom an import or an operator entered was that before they asked, and stays it.
    connection.execute(delete(subscriptions).where(*mine, subscriptions.c.changed_at.in_(asked)))
    known = [
        exists().where(each.c.subscriber_id == person.id) for each in (subscriptions, consent_events, subscriber_tags)
    ]
    known.append(exists().where(subscribers.c.id == person.id, written_to()))
    if not connection.execute(select(or_(*known))).scalar_one():
        connection.execute(delete(subscribers).where(subscribers.c.id == person.id))
