"""The calls that are under way: each made in a thread of its own, and each answered once."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Self

from mailer.errors import MailerError
from mailer.ledger.claims import Claimed
from mailer.transport.base import Receipt


@dataclass(frozen=True)
class Answer:
    """What a call came to."""

    people: Sequence[Claimed]
    receipts: Sequence[Receipt]
    """One for each of the people, in order; none when nothing was carried at all, and `error` says why."""
    error: MailerError | None = None


class Calls:
    """At most `at_once` calls at the same time. With 1 a call is made at once, by whoever asks for it.

    To be closed: a thread that is left behind would go on calling while its process ends.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="call") if at_once > 1 else None
        self._under_way: dict[Future[Sequence[Receipt]], Sequence[Claimed]] = {}
        # Not `concurrent.futures.wait`: it looks at every call that is under way, each time that one comes back.
        self._back: SimpleQueue[Future[Sequence[Receipt]]] = SimpleQueue()
        self._answers: list[Answer] = []

    @property
    def under_way(self) -> int:
        """How many are not answered yet."""
        return len(self._under_way)

    def has_room(self, calls: int) -> bool:
        """Whether so many more would all begin at once; a call that waits for a thread would leave late."""
        return not self._under_way or len(self._under_way) + calls <= self._at_once

    def begin(self, people: Sequence[Claimed], call: Callable[[], Sequence[Receipt]]) -> None:
        """Make a call for these people."""
        if self._pool is None:
            self._answers.append(_answer(people, call))
        else:
            future = self._pool.submit(call)
            self._under_way[future] = people
            future.add_done_callback(self._back.put)

    def answered(self, seconds: float = 0.0) -> list[Answer]:
        """What was answered since; waits up to so many seconds for the next answer, when there is none yet."""
        wait = seconds if self._under_way and not self._answers else 0.0
        with suppress(Empty):
            while True:
                future = self._back.get(timeout=wait) if wait > 0 else self._back.get_nowait()
                self._answers.append(_answer(self._under_way.pop(future), future.result))
                wait = 0.0
        answers, self._answers = self._answers, []
        return answers

    def close(self) -> None:
        """Wait for the calls that are under way, and end the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _answer(people: Sequence[Claimed], outcome: Callable[[], Sequence[Receipt]]) -> Answer:
    try:
        return Answer(people, outcome())
    except MailerError as error:
        return Answer(people, (), error)
