"""Empties the queue of events: receive, take in and commit, and only then delete; for ever, or until nothing is left.

A crash between the commit and the deletion brings the same events again, which changes nothing. What cannot be read is
kept aside by the intake and deleted like the rest, so it never blocks the queue.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress

from mailer.errors import DatabaseError, MailerError
from mailer.feedback.values import Raw, Taken
from mailer.ses.queue import LONGEST_WAIT, MOST_AT_ONCE, EventsQueue, QueueError, Received, in_tens

THREADS = 4
"""Calls at the same time: one brings at most ten messages, a mailing at full speed makes hundreds of events a second."""
MOST_IN_BATCH = 500
"""One durable commit for all of these."""
MOST_CHARACTERS = 8 * 1_048_576
"""A batch of the largest messages there are must not need a gigabyte."""
ONCE_WAIT = 1
"""Seconds. Any long poll asks all of SQS's servers, so its empty answer means that there is nothing."""
TIDY_SECONDS = 600.0
"""How often events whose time is over are forgotten, and those that came too early are looked at once more."""
LONGEST_PAUSE = 60.0
"""Seconds between two attempts while the queue or the database does not answer."""
_LOOK_SECONDS = 0.1

TakeIn = Callable[[Sequence[Raw]], Taken]


class Poll:
    """One process's part in emptying the queue; any number may do it side by side."""

    def __init__(
        self,
        queue: EventsQueue,
        take_in: TakeIn,
        *,
        tidy: Callable[[], object],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        stopped: Callable[[], bool],
        observe: Callable[[Taken], None],
        trouble: Callable[[MailerError | None], None],
    ) -> None:
        """`tidy` puts in order what is stored; `trouble` hears of each attempt that failed and is made again, and None when it goes on."""
        self._queue = queue
        self._take_in = take_in
        self._tidy = tidy
        self._tidied_at = clock() - TIDY_SECONDS
        self._clock = clock
        self._sleep = sleep
        self._stopped = stopped
        self._observe = observe
        self._trouble = trouble
        self.taken = Taken()
        """What was taken in so far, also when an error ended it."""

    def once(self) -> None:
        """Take in what is there, until a long poll brings nothing. Raises QueueError and DatabaseError."""
        with ThreadPoolExecutor(THREADS, "events") as threads:
            while not self._stopped() and (received := self._receive(threads, ONCE_WAIT)):
                self._batch(threads, received)
        self._tidy()

    def for_ever(self) -> None:
        """Take in whatever comes until somebody asks us to stop.

        While the network, the queue or the database does not answer, it tries again, ever more seldom. Raises QueueError
        for what does not pass by itself: no such queue, no permission.
        """
        failures = 0
        with ThreadPoolExecutor(THREADS, "events") as threads:
            while not self._stopped():
                try:
                    received = self._receive(threads, LONGEST_WAIT)
                    if received:
                        self._batch(threads, received)
                    self._tidy_at_times()
                except (QueueError, DatabaseError) as error:
                    if isinstance(error, QueueError) and not error.passing:
                        raise
                    failures += 1
                    self._trouble(error)
                    self._pause(min(LONGEST_PAUSE, 2.0 ** min(failures, 10)))
                else:
                    if failures:
                        self._trouble(None)
                    failures = 0

    def _receive(self, threads: ThreadPoolExecutor, wait: int) -> list[Received]:
        """A batch: what a long poll brings and, when it came back full, what there is besides."""
        received = self._first(wait)
        more = len(received) == MOST_AT_ONCE
        while more and not self._stopped():
            found = list(threads.map(self._queue.receive, [0] * THREADS))
            received.extend(each for some in found for each in some)
            more = (
                any(found)
                and len(received) <= MOST_IN_BATCH - THREADS * MOST_AT_ONCE
                and sum(len(each.text) for each in received) < MOST_CHARACTERS
            )
        return received

    def _first(self, wait: int) -> list[Received]:
        """The long poll, in a thread that is left alone as soon as somebody asks us to stop.

        What it brings after that stays in the queue: it is hidden for a minute, and then there again.
        """
        answer: Future[list[Received]] = Future()

        def ask() -> None:
            try:
                answer.set_result(self._queue.receive(wait))
            except BaseException as error:  # noqa: BLE001  # it is raised again below, in the thread that asked
                answer.set_exception(error)

        threading.Thread(target=ask, name="long poll", daemon=True).start()
        while True:
            with suppress(NotYet):
                return answer.result(timeout=_LOOK_SECONDS)
            if self._stopped():
                return []

    def _batch(self, threads: ThreadPoolExecutor, received: Sequence[Received]) -> None:
        taken = self._take_in([Raw(each.text, "queue") for each in received])
        self.taken += taken
        self._observe(taken)
        # Committed: from here on a failure only brings the same events again.
        list(threads.map(self._queue.delete, in_tens(received)))

    def _tidy_at_times(self) -> None:
        if self._clock() >= self._tidied_at + TIDY_SECONDS:
            self._tidy()
            self._tidied_at = self._clock()

    def _pause(self, seconds: float) -> None:
        for part in _parts(seconds):
            if self._stopped():
                return
            self._sleep(part)


def _parts(seconds: float) -> Iterator[float]:
    """A long sleep as short ones: a signal does not end a sleep."""
    whole, rest = divmod(seconds, _LOOK_SECONDS)
    yield from (_LOOK_SECONDS for _ in range(int(whole)))
    if rest:
        yield rest
