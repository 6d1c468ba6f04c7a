"""The messages of the queue that wait: a number of eight bytes each."""

from array import array
from collections.abc import Iterable, Sequence
from random import Random

_TIDY = 10_000


class Waiting:
    """Numbers, taken from the front or from anywhere. Guarded by the caller."""

    def __init__(self) -> None:
        self._numbers = array("Q")
        self._first = 0

    def __len__(self) -> int:
        return len(self._numbers) - self._first

    def extend(self, numbers: Iterable[int]) -> None:
        """At the end."""
        self._numbers.extend(numbers)

    def put_back(self, numbers: Sequence[int]) -> None:
        """At the front, in their order."""
        for number in reversed(numbers):
            if self._first:
                self._first -= 1
                self._numbers[self._first] = number
            else:
                self._numbers.insert(0, number)

    def take(self, chance: Random | None) -> int:
        """The first one, or any one by `chance`. Raises IndexError when there is none."""
        numbers, first = self._numbers, self._first
        if chance is not None:
            other = chance.randrange(first, len(numbers))
            numbers[first], numbers[other] = numbers[other], numbers[first]
        number = numbers[first]
        self._first += 1
        if self._first > _TIDY and self._first > len(self):
            del numbers[: self._first]
            self._first = 0
        return number
