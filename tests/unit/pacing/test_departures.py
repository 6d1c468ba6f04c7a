"""Departures: numbered off from one row, a whole number of them a second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from mailer.database.engine import Database
from mailer.pacing import recipients_per_departure, step, take_departure
from mailer.pacing.tables import paces

NOW = 1_795_000_000.0
ACCOUNT = "ses"

# --- the row --------------------------------------------------------------------------------------------------------


def test_departures_are_numbered_off_from_one_row(database: Database) -> None:
    with database.transaction() as connection:
        taken = [take_departure(connection, ACCOUNT, 0.25, now).at for now in (NOW, NOW, NOW + 0.1, NOW + 9, NOW + 9)]
        rows = connection.execute(select(paces)).all()

    assert taken == [NOW, NOW + 0.25, NOW + 0.5, NOW + 9, NOW + 9.25]
    assert [tuple(row) for row in rows] == [(ACCOUNT, NOW + 9.5, 1.0, 0.0)]


def test_whoever_comes_for_a_departure_less_than_its_slack_too_late_still_gets_it(database: Database) -> None:
    with database.transaction() as connection:
        moments = (NOW, NOW + 0.27, NOW + 0.5, NOW + 0.76, NOW + 1.04)
        taken = [take_departure(connection, ACCOUNT, 0.25, moment).at for moment in moments]

    assert taken == [NOW, NOW + 0.25, NOW + 0.5, NOW + 0.75, NOW + 1.04]


def test_two_paces_do_not_wait_for_each_other(database: Database) -> None:
    with database.transaction() as connection:
        taken = [take_departure(connection, name, 5, NOW).at for name in ("here", "there")]

    assert taken == [NOW, NOW]


def test_a_departure_of_a_transaction_that_was_rolled_back_is_free_again(database: Database) -> None:
    with database.engine.connect() as connection:
        take_departure(connection, ACCOUNT, 5, NOW)
        connection.rollback()

    with database.transaction() as connection:
        assert take_departure(connection, ACCOUNT, 5, NOW).at == NOW


def test_a_clock_set_back_a_little_is_waited_for(database: Database) -> None:
    with database.transaction() as connection:
        first = take_departure(connection, ACCOUNT, 0.5, NOW).at
        second = take_departure(connection, ACCOUNT, 0.5, NOW - 30).at

    assert (first, second) == (NOW, NOW + 0.5)


def test_a_departure_no_rate_could_explain_is_forgotten_and_a_second_kept_free(database: Database) -> None:
    with database.transaction() as connection:
        take_departure(connection, ACCOUNT, 0.5, NOW + 86400)
        taken = [take_departure(connection, ACCOUNT, 0.5, NOW).at for _ in range(2)]

    assert taken == [NOW + 1, NOW + 1.5]


def test_a_hundred_senders_waiting_at_a_slow_rate_are_not_taken_for_a_broken_clock(database: Database) -> None:
    with database.transaction() as connection:
        taken = [take_departure(connection, ACCOUNT, 1.03, NOW).at for _ in range(100)]

    assert taken == [pytest.approx(NOW + 1.03 * number) for number in range(100)]


# --- the arithmetic -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "n", "seconds"),
    [
        (1, 1, 1.03),
        (14, 1, 1.03 / 14),
        (200, 50, 1.03 / 4),
        (2000, 50, 1.03 / 40),
        (14.9, 1, 1.03 / 14),
        (0.5, 1, 2.06),
        (1 / 60, 1, 61.8),
        (5, 10, 2.06),
    ],
)
def test_a_step_is_a_second_and_its_slack_shared_among_whole_departures(rate: float, n: int, seconds: float) -> None:
    assert step(rate, n) == pytest.approx(seconds)


@pytest.mark.parametrize(("rate", "n"), [(0, 1), (-1, 1), (float("nan"), 1), (1, 0)])
def test_a_rate_at_which_nobody_ever_leaves_is_refused(rate: float, n: int) -> None:
    with pytest.raises(ValueError, match="no pace"):
        step(rate, n)


@pytest.mark.parametrize(
    ("rate", "most", "n"),
    [(0.5, 50, 1), (1, 50, 1), (14, 50, 14), (60, 50, 30), (99, 50, 33), (200, 50, 50), (2000, 50, 50), (500, 1, 1)],
)
def test_a_call_carries_as_many_as_the_rate_divides_into(rate: float, most: int, n: int) -> None:
    assert recipients_per_departure(rate, most) == n


@given(st.floats(1, 10_000), st.integers(1, 50))
def test_every_whole_rate_can_be_used_to_95_percent(rate: float, most: int) -> None:
    whole = float(int(rate))
    n = recipients_per_departure(whole, most)

    assert 1 <= n <= most
    assert n <= whole
    assert n / step(whole, n) >= 0.95 * whole
