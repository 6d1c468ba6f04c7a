"""One process that takes departures and prints when it left: a child of `pace.py`, and of the tests of the pace."""

import sys
import time

from mailer.database.clock import shared_clock
from mailer.database.engine import connect
from mailer.pacing import Pacer, batch_for


def depart(url: str, rate: float, seconds: float) -> None:
    """Wait for departures at `rate` for so many seconds; print each moment and how many left, on the shared clock."""
    database = connect(url)
    clock = shared_clock(database)
    n = batch_for(rate, 50)
    pacer = Pacer(database.transaction, "pace", lambda: rate, lambda _rate: n, clock=clock)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    end = clock() + seconds
    left: list[float] = []
    while pacer.wait(lambda: clock() > end, time.sleep):
        left.append(clock())
    sys.stdout.writelines(f"{moment!r} {n}\n" for moment in left)
    database.close()


if __name__ == "__main__":
    depart(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
