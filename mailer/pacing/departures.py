"""Numbers off departures: how far apart they lie, and the one row from which all senders take them.

The promise: no second holds more than R recipients, and at least 95 % of R is used. A token bucket of capacity R lets
2R go in one second (measured); departures that are numbered off cannot.

All senders must go by one clock: `mailer.database.clock` has it.
"""

from dataclasses import dataclass
from math import floor

from sqlalchemy import Connection, case, update
from sqlalchemy.dialects import postgresql, sqlite

from mailer.pacing.slowing import Slowness
from mailer.pacing.tables import paces

SLACK = 0.03
"""J: how late, in seconds, a departure may be used. Departures lie 1+J seconds for each second's worth apart, so that
even the latest and the earliest of them keep the promise."""

FAR = 60.0
"""How far ahead, in seconds, the next departure may lie beside 60 steps: see `horizon`."""


def step(rate: float, n: int, slack: float = SLACK) -> float:
    """Seconds between departures of n recipients each at `rate` recipients a second: (1+J) / floor(rate / n).

    Where a second has no room for n of them, n / rate seconds have: a rate below 1 is honest too. But n people who
    leave together are n in one second; `recipients_per_departure` never says more than the rate allows.
    """
    if not rate > 0 or n < 1:
        raise ValueError(f"no pace: {n} recipients at {rate} a second")
    departures_a_second = floor(rate / n)
    return (1 + slack) / departures_a_second if departures_a_second else (1 + slack) * n / rate


def recipients_per_departure(rate: float, most: int) -> int:
    """The largest n up to `most` that wastes less than 1 % of the rate to rounding, so that with J 95 % is used.

    50 at a rate of 60 would be one departure a second, 83 %; 30 are two, all of it. One a departure wastes the least.
    """
    for n in range(min(most, floor(rate)), 1, -1):
        if n * floor(rate / n) >= 0.99 * rate:
            return n
    return 1


def batch_for(rate: float, most: int) -> int:
    """How many recipients leave together: about a tenth of a second's worth, so that a crash leaves little in doubt."""
    return recipients_per_departure(rate, max(1, min(most, floor(rate / 10))))


def horizon(step: float) -> float:
    """How far ahead the next departure can honestly lie, in seconds: a minute and sixty waiting senders.

    Farther than that it was numbered off by a clock that has been set back since. Everyone would sleep until that time
    comes again, perhaps a day.
    """
    return FAR + 60 * step


@dataclass(frozen=True)
class Departure:
    """A moment at which recipients may leave, in seconds of the shared clock; and what its row said of the pace."""

    at: float
    slowness: Slowness


def take_departure(connection: Connection, name: str, step: float, now: float) -> Departure:
    """Take the next departure of the pace `name`; one statement, safe among any senders.

    The departure is `next` if that lies ahead or J behind, else `now`; and `next` moves a step behind it. A departure may be
    used until J behind it: whoever comes for it by less wastes nothing of the rate. A `next` beyond the `horizon` is forgotten,
    and the numbering begins again one second from now: who left just before the clock was set back stays out of that second.
    """
    upsert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(paces)
    following = case(
        (paces.c.next > now + horizon(step), now + 1 + step),
        (paces.c.next > now - SLACK, paces.c.next + step),
        else_=now + step,
    )
    statement = (
        upsert.values(name=name, next=now + step, slowed=1.0, slowed_at=0.0)
        .on_conflict_do_update(index_elements=[paces.c.name], set_={"next": following})
        .returning(paces.c.next, paces.c.slowed, paces.c.slowed_at)
    )
    following_one, slowed, slowed_at = connection.execute(statement).one()
    return Departure(following_one - step, Slowness(slowed, slowed_at))


def push_back(connection: Connection, name: str, seconds: float) -> None:
    """Let all departures that are still to be taken lie so much later."""
    connection.execute(update(paces).where(paces.c.name == name).values(next=paces.c.next + seconds))
