"""The pace among real processes with a real clock: no second holds more than the rate, however many they are."""

import subprocess
import sys
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from mailer.database.engine import Database
from mailer.pacing import batch_for
from mailer.pacing.departures import SLACK, step
from mailer.pacing.tables import paces

from ..waiting import PATIENCE  # noqa: TID252  # tests are not a package

SECONDS = 2.0

CHILD = """
import sys, time
from mailer.database.clock import shared_clock
from mailer.database.engine import connect
from mailer.pacing import Pacer, batch_for

url, rate, seconds = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
database = connect(url)
shared = shared_clock(database)
seen = shared()

def clock():
    global seen
    seen = shared()
    return seen

pacer = Pacer(database.transaction, "pace", lambda: rate, lambda now: batch_for(now, 50), clock=clock)
print("ready", flush=True)
sys.stdin.readline()
end = shared() + seconds
left = []
while pacer.wait(lambda: shared() > end, time.sleep):
    left.append(seen)  # when the pacer last looked: a process that is put aside right behind that is not its fault
print(*(repr(moment) for moment in left))
"""


def _departures(database: Database, rate: float, processes: int) -> list[float]:
    """When calls began, on the shared clock, by any of so many processes."""
    url = database.engine.url.render_as_string(hide_password=False)
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, url, str(rate), str(SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    left: list[float] = []
    for child in children:
        out, err = child.communicate(timeout=PATIENCE)
        assert child.returncode == 0, err
        left += map(float, out.split())
    return sorted(left)


def _busiest_second(left: Sequence[float], n: int) -> int:
    return max(n * sum(1 for moment in left if start <= moment < start + 1) for start in left)


@pytest.mark.parametrize(("rate", "processes"), [(14, 4), (200, 1), (2000, 4)])
def test_no_second_holds_more_than_the_rate_among_real_processes(
    database: Database, rate: float, processes: int
) -> None:
    n = batch_for(rate, 50)
    left = _departures(database, rate, processes)
    assert len(left) > 1
    assert _busiest_second(left, n) <= rate
    # Each left at a place of its own in the one row of departures, a step apart, and not later than J behind it: so
    # between the first and the last there are not more of them than steps.
    span = left[-1] - left[0] + SLACK
    assert len(left) <= span / step(rate, n) + 1 + 1e-6
    with database.reading() as connection:
        following = connection.execute(select(paces.c.next)).scalar_one()
    assert following >= left[0] - SLACK + len(left) * step(rate, n) - 1e-6
