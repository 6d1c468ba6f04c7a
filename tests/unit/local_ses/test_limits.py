"""Rate and quota in sliding windows, on a clock of our own."""

from hypothesis import given
from hypothesis import strategies as st

from mailer.local_ses.limits import DAY, Limits, Window


@given(st.lists(st.floats(0, 0.5), min_size=1, max_size=200), st.integers(1, 20))
def test_no_second_ever_holds_more_than_the_rate(waits: list[float], rate: int) -> None:
    limits = Limits()
    now, passed = 1000.0, list[float]()
    for wait in waits:
        now += wait
        if not limits.over_rate(now, rate):
            limits.let_through(now, 1, counted=1)
            passed.append(now)
    assert all(sum(1 for other in passed if each - 1 < other <= each) <= rate for each in passed)


def test_what_left_a_second_ago_makes_room() -> None:
    limits = Limits()
    limits.let_through(10.0, 2, counted=2)
    assert [limits.over_rate(now, 2) for now in (10.0, 10.9, 11.0)] == [True, True, False]


def test_a_rate_with_a_fraction_is_not_rounded_up() -> None:
    limits = Limits()
    limits.let_through(10.0, 14, counted=14)
    assert limits.over_rate(10.5, 14.9)


def test_below_one_a_second_one_may_still_go() -> None:
    assert not Limits().over_rate(10.0, 0.5)


def test_the_quota_is_of_any_24_hours_and_minus_one_is_none() -> None:
    limits = Limits()
    limits.let_through(0.0, 3, counted=2)
    assert limits.sent_last_day(1.0) == 2
    assert [limits.over_quota(1.0, quota, 1) for quota in (2, 3, -1)] == [True, False, False]
    assert limits.sent_last_day(DAY + 1) == 0


def test_letters_of_one_step_leave_the_window_together() -> None:
    window = Window(10.0, 1.0)
    for number in range(30):
        window.add(number / 10, 1)
    assert [window.count(now) for now in (9.9, 10.0, 11.0, 12.0)] == [30, 20, 10, 0]
