"""Claim and settle as a sender does, with no letters in between; and a whole run whose letters go nowhere."""

import re
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, time

from measuring import ROOT
from pydantic import SecretStr
from sample import KEY, NUMBER

from mailer.database.engine import Database, connect
from mailer.ledger import claims, mailings
from mailer.ledger.claims import Desk, Settlement
from mailer.ledger.states import State
from mailer.settings import Settings
from mailer.transport.base import Accepted, Envelope, Receipt
from mailer.transport.memory import MemoryTransport
from mailer.wiring import Workspace, utc_now

MESSAGE_ID = "0100019" + 53 * "a"
"""As long as those of Amazon SES."""


class Forgetful(MemoryTransport):
    """Accepts every letter and keeps none: what remains in memory is the sender's own."""

    def send(self, envelopes: Sequence[Envelope]) -> list[Receipt]:
        """Accept them all."""
        return [Accepted(MESSAGE_ID) for _ in envelopes]


def claim_and_settle(
    database: Database, newsletter: str, *, size: int, count: int, after: int = 0, sender: int = 1
) -> tuple[float, int]:
    """Take and settle `count` claims of `size`; rows a second, and where the next claim starts."""
    with database.reading() as connection:
        mailing = mailings.find(connection, newsletter, NUMBER)
    assert mailing is not None
    desk = Desk(mailing.id, newsletter, {})
    done = 0
    start = perf_counter()
    for _ in range(count):
        with database.transaction() as connection:
            claim = desk.claim(connection, after=after, size=size, sender_id=sender, now=utc_now())
        if claim.last is None:
            break
        after = claim.last
        settlements = [
            Settlement(one.subscriber_id, one.attempt, State.ACCEPTED, message_id=MESSAGE_ID)
            for one in claim.deliveries
        ]
        with database.transaction() as connection:
            won = claims.settle(connection, mailing.id, sender, settlements, utc_now()).rows
        assert won == len(settlements)
        done += won
    assert done, "nobody was left to claim"
    return done / (perf_counter() - start), after


def claim_alone(url: str, newsletter: str, rows: int, sender: int) -> tuple[int, float, float]:
    """One of several processes: the rows that it did, and when it began and ended."""
    database = connect(url)
    _, after = claim_and_settle(
        database, newsletter, size=50, count=20, sender=sender
    )  # warm: its statements are known
    start = time()
    claim_and_settle(database, newsletter, size=50, count=rows // 50, after=after, sender=sender)
    end = time()
    database.close()
    return rows, start, end


def send_alone(url: str) -> tuple[float, float]:
    """Send to everybody who is pending, by `mailer send`'s own loop; letters a second, and the peak of memory in MB."""
    here = Workspace(ROOT, Settings(database_url=url, secret_keys=SecretStr(KEY)))
    here.transport = Forgetful()
    with here.reading() as connection:
        mailing = mailings.find(connection, here.slug(None), NUMBER)
    assert mailing is not None
    start = perf_counter()
    here.run(mailing, rate=None, limit=None, stopped=lambda: False, observe=lambda _step, _count: None).go()
    taken = perf_counter() - start
    here.close()
    return mailing.audience / taken, peak()


def peak() -> float:
    """The most memory that this process ever had, in MB. Linux says it; a rusage would name its parent's if that had more."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="utf-8"))
    assert found is not None
    return int(found[1]) / 1024
