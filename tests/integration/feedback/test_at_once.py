"""Several processes take the same events at once, while a sender claims and settles the letters that they are about."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random

from sqlalchemy import func, select

from mailer.feedback.tables import events
from mailer.feedback.values import Taken
from mailer.ledger import claims
from mailer.ledger.claims import Desk, Settlement
from mailer.ledger.states import State
from mailer.ledger.tally import tallies

from .conftest import NEWS, NOW, Bureau, address, event, number

PEOPLE = 120


def test_the_same_events_taken_by_three_at_once_beside_a_sender_are_applied_once(bureau: Bureau) -> None:
    bureau.people(range(1, PEOPLE + 1))
    bureau.open()
    told = [
        event(name, person)
        for person in range(1, PEOPLE + 1)
        for name in ("send", "bounce-permanent" if person % 40 == 0 else "delivery")
    ]
    start = threading.Barrier(4)

    def taker(seed: int) -> Callable[[], Taken]:
        def take_all() -> Taken:
            mine = [*told]
            Random(seed).shuffle(mine)
            start.wait()
            return sum((bureau.take(*part) for part in _parts(mine, 40)), Taken())

        return take_all

    def sender() -> None:
        desk = Desk(bureau.mailings[1], NEWS, {})
        start.wait()
        after, chance = 0, Random(54)
        while True:
            with bureau.database.transaction() as connection:
                claim = desk.claim(connection, after=after, size=10, sender_id=1, now=NOW)
            if claim.last is None:
                return
            after = claim.last
            settlements = [
                Settlement(one.subscriber_id, one.attempt, chance.choice([State.ACCEPTED, State.UNCERTAIN]))
                for one in claim.deliveries
            ]
            chance.shuffle(settlements)
            with bureau.database.transaction() as connection:
                claims.settle(connection, bureau.mailings[1], 1, settlements, NOW)

    with ThreadPoolExecutor(4) as threads:
        takers = [threads.submit(taker(seed)) for seed in range(3)]
        sending = threads.submit(sender)
        total = sum((one.result() for one in takers), Taken())
        sending.result()

    bounced = {person for person in range(1, PEOPLE + 1) if person % 40 == 0}
    rows = bureau.rows()
    assert {row["state"] for row in rows.values()} == {"accepted"}
    assert {person: row.get("message_id") for person, row in rows.items()} == {
        person: number(person) for person in range(1, PEOPLE + 1)
    }
    assert {person for person, row in rows.items() if "hard_bounced_at" in row} == bounced
    assert {person for person, row in rows.items() if "delivered_at" in row} == rows.keys() - bounced
    assert (total.new, total.new + total.repeated) == (2 * PEOPLE, 6 * PEOPLE)
    assert bureau.suppressed() == {(address(person), "bounced") for person in bounced}
    with bureau.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(events)).scalar_one() == 2 * PEOPLE
        tally = connection.execute(select(tallies)).one()
    assert (tally.final, tally.hard_bounced) == (PEOPLE, len(bounced))


def _parts(told: Sequence[str], size: int) -> list[Sequence[str]]:
    return [told[first : first + size] for first in range(0, len(told), size)]
