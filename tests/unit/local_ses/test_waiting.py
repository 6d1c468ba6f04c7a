"""Messages that wait: none is lost and none is there twice, in whatever order they are taken and put back."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.local_ses.waiting import Waiting


@given(st.lists(st.sampled_from(["put", "take", "put back"]), max_size=60), st.booleans())
def test_what_was_put_is_taken_once(steps: list[str], shuffled: bool) -> None:  # noqa: FBT001  # a drawn value
    waiting, taken, count = Waiting(), list[int](), 0
    chance = Random(1) if shuffled else None
    for step in steps:
        if step == "put":
            waiting.extend(range(count, count + 3))
            count += 3
        elif step == "take" and waiting:
            taken.append(waiting.take(chance))
        elif step == "put back" and taken:
            waiting.put_back(taken[-2:])
            del taken[-2:]
    rest = [waiting.take(chance) for _ in range(len(waiting))]
    assert sorted(taken + rest) == list(range(count))
    if not shuffled:
        assert rest == sorted(rest)


def test_a_long_line_is_taken_in_order_and_an_empty_one_says_so() -> None:
    waiting = Waiting()
    waiting.extend(range(25_000))
    assert [waiting.take(None) for _ in range(25_000)] == list(range(25_000))
    with pytest.raises(IndexError):
        waiting.take(None)
