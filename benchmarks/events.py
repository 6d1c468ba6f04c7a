"""Events applied a second while a mailing is sent beside them, and what of its pace it keeps; on SQLite and on PostgreSQL."""

import gc
import json
import subprocess
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from books import each_database, fill, settle_down
from claiming import MESSAGE_ID, claim_and_settle
from measuring import ROOT, Figure, headline
from pydantic import SecretStr
from sample import KEY, NUMBER, workspace
from sqlalchemy import select, update

from mailer.database.engine import Database, connect
from mailer.feedback.values import Raw, Taken
from mailer.ledger.states import MailingState
from mailer.ledger.tables import deliveries
from mailer.ledger.tables import mailings as mailing_table
from mailer.sending.opening import open_mailing
from mailer.settings import Settings
from mailer.wiring import Workspace
from mailer.wiring.intake import Intake

PEOPLE = 60_000
RATE = 200.0
"""Recipients a second of the mailing beside: what raw letters are sent at."""
BATCH = 500
"""As `events poll` takes them."""
HEARD = 40_000
"""Letters that are told of, by two events each."""
LEAST = {"SQLite": 5_000.0, "PostgreSQL": 2_500.0}
"""Events a second."""
CHILD = Path(__file__).with_name("events_beside.py")


def figures() -> Iterator[Figure]:
    """For each database: events a second, and shares of the rate."""
    for name, _, url in each_database():
        yield from _of(name, url, least=LEAST[name])


def _of(name: str, url: str, *, least: float) -> Iterator[Figure]:
    headline(f"Events on {name}, {BATCH} a batch, every batch durable, 4 % of them hard bounces")
    database = connect(url)
    token = _sent(database)
    raws = _events(database, token)
    settle_down(database)
    gc.freeze()  # whoever takes events in does not hold 80,000 of them, which a collection would go through
    few = len(raws) // 4
    alone, taken = _apply(database, raws[:few])
    yield Figure("applied, nothing beside it", alone, "events/s", at_least=least)
    with _sending(url) as mailing:
        beside, more = _apply(database, raws[few:])
    assert (taken + more).new == len(raws)
    yield Figure(f"applied beside a mailing at {RATE:.0f}/s", beside, "events/s", at_least=least)
    yield Figure("that mailing's share of its rate", 100 * mailing.rate / RATE, "%", at_least=95)
    database.close()


def _sent(database: Database) -> str:
    """A mailing of which everybody's letter was accepted, and issue 54 open beside it; the first one's token."""
    here = workspace()
    edition = here.edition(None, NUMBER)
    newsletter = edition.letterhead.newsletter
    fill(database, newsletter, PEOPLE)
    opened = open_mailing(database, edition, segment="", transport="memory", token=here.token, now=here.now())
    claim_and_settle(database, newsletter, size=500, count=PEOPLE // 500 + 1)
    with database.transaction() as connection:
        # It becomes the issue before, so that the one that is sent beside it is 54.
        connection.execute(update(mailing_table).values(issue=NUMBER - 1, state=MailingState.FINISHED))
    open_mailing(database, edition, segment="", transport="memory", token=here.token, now=here.now())
    return opened.token


def _events(database: Database, token: str) -> list[Raw]:
    """Two events for each of many letters, shuffled among themselves as SNS does, in the shapes and sizes of SES."""
    with database.reading() as connection:
        chosen = select(deliveries.c.subscriber_id).where(deliveries.c.message_id.is_not(None)).limit(HEARD)
        people = connection.execute(chosen).scalars().all()
    raws = [Raw(_event(kind, person, token)) for place, person in enumerate(people) for kind in _kinds(place)]
    Random(54).shuffle(raws)
    return raws


def _kinds(place: int) -> tuple[str, str]:
    return ("Send", "Bounce" if place % 25 == 0 else "Delivery")


def _event(kind: str, person: int, token: str) -> str:
    address = f"p{person}@example.org"
    names = (
        "From",
        "To",
        "Subject",
        "Reply-To",
        "List-Unsubscribe",
        "List-Unsubscribe-Post",
        "List-Id",
        "MIME-Version",
    )
    tags = {"ses:operation": ["SendEmail"], "ses:configuration-set": ["newsletter"], "ses:source-ip": ["192.0.2.1"]}
    mail = {
        "timestamp": "2026-03-23T06:00:01.000Z",
        "source": "news@example.org",
        "sourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/example.org",
        "sendingAccountId": "123456789012",
        "messageId": MESSAGE_ID,
        "destination": [address],
        "headersTruncated": False,
        "headers": [{"name": name, "value": "v" * 80} for name in names],
        "commonHeaders": {"from": ["news@example.org"], "to": [address], "messageId": MESSAGE_ID, "subject": "s" * 60},
        "tags": {**tags, "mailing": [token], "delivery": [f"{person}-1"]},
    }
    at = {"timestamp": "2026-03-23T06:00:03.000Z"}
    said = {"emailAddress": address, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    parts: dict[str, dict[str, Any]] = {
        "Send": {},
        "Delivery": {**at, "recipients": [address], "smtpResponse": "250 2.0.0 OK"},
        "Bounce": {
            **at,
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [said],
            "feedbackId": f"{MESSAGE_ID}-{person}",
        },
    }
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": f"{kind}-{person}",
            "TopicArn": "arn:aws:sns:eu-west-1:123456789012:newsletter-events",
            "Message": json.dumps({"eventType": kind, "mail": mail, kind.lower(): parts[kind]}),
            "Timestamp": at["timestamp"],
            "SignatureVersion": "1",
            "Signature": "s" * 344,
            "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem",
        }
    )


def _apply(database: Database, raws: Sequence[Raw]) -> tuple[float, Taken]:
    """Take raws in; events a second, and what became of them."""
    here = Workspace(ROOT, Settings(secret_keys=SecretStr(KEY)))
    here.database = database
    intake = Intake(here)
    total = Taken()
    start = perf_counter()
    for first in range(0, len(raws), BATCH):
        total += intake.take_in(raws[first : first + BATCH])
    return len(raws) / (perf_counter() - start), total


class _Beside:
    """A mailing that is sent in a process of its own, and asked for its rate once."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.rate = 0.0

    def say(self, word: str) -> None:
        """Tell it to go on, or to stop."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()


@contextmanager
def _sending(url: str) -> Generator[_Beside]:
    """Issue 54 is sent beside the block; its `rate` is known behind it."""
    command = [sys.executable, str(CHILD), url, str(RATE)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        beside = _Beside(process)
        beside.say("go")
        yield beside
        beside.say("stop")
        beside.rate = float(process.stdout.readline())
        assert process.wait() == 0


if __name__ == "__main__":
    sys.exit(1 if [figure for figure in figures() if not figure.shown()] else 0)
