"""A workspace: its database, its issues, and what sends them."""

import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mailer.errors import SettingsError
from mailer.settings import Settings, load_dotenv, load_settings

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from mailer.database.engine import Database
    from mailer.issues.kinds import Kind
    from mailer.issues.model import Issue, Newsletter
    from mailer.ledger.claims import Claimed
    from mailer.ledger.mailings import MailingRow
    from mailer.links import Links
    from mailer.rendering.edition import Edition
    from mailer.rendering.theme import Theme
    from mailer.sending.run import Run
    from mailer.ses.certificates import Fetch
    from mailer.ses.office import Office
    from mailer.transport.base import Transport
    from subscribers.address import Address


def utc_now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)


@dataclass
class Workspace:
    """A folder with `issues/`, perhaps `templates/`, and the settings that hold there. Everything is opened when first asked for."""

    root: Path
    settings: Settings
    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    token: Callable[[], str] = field(default=lambda: secrets.token_hex(8))
    fetch: "Fetch | None" = None
    """Fetches Amazon's certificates; None: from Amazon."""
    number: Callable[[], int] = field(default=lambda: secrets.randbits(48) + 1)
    """For notices and requests, whose numbers are given only once, whatever backup is restored."""

    # --- the database -----------------------------------------------------------------------------------------------

    @cached_property
    def database(self) -> "Database":
        """The database, its schema up to date."""
        from mailer.database.schema import open_database  # noqa: PLC0415  # lazy: writing an issue needs no database

        # Where there is no newsletter somebody stands in the wrong folder, and would be told that nobody is suppressed.
        return open_database(self.settings.database_url, create=bool(self.slugs()))

    @cached_property
    def clock(self) -> Callable[[], float]:
        """The clock that all senders of the database share, in seconds."""
        from mailer.database.clock import shared_clock  # noqa: PLC0415  # lazy, as above

        return shared_clock(self.database)

    @property
    def engine(self) -> "Engine":
        """The database's engine."""
        return self.database.engine

    def transaction(self) -> "AbstractContextManager[Connection]":
        """A transaction that writes, committed at the end of the block."""
        return self.database.transaction()

    def reading(self) -> "AbstractContextManager[Connection]":
        """One consistent view that writes nothing."""
        return self.database.reading()

    def erasure_hashes(self, key: str) -> Sequence[str]:
        """The keyed hashes under which an erased address is known, newest key first."""
        from subscribers.erasure import keyed_hashes  # noqa: PLC0415  # lazy, as above

        return keyed_hashes(key, self.settings.keys())

    def erase(self, connection: "Connection", address: "Address") -> bool:
        """Erase a person: from the book, from requests and notices, from what came back. Whether anything was held."""
        from mailer.consent import erase  # noqa: PLC0415  # lazy, as above
        from mailer.feedback.retention import forget_person  # noqa: PLC0415  # lazy, as above
        from subscribers.rows import hold, lock_erasures  # noqa: PLC0415  # lazy, as above

        # First of all, as everybody does who enters somebody: in another order two of them would wait for each other.
        lock_erasures(connection, to_erase=True)
        person = hold(connection, address)
        forgotten = forget_person(connection, person.id if person else None, address.key)
        hashes = self.erasure_hashes(address.key)
        return erase(connection, address, hashes=hashes, now=self.now()) or forgotten > 0

    # --- issues -----------------------------------------------------------------------------------------------------

    def newsletter(self, slug: str | None) -> "Newsletter":
        """The newsletter of that slug; without one, the only newsletter here."""
        from mailer.issues.newsletter import load_newsletter  # noqa: PLC0415  # lazy: `--help` needs no YAML
        from mailer.issues.shelf import choose_newsletter  # noqa: PLC0415  # lazy, as above

        return load_newsletter(choose_newsletter(self.root / "issues", slug))

    def slug(self, slug: str | None) -> str:
        """The slug that was given, or that of the only newsletter here; its files are not read."""
        from mailer.issues.shelf import choose_newsletter  # noqa: PLC0415  # lazy, as above

        return choose_newsletter(self.root / "issues", slug).name

    def slugs(self) -> Sequence[str]:
        """The slugs of the newsletters here, sorted."""
        from mailer.issues.shelf import find_newsletters  # noqa: PLC0415  # lazy, as above

        return find_newsletters(self.root / "issues")

    def naming(self, slug: str, issue: int) -> str:
        """The options that name an issue to a command: `--issue 54`, and its newsletter where there are several."""
        return f"--issue {issue} --newsletter {slug}" if len(self.slugs()) > 1 else f"--issue {issue}"

    def theme(self, newsletter: "Newsletter") -> "Theme":
        """The newsletter's theme: the workspace's own, or a shipped one."""
        from mailer.rendering.theme import find_theme, shipped_templates  # noqa: PLC0415  # lazy, as above

        return find_theme(newsletter.theme, [self.root / "templates", shipped_templates()])

    def kinds(self, newsletter: "Newsletter") -> "dict[str, Kind]":
        """The kinds of section that the newsletter's theme knows."""
        from mailer.issues.kinds import read_kinds  # noqa: PLC0415  # lazy, as above

        return read_kinds(self.theme(newsletter).folders)

    def issue(self, newsletter: "Newsletter", number: int) -> "Issue":
        """Issue `number`, as its author wrote it."""
        from mailer.issues.load import load_issue  # noqa: PLC0415  # lazy, as above
        from mailer.issues.shelf import find_issue  # noqa: PLC0415  # lazy, as above
        from subscribers.segments import check  # noqa: PLC0415  # lazy, as above

        return load_issue(find_issue(newsletter.path.parent, number), newsletter, self.kinds(newsletter), check)

    def edition(self, slug: str | None, number: int) -> "Edition":
        """Issue `number`, rendered."""
        from mailer.rendering.pipeline import render_edition  # noqa: PLC0415  # lazy, as above

        newsletter = self.newsletter(slug)
        return render_edition(self.issue(newsletter, number), self.theme(newsletter))

    # --- sending ----------------------------------------------------------------------------------------------------

    @cached_property
    def links(self) -> "Links":
        """Makes and reads the links of letters."""
        from mailer.links import Links  # noqa: PLC0415  # lazy, as above

        return Links(self.settings.base_url, self.settings.keys())

    @cached_property
    def _ses(self) -> "Office":
        from mailer.ses.office import Office  # noqa: PLC0415  # lazy: boto3

        office = Office(self.settings.ses_configuration_set, clock=time.monotonic)
        if not self.settings.base_url.startswith("https://") and not office.is_local:
            raise SettingsError(
                f"MAILER_BASE_URL is {self.settings.base_url}: nobody could unsubscribe there",
                hint="let it name the https:// address at which `mailer serve` is reached; RFC 8058 wants https",
            )
        return office

    @cached_property
    def transport(self) -> "Transport":
        """What carries whole letters, as MAILER_TRANSPORT says."""
        if self.settings.transport == "ses":
            return self._ses.letters
        from mailer.transport.outbox import Outbox  # noqa: PLC0415  # lazy, as above

        return Outbox(self.settings.outbox)

    def rate(self, most: float | None) -> float | None:
        """Recipients a second that may leave: the account's rate, and no more than `most`; None: as many as you like."""
        rates = [rate for rate in (self.transport.rate(), most) if rate is not None]
        return min(rates, default=None)

    def mode(self, most: float | None) -> str:
        """How SES is asked in a mailing that is opened now; empty for the other transports."""
        if self.settings.transport != "ses":
            return ""
        from mailer.ses.office import mode_for  # noqa: PLC0415  # lazy, as above

        return mode_for(self.settings.ses_mode, self.rate(most) or 0)

    def run(
        self,
        mailing: "MailingRow",
        *,
        rate: float | None,
        limit: int | None,
        stopped: Callable[[], bool],
        observe: Callable[[str, int], None],
    ) -> "Run[Any]":
        """This process's part in a mailing, with the edition that was frozen."""
        from mailer.ledger.mailings import load_edition  # noqa: PLC0415  # lazy, as above
        from mailer.ledger.segments import condition_of  # noqa: PLC0415  # lazy, as above
        from mailer.pacing import Pacer, batch_for  # noqa: PLC0415  # lazy, as above
        from mailer.rendering.edition import Edition  # noqa: PLC0415  # lazy, as above
        from mailer.sending.run import Run  # noqa: PLC0415  # lazy, as above

        with self.reading() as connection:
            edition = Edition.from_json(load_edition(connection, mailing.id))
        transport, compose = self._carrier(mailing, edition, rate)
        pacer = None
        if self.rate(rate) is not None:
            # A quarter of the calls that may be under way: the next departure need not wait for the last of this one.
            most = transport.batch * max(1, transport.at_once // 4)
            pacer = Pacer(
                self.transaction,
                transport.name,
                lambda: self.rate(rate) or 0,
                lambda now: batch_for(now, most),
                clock=self.clock,
                spread=transport.at_once > 1,
            )
        return Run(
            database=self.database,
            transport=transport,
            compose=compose,
            mailing=mailing,
            segments={segment: condition_of(segment, mailing.newsletter) for segment in edition.segments},
            pacer=pacer,
            clock=self.clock,
            sleep=self.sleep,
            now=self.now,
            stopped=stopped,
            observe=observe,
            limit=limit,
            batch=transport.batch,
        )

    def _carrier(
        self, mailing: "MailingRow", edition: "Edition", rate: float | None
    ) -> "tuple[Transport[Any], Callable[[Claimed], Any]]":
        """What carries this mailing, and what makes the things that it carries."""
        from mailer.sending.letters import letters  # noqa: PLC0415  # lazy, as above

        if mailing.transport == "ses" and mailing.mode == "bulk":
            from mailer.ses.composing import entries  # noqa: PLC0415  # lazy, as above

            compose = entries(edition, mailing, self.links, self.settings.ses_configuration_set)
            return self._ses.bulk(self.rate(rate) or 1), compose
        carrier = self._ses.raw(self.rate(rate) or 1) if mailing.transport == "ses" else self.transport
        return carrier, letters(edition, mailing, self.links, self.now)

    def close(self) -> None:
        """Close the database, if it was opened."""
        if "database" in self.__dict__:
            self.database.close()


def open_workspace(root: Path | None = None) -> Workspace:
    """The workspace that the person stands in. `.env` is read once, before anything looks at the environment."""
    root = root or Path()
    load_dotenv(root / ".env")
    return Workspace(root, load_settings())
