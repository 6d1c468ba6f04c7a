"""What takes events in: the one way behind the queue, files and the web."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from mailer.errors import DatabaseError
from mailer.feedback.adopting import Open, adopt
from mailer.feedback.applying import Terms
from mailer.feedback.intake import BREATH_SECONDS, CROWD, take
from mailer.feedback.reading import Reader
from mailer.feedback.retention import forget_old
from mailer.feedback.values import Policies, Raw, Taken
from mailer.ses.events import read_event
from mailer.wiring.workspace import Workspace

if TYPE_CHECKING:
    from mailer.errors import MailerError
    from mailer.ses.polling import Poll
    from mailer.ses.posted import PostedEvents


_BETWEEN_LOOKS = timedelta(seconds=30)
"""A look for the letters of orphans reads the ledgers of the mailings that are being sent."""


class Intake:
    """The events of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._here = workspace
        self._looked_at: datetime | None = None
        self.found = Taken()
        """What became of orphans of earlier batches, besides what `take_in` said of its own."""

    @cached_property
    def policies(self) -> Policies:
        """What is concluded from feedback."""
        said = self._here.settings
        return Policies(
            soft_bounces=said.soft_bounces,
            soft_bounces_days=said.soft_bounces_days,
            guard_bounces=said.guard_bounces,
            guard_bounces_after=said.guard_bounces_after,
            guard_complaints=said.guard_complaints,
            guard_complaints_after=said.guard_complaints_after,
            guard_complaints_least=said.guard_complaints_least,
        )

    def take_in(self, raws: Sequence[Raw], read: Reader | None = None, *, database: Open | None = None) -> Taken:
        """Take a batch of events in and commit it: the one way behind the queue, files and the web.

        `database` is one that waits for others as long as the caller can. Raises DatabaseError.
        """
        taken = take(
            database or self._here.database,
            raws,
            read=read or read_event,
            hashes=self._here.erasure_hashes,
            now=self._here.now(),
            policies=self.policies,
        )
        if taken.new:
            self._look(database or self._here.database)
        if database is None and self._here.database.path is not None and len(raws) >= CROWD:
            self._here.sleep(BREATH_SECONDS)
        return taken

    def _look(self, database: Open) -> None:
        """Now and then give the newest orphans their letters: they may have come a moment too early."""
        now = self._here.now()
        if self._looked_at is not None and now < self._looked_at + _BETWEEN_LOOKS:
            return
        self._looked_at = now
        with suppress(DatabaseError):  # the batch itself is committed, and there will be another look
            self.found += adopt(database, self._terms(now), pages=1)

    def _terms(self, now: datetime) -> Terms:
        return Terms(self._here.erasure_hashes, now, self.policies)

    def tidy(self) -> None:
        """Give every orphan its letter that has one by now, and forget events whose time is over. Raises DatabaseError.

        How long events are kept is MAILER_EVENTS_KEEP_DAYS.
        """
        now = self._here.now()
        self.found += adopt(self._here.database, self._terms(now))
        forget_old(self._here.database, now=now, keep_days=self._here.settings.events_keep_days)

    @contextmanager
    def polling(
        self,
        *,
        stopped: Callable[[], bool],
        trouble: "Callable[[MailerError | None], None]",
        observe: Callable[[Taken], None] = lambda _taken: None,
    ) -> "Generator[Poll]":
        """What empties the queue MAILER_EVENTS_QUEUE_URL, which is open for the length of the block.

        The callables are those of `Poll`. Raises SettingsError when there is no such queue, TransportError without a client.
        """
        from mailer.ses.polling import THREADS, Poll  # noqa: PLC0415  # lazy: boto3
        from mailer.ses.queue import open_queue  # noqa: PLC0415  # lazy, as above

        queue = open_queue(self._here.settings.events_queue_url, threads=THREADS + 1)
        try:
            yield Poll(
                queue,
                self.take_in,
                tidy=self.tidy,
                clock=time.monotonic,
                sleep=self._here.sleep,
                stopped=stopped,
                observe=observe,
                trouble=trouble,
            )
        finally:
            queue.close()

    def posted_events(self, database: Open) -> "PostedEvents":
        """What answers SNS over HTTPS. Raises SettingsError when MAILER_SES_TOPIC_ARNS names something else than topics."""
        from mailer.ses.certificates import Certificates, fetch_certificate  # noqa: PLC0415  # lazy: cryptography
        from mailer.ses.confirming import confirm_subscription  # noqa: PLC0415  # lazy, as above
        from mailer.ses.posted import PostedEvents  # noqa: PLC0415  # lazy, as above
        from mailer.ses.sns import Trust, read_topics  # noqa: PLC0415  # lazy, as above

        def take_in(texts: Sequence[str]) -> None:
            self.take_in([Raw(text, "web") for text in texts], database=database)

        trust = Trust(
            read_topics(self._here.settings.ses_topic_arns),
            Certificates(self._here.fetch or fetch_certificate, self._here.now),
        )
        return PostedEvents(trust, take_in, confirm_subscription)
