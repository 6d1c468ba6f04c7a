"""Which issues the archive holds, and their copies: read once for each mailing, because its edition is frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, exists, select

from mailer.ledger.mailings import load_edition
from mailer.ledger.states import MailingState
from mailer.ledger.tables import deliveries, mailings
from mailer.rendering.edition import Edition
from mailer.web.reading import Copy, archive_copy
from mailer.web.site import Site

_COPIES = 64
"""Whole pages kept, about 80 kB each."""
_ENTRIES = 10_000


@dataclass(frozen=True)
class Entry:
    """An issue as the archive lists it."""

    newsletter: str
    number: int
    subject: str
    preheader: str
    language: str
    published_at: datetime


class Shelf:
    """The issues that were sent. Methods take a connection that reads."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._copies: dict[int, Copy] = {}
        self._entries: dict[int, Entry] = {}

    def copy(self, connection: Connection, newsletter: str, number: int) -> tuple[Copy, datetime] | None:
        """The archive copy of an issue, and when it was published. None: no letter of it has left.

        Of a canary, a paused and a cancelled mailing too: whoever has the letter must be able to follow its link.
        """
        row = connection.execute(
            select(mailings.c.id, mailings.c.opened_at).where(
                mailings.c.newsletter == newsletter,
                mailings.c.issue == number,
                mailings.c.state != MailingState.SCHEDULED.value,
                exists().where(deliveries.c.mailing_id == mailings.c.id, deliveries.c.attempt > 0),
            )
        ).one_or_none()
        return None if row is None else (self._known(connection, row.id, newsletter, number), row.opened_at)

    def entries(self, connection: Connection, newsletter: str, *, most: int | None = None) -> Sequence[Entry]:
        """The issues that were sent to the whole newsletter and are finished, the newest first."""
        rows = connection.execute(
            select(mailings.c.id, mailings.c.issue, mailings.c.opened_at)
            .where(
                mailings.c.newsletter == newsletter,
                mailings.c.state == MailingState.FINISHED.value,
                mailings.c.segment == "",  # what only some were sent is not for everyone to find
                exists().where(deliveries.c.mailing_id == mailings.c.id, deliveries.c.attempt > 0),
            )
            .order_by(mailings.c.issue.desc())
            .limit(most)
        ).all()
        return [self._entry(connection, newsletter, *row) for row in rows]

    def _entry(
        self, connection: Connection, newsletter: str, mailing_id: int, number: int, published_at: datetime
    ) -> Entry:
        known = self._entries.get(mailing_id)
        if known is None:
            copy = self._known(connection, mailing_id, newsletter, number)
            known = Entry(newsletter, number, copy.subject, copy.preheader, copy.language, published_at)
            if len(self._entries) < _ENTRIES:
                self._entries[mailing_id] = known
        return known

    def _known(self, connection: Connection, mailing_id: int, newsletter: str, number: int) -> Copy:
        copy = self._copies.get(mailing_id)
        if copy is None:
            copy = self._drawn(connection, mailing_id, newsletter, number)
            if len(self._copies) >= _COPIES:
                self._copies.pop(next(iter(self._copies), 0), None)  # another thread may have been quicker
            self._copies[mailing_id] = copy
        return copy

    def _drawn(self, connection: Connection, mailing_id: int, newsletter: str, number: int) -> Copy:
        edition = Edition.from_json(load_edition(connection, mailing_id))
        nobodys = self._site.url("u", newsletter)
        links = {
            "unsubscribe_url": nobodys,
            "preferences_url": nobodys,
            "view_url": self._site.url("issues", newsletter, str(number)),
        }
        return archive_copy(edition, links)
