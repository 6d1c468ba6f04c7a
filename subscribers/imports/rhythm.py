"""How many people a slice holds, and how long to step back after it, so that nobody else waits for an import. Pure."""

from dataclasses import dataclass

HELD = 0.15
"""Seconds that a slice should hold the database when nobody else writes."""
HELD_ROWS = 0.6
"""The same on PostgreSQL, where a slice holds the rows of its own people and nobody else's."""
HELD_AMONG_OTHERS = 0.02
"""The same while somebody does: a mailing's departures are given up when they come 30 ms late."""
FEWEST = 200
MOST = 40_000
_AMONG_OTHERS_FOR = 2.0
"""Seconds for which somebody who wrote is still expected to write again."""


@dataclass
class Rhythm:
    """Finds the size of the next slice from the time that the last one took."""

    held: float = HELD
    size: int = 2000
    fewest: int = FEWEST
    most: int = MOST
    _others_until: float = 0.0

    def after(self, took: float, *, others: bool, now: float) -> float:
        """Take in that a slice held the database for `took` seconds, and whether others wrote meanwhile; seconds to step back.

        Whoever waits for SQLite's one place to write asks again every few milliseconds, at last every 100: between two
        slices there must be time for that.
        """
        if others:
            self._others_until = now + _AMONG_OTHERS_FOR
        among_others = now < self._others_until
        aim = HELD_AMONG_OTHERS if among_others else self.held
        fitting = self.size * aim / max(took, 0.001)
        self.size = round(min(self.most, max(self.fewest, min(fitting, self.size * 2))))
        return 0.03 if among_others else 0.01
