"""Reads the account's suppression list into the address book: page by page, resumable, and never lifts anything.

SES accepts letters to addresses on its list, counts them against the quota, and sends none of them. Whoever is on it
should therefore be in no audience.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError  # pyright: ignore[reportMissingTypeStubs]  # it has none
from sqlalchemy import Connection, delete, select

from mailer.database.engine import Database
from mailer.errors import TransportError
from mailer.feedback.attribution import erased_among
from mailer.ses.client import Answer, Meta
from mailer.ses.tables import suppression_pulls
from subscribers.address import parse
from subscribers.erasure import Hasher
from subscribers.errors import BadAddress
from subscribers.lifecycle import SuppressionReason
from subscribers.rows import insert_into, lock_erasures
from subscribers.suppressing import Suppressing, suppress_many

PAGE_SIZE = 1000
"""The most that SES gives at once."""
CALL_SECONDS = 1.05
"""Amazon allows one call a second for the list (SES quotas, "Sending API"), and a little is lost on the way."""
OLDEST_POSITION = timedelta(hours=24)
"""A pull that was left alone for longer begins anew: nobody says how long Amazon keeps a position."""

_REASONS: Mapping[str, SuppressionReason] = {
    "BOUNCE": SuppressionReason.BOUNCED,
    "COMPLAINT": SuppressionReason.COMPLAINED,
}


class Lister(Protocol):
    """What of boto3's `sesv2` client is needed here; `reading_client` makes one."""

    meta: Meta

    def list_suppressed_destinations(self, **parameters: Any) -> Answer:
        """A page of the list."""
        ...


@dataclass(frozen=True)
class Pulled:
    """What one pull brought so far."""

    seen: int = 0
    new: int = 0
    erased: int = 0
    """Addresses that were erased here: they are not written down again, and are mailed no more than before."""
    unusable: int = 0
    """Addresses that nobody could write to anyway."""
    whole: bool = False
    """Whether the list was read to its end; else the next pull goes on from here."""

    def __add__(self, other: "Pulled") -> "Pulled":
        return Pulled(
            self.seen + other.seen,
            self.new + other.new,
            self.erased + other.erased,
            self.unusable + other.unusable,
            other.whole,
        )


def pull(
    client: Lister,
    database: Database,
    *,
    hashes: Hasher,
    now: Callable[[], datetime],
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    stopped: Callable[[], bool],
    observe: Callable[[Pulled], None],
) -> Pulled:
    """Suppress whoever is on the account's list, until its end or until `stopped`.

    Each page is committed with the position behind it, so that a pull that was stopped goes on where it was. `hashes`
    gives an address's keyed hashes, by which erased people are known. Raises TransportError, and DatabaseError.
    """
    region = client.meta.region_name
    with database.reading() as connection:
        token = _position(connection, region, now())
    total = Pulled()
    for answer in _pages(client, token, clock, sleep, stopped):
        following: str = answer.get("NextToken", "")
        with database.transaction() as connection:
            brought = _take(connection, answer.get("SuppressedDestinationSummaries", ()), hashes, now())
            _keep_position(connection, region, following, now())
        total += Pulled(brought.seen, brought.new, brought.erased, brought.unusable, not following)
        observe(total)
    return total


def _pages(
    client: Lister,
    token: str,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    stopped: Callable[[], bool],
) -> Iterator[Answer]:
    while not stopped():
        asked_at = clock()
        answer = _page(client, token)
        if answer is None:  # the position is known no more
            token = ""
        else:
            yield answer
            token = answer.get("NextToken", "")
            if not token:
                return
        sleep(max(0.0, asked_at + CALL_SECONDS - clock()))


def _page(client: Lister, token: str) -> Answer | None:
    """A page of the list; None: Amazon does not know the position. Raises TransportError."""
    try:
        return client.list_suppressed_destinations(PageSize=PAGE_SIZE, **({"NextToken": token} if token else {}))
    except (BotoCoreError, ClientError) as error:
        told: Any = error  # botocore has no types
        if token and isinstance(error, ClientError) and told.response["Error"]["Code"] == "InvalidNextTokenException":
            return None
        raise TransportError(
            f"Amazon SES does not tell its suppression list: {error}",
            hint="look at the credentials (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), at "
            "AWS_DEFAULT_REGION, and whether they may do ses:ListSuppressedDestinations; what was pulled is kept, and "
            "the same command goes on from there",
        ) from error


def _take(connection: Connection, listed: Sequence[Mapping[str, Any]], hashes: Hasher, now: datetime) -> Pulled:
    lock_erasures(connection, to_erase=False)
    wanted: dict[tuple[str, SuppressionReason], Suppressing] = {}
    unusable = 0
    for each in listed:
        try:
            key = parse(each["EmailAddress"]).key
        except BadAddress:
            unusable += 1
            continue
        # A reason that Amazon has since thought of is one not to write to the address, at any rate.
        reason = _REASONS.get(each["Reason"], SuppressionReason.OPERATOR)
        note = f"on Amazon's suppression list since {each['LastUpdateTime']:%Y-%m-%d}: {each['Reason']}"
        wanted[key, reason] = Suppressing(key, reason, note, {})
    # Written down in clear, an address that was erased would be known again.
    gone = erased_among(connection, (key for key, _ in wanted), hashes)
    new = suppress_many(connection, [one for one in wanted.values() if one.address_key not in gone], now=now)
    return Pulled(len(listed), new, len(gone), unusable)


def _position(connection: Connection, region: str, now: datetime) -> str:
    row = connection.execute(
        select(suppression_pulls.c.token, suppression_pulls.c.at).where(suppression_pulls.c.region == region)
    ).one_or_none()
    return row.token if row is not None and row.at > now - OLDEST_POSITION else ""


def _keep_position(connection: Connection, region: str, token: str, now: datetime) -> None:
    if not token:
        connection.execute(delete(suppression_pulls).where(suppression_pulls.c.region == region))
        return
    values = {"token": token, "at": now}
    connection.execute(
        insert_into(connection, suppression_pulls)
        .values(region=region, **values)
        .on_conflict_do_update(index_elements=["region"], set_=values)
    )
