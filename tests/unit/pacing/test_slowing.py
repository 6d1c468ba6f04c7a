"""Too fast: the pace is halved for everybody, once a second at most, and comes back by steps."""

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from mailer.database.engine import Database
from mailer.pacing import Pacer, slow_down, step, take_departure
from mailer.pacing.slowing import SLOWEST, Slowness
from mailer.pacing.tables import paces

NOW = 5_000.0


def _slowed(database: Database) -> tuple[float, float]:
    with database.reading() as connection:
        return tuple(connection.execute(select(paces.c.slowed, paces.c.slowed_at)).one())


def test_a_hundred_calls_that_were_too_fast_together_halve_the_pace_once(database: Database) -> None:
    with database.transaction() as connection:
        take_departure(connection, "ses", 1, NOW)
        assert [slow_down(connection, "ses", NOW + each / 200) for each in range(100)].count(True) == 1
    assert _slowed(database) == (0.5, NOW)


def test_a_storm_halves_it_each_second_down_to_the_slowest(database: Database) -> None:
    with database.transaction() as connection:
        take_departure(connection, "ses", 1, NOW)
        for each in range(20):
            assert slow_down(connection, "ses", NOW + each)
    assert _slowed(database)[0] == SLOWEST + 1 / 32 or _slowed(database)[0] == SLOWEST


def test_without_a_departure_there_is_nothing_to_slow_down(database: Database) -> None:
    with database.transaction() as connection:
        assert not slow_down(connection, "ses", NOW)


def test_it_comes_back_by_steps() -> None:
    slow = Slowness(0.5, NOW)
    assert [slow.at(NOW + seconds) for seconds in (0, 1.9, 2, 4, 7.9, 8, 1000)] == [
        0.5,
        0.5,
        0.625,
        0.75,
        0.875,
        1.0,
        1.0,
    ]


def test_a_machine_that_was_started_anew_is_not_slow_until_its_clock_comes_round_again() -> None:
    assert Slowness(SLOWEST, NOW).at(3.0) == 1.0


@given(share=st.floats(SLOWEST, 1), since=st.floats(0, 1e9), now=st.floats(0, 1e9))
def test_the_share_is_never_more_than_all_and_never_less_than_was_left(share: float, since: float, now: float) -> None:
    assert share <= Slowness(share, since).at(now) <= 1


def test_another_senders_pace_is_halved_too_and_fewer_leave_together(database: Database) -> None:
    now = NOW

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    one, other = (
        Pacer(database.transaction, "ses", lambda: 100, lambda rate: int(rate / 10), clock=lambda: now)
        for _ in range(2)
    )

    def wait(pacer: Pacer) -> tuple[int, float]:
        leave = pacer.wait(lambda: False, sleep)
        assert leave is not None
        return leave.recipients, leave.seconds

    assert wait(one) == (10, step(100, 10))
    assert one.too_fast()
    assert wait(other) == (10, step(100, 10))  # it reads of it with this departure
    assert (other.rate, wait(other)) == (50, (5, step(50, 5)))
