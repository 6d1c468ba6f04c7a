"""The whole loop: letters through SES, its events through the queue and back into the ledger, with every fault between."""

from collections import Counter
from collections.abc import Callable, Generator

import pytest
from sqlalchemy import select

from mailer.database.engine import Database
from mailer.feedback.intake import take
from mailer.feedback.values import Policies, Raw, Taken
from mailer.ledger.report import progress
from mailer.ledger.tally import told
from mailer.local_ses.queue import queue_url
from mailer.local_ses.server import Server
from mailer.sending.run import End
from mailer.ses.events import read_event
from mailer.ses.queue import EventsQueue, in_tens, open_queue
from mailer.ses.transport import SesTransport
from subscribers.erasure import keyed_hashes
from subscribers.tables import subscriptions, suppressions

from ..sending.conftest import Office  # noqa: TID252  # tests are not a package
from .conftest import session

PEOPLE = 600
Empty = Callable[..., Taken]


def hashes(key: str) -> tuple[str, ...]:
    """Keyed hashes under a key that does not matter."""
    return keyed_hashes(key, [b"k" * 32])


@pytest.fixture
def queue(server: Server, monkeypatch: pytest.MonkeyPatch) -> Generator[EventsQueue]:
    """The queue of the local SES."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", server.url)
    opened = open_queue(queue_url(server.url), threads=1, session=session())
    yield opened
    opened.close()


@pytest.fixture
def empty(office: Office, queue: EventsQueue) -> Empty:
    """Takes in what is in the queue, in batches of a hundred."""

    def all_of_it(policies: Policies = Policies()) -> Taken:  # noqa: B008  # frozen
        total = Taken()
        while True:
            received = [each for _ in range(10) for each in queue.receive(0)]
            if not received:
                return total
            raws = [Raw(each.text, "queue") for each in received]
            now = office.time.now()
            total += take(office.database, raws, read=read_event, hashes=hashes, now=now, policies=policies)
            for ten in in_tens(received):
                queue.delete(ten)

    return all_of_it


@pytest.fixture
def office(database: Database) -> Office:
    """600 people, on each database in turn."""
    office = Office(database)
    office.people(range(1, PEOPLE + 1))
    return office


def test_everything_that_ses_tells_arrives_in_the_ledger_exactly_and_heals_it(
    office: Office, raw: SesTransport, server: Server, empty: Empty
) -> None:
    server.local_ses.change_options(
        {
            "bounce_share": 0.04,
            "complaint_share": 0.0034,
            "soft_bounce_share": 0.02,
            "delay_share": 0.03,
            "lose_share": 0.02,
            "hold_events": True,
        }
    )
    office.run(raw, batch=raw.batch)
    uncertain = sum(state == "uncertain" for state in office.states().values())
    assert uncertain > 0
    server.local_ses.change_options(
        {"lose_share": 0.0, "hold_events": False, "reorder_events": True, "repeat_events": 2}
    )
    taken = empty()

    letters = server.local_ses.accepted
    assert len(letters) == PEOPLE
    events = Counter(event for letter in letters for event, _ in letter.told)
    assert (taken.new, taken.repeated) == (events.total(), 2 * events.total())
    assert (taken.unreadable, taken.orphans, taken.settled) == (0, 0, uncertain)

    heard = {letter.recipient: {event for event, _ in letter.told} for letter in letters}
    bounced = {who for who, told_ in heard.items() if ("BOUNCE" in told_ and "DELIVERY" not in told_)}
    hard = {letter.recipient for letter in letters if ("BOUNCE", "Permanent/General") in letter.told}
    complained = {who for who, told_ in heard.items() if "COMPLAINT" in told_}
    assert (len(hard), len(complained), len(bounced - hard)) == (24, 2, 12)
    mailing = office.mailing()
    with office.database.reading() as connection:
        counts = progress(connection, mailing.id, mailing.audience)
        rows = connection.execute(select(suppressions.c.address_key, suppressions.c.reason)).all()
        left = connection.execute(
            select(subscriptions.c.subscriber_id).where(subscriptions.c.status == "unsubscribed")
        ).scalars()
        assert {f"p{number}@example.org" for number in left} == hard | complained
        more = told(connection, mailing.id)
    assert {name: number for name, number in counts.standings.items() if number} == {
        "delivered": PEOPLE - len(bounced) - len(complained),
        "bounced": len(hard),
        "complained": len(complained),
        "accepted": len(bounced - hard),
    }
    assert counts.states == {"accepted": PEOPLE}
    assert more is not None
    assert (more.soft_bounced, more.returned) == (len(bounced - hard), 0)
    assert {tuple(row) for row in rows} == {
        *[(who, "bounced") for who in hard],
        *[(who, "complained") for who in complained],
    }
    assert (mailing.state, mailing.reason) == ("finished", "")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"bounce_share": 0.06}, "guard-bounces"),
        ({"complaint_share": 0.02}, "guard-complaints"),
        ({"bounce_share": 0.04, "complaint_share": 0.005}, ""),
    ],
)
def test_a_mailing_whose_readers_bounce_or_complain_too_much_stops_while_it_is_sent(  # noqa: PLR0917  # fixtures
    office: Office, raw: SesTransport, empty: Empty, options: dict[str, float], reason: str, server: Server
) -> None:
    policies = Policies(guard_complaints=0.01, guard_complaints_after=200)
    server.local_ses.change_options({**options, "repeat_events": 1, "reorder_events": True})
    settled = Counter[str]()

    def listen(step: str, count: int) -> None:
        settled[step] += count
        if step == "settled" and settled["settled"] % 40 < count:
            empty(policies)

    end = office.run(raw, batch=raw.batch, observe=listen)
    empty(policies)
    mailing = office.mailing()
    sent = len(server.local_ses.accepted)
    if reason:
        assert (end, mailing.state, mailing.reason) == (End.PAUSED, "paused", reason)
        assert 200 <= sent < 400
        return
    assert (end, mailing.state, mailing.reason, sent) == (End.FINISHED, "finished", "", PEOPLE)
