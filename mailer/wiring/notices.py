"""What sends letters to one person outside any mailing: to readers who asked for something, and to try an edition."""

from collections.abc import Callable

from mailer.consent import clean, decide, waiting
from mailer.consent.requests import LIVES
from mailer.ledger.notices import Kind, NoticeRow
from mailer.pacing import Pacer
from mailer.rendering.edition import Edition
from mailer.rendering.notice import render_notice
from mailer.sending.attending import Attendance
from mailer.sending.notice_letters import notice_letters, test_letters
from mailer.sending.notices import NoticeRun
from mailer.transport.base import Envelope, Transport
from mailer.wiring.workspace import Workspace


class Notices:
    """The notices of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._here = workspace

    @property
    def transport(self) -> Transport:
        """What carries notices: whole letters, whatever a mailing is sent by."""
        return self._here.transport

    def run(self, *, stopped: Callable[[], bool]) -> NoticeRun:
        """This process's part in sending notices to readers."""
        return self._run(notice_letters(self._notice, self._here.links, self._here.now), stopped)

    def attendance(self, *, stopped: Callable[[], bool]) -> Attendance:
        """This process's part in answering readers: `mailer serve` and a worker run its `until` in a thread."""

        def decided() -> int:
            with self._here.reading() as connection:
                if not waiting(connection):
                    return 0
            with self._here.transaction() as connection:
                return decide(connection, self._here.erasure_hashes, self._here.number, self._here.now())

        def cleaned() -> None:
            with self._here.transaction() as connection:
                clean(connection, self._here.now())

        return Attendance(self.run(stopped=stopped), decided, cleaned)

    def test_run(self, edition: Edition, *, stopped: Callable[[], bool]) -> NoticeRun:
        """What sends test letters of an edition."""
        return self._run(test_letters(edition, self._here.links, self._here.now), stopped)

    def _run(self, compose: Callable[[NoticeRow], Envelope], stopped: Callable[[], bool]) -> NoticeRun:
        transport = self.transport
        pacer = Pacer(
            self._here.transaction,
            transport.name,
            lambda: transport.rate() or 1,
            lambda _rate: 1,
            clock=self._here.clock,
        )

        def depart(stopped: Callable[[], bool]) -> bool:
            return transport.rate() is None or pacer.wait(stopped, self._here.sleep) is not None

        def too_fast() -> None:
            transport.too_fast()
            pacer.too_fast()

        return NoticeRun(
            database=self._here.database,
            transport=transport,
            compose=compose,
            depart=depart,
            too_fast=too_fast,
            clock=self._here.clock,
            now=self._here.now,
            stopped=stopped,
        )

    def _notice(self, slug: str, kind: Kind) -> Edition:
        newsletter = self._here.newsletter(slug)
        return render_notice(newsletter, self._here.theme(newsletter), kind.value, days=LIVES.days)
