"""When the carrier says "too fast": the pace is halved for all senders, at most once a second, and climbs back by steps."""

from dataclasses import dataclass
from math import floor

from sqlalchemy import Connection, select, update

from mailer.pacing.tables import paces

SLOWEST = 1 / 64
"""The least share of the rate: six halvings. Below it a storm of refusals would take hours to recover from."""

CLIMB = 1 / 8
CLIMB_SECONDS = 2.0
"""Every two seconds without a refusal an eighth of the rate comes back: from a half to the whole in eight seconds. Amazon asks
for no more: a letter that comes too fast is not lost, and one refusal is how one learns that the limit is still there."""

_AGAIN_SECONDS = 1.0
_CLOCK_SLACK = 5.0


@dataclass(frozen=True)
class Slowness:
    """The share of the rate that was left when the pace was last halved, and when that was, by the shared clock."""

    share: float = 1.0
    since: float = 0.0

    def at(self, now: float) -> float:
        """The share of the rate that is used now."""
        if self.since > now + _CLOCK_SLACK:
            # The machine was started anew, and its count of seconds with it.
            return 1.0
        return min(1.0, self.share + CLIMB * floor(max(0.0, now - self.since) / CLIMB_SECONDS))


def slow_down(connection: Connection, name: str, now: float) -> bool:
    """Halve the pace `name`. False, and nothing happens, when somebody did within the last second.

    A hundred calls that were under way together are all refused, and mean one thing.
    """
    row = connection.execute(
        select(paces.c.slowed, paces.c.slowed_at).where(paces.c.name == name).with_for_update()
    ).first()
    if row is None:
        return False
    slowness = Slowness(row[0], row[1])
    if 0 <= now - slowness.since < _AGAIN_SECONDS:
        return False
    connection.execute(
        update(paces).where(paces.c.name == name).values(slowed=max(SLOWEST, slowness.at(now) / 2), slowed_at=now)
    )
    return True
