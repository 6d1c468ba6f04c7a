"""What every route is given: the newsletters as pages show them, the links, and a database that does not wait for ever."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

from sqlalchemy import Connection
from starlette.responses import HTMLResponse

from mailer.database.engine import Patience, connect
from mailer.database.schema import open_database
from mailer.errors import DatabaseBusy
from mailer.web import pages
from mailer.web.looks import Looks
from mailer.web.pages import Look
from mailer.wiring import Workspace

BUSY_SECONDS = 5.0
"""How long a request that writes waits for its turn, until it is answered 503."""

THREADS = 16
"""Requests that are worked on at once; the others wait before they hold anything."""

_WRITERS = THREADS - 4
"""Requests that wait to write: while an import holds the database, the archive must still be read."""

_ASK_AGAIN_SECONDS = 0.001
"""SQLite itself asks ever more seldom, and has no queue: between the transactions of an import we would never be let in."""


class Site:
    """The web side of a workspace, for the life of one app. Raises what opening the database and `Links` raise."""

    def __init__(self, workspace: Workspace, clock: Callable[[], float] = time.monotonic) -> None:
        self.workspace = workspace
        self.now = workspace.now
        self.links = workspace.links
        self.looks = Looks(workspace, clock)
        self._clock = clock
        self._waiting = threading.BoundedSemaphore(_WRITERS)
        url = workspace.settings.database_url
        patience = Patience(busy_seconds=BUSY_SECONDS, lock_seconds=BUSY_SECONDS, connections=THREADS)
        self._database = open_database(url, patience=patience)
        # Of one process only one thread asks for SQLite's only writer's place; PostgreSQL has room for all.
        self._turn = threading.Lock() if self._database.path else None
        self._writing = self._database
        if self._turn is not None:
            self._writing = connect(url, create=False, patience=Patience(busy_seconds=0, connections=1))

    # --- pages ------------------------------------------------------------------------------------------------------

    def page(self, look: Look | str, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """The page `templates/…/pages/<template>` of a newsletter (its slug will do), with `values` for the template."""
        look = self.looks.of(look) if isinstance(look, str) else look
        return pages.answer(look, template, {"path": self.path, **values}, status=status)

    def path(self, *segments: str) -> str:
        """The path of one of our pages, as a browser asks for it: `path("issues", slug)`."""
        base = urlsplit(self.workspace.settings.base_url).path.rstrip("/")
        return base + "/" + "/".join(quote(segment, safe="") for segment in segments)

    def url(self, *segments: str) -> str:
        """The same as a whole URL, for those who are elsewhere: feeds, other sites."""
        parts = urlsplit(self.workspace.settings.base_url)
        return f"{parts.scheme}://{parts.netloc}{self.path(*segments)}"

    # --- the database -----------------------------------------------------------------------------------------------

    def reading(self) -> AbstractContextManager[Connection]:
        """One consistent view that writes nothing."""
        return self._database.reading()

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """A transaction that writes, committed durably at the end of the block.

        Raises DatabaseBusy when another process (an import, a backup) holds the database for BUSY_SECONDS, or too many
        already wait: nothing was changed then, and the answer is 503.
        """
        if not self._waiting.acquire(blocking=False):
            raise DatabaseBusy("too many requests wait to write", hint="try again in a few seconds")
        try:
            deadline = self._clock() + BUSY_SECONDS
            if self._turn is None:
                with self._writing.transaction() as connection:
                    yield connection
                return
            if not self._turn.acquire(timeout=BUSY_SECONDS):
                raise DatabaseBusy("another request holds the database", hint="try again in a few seconds")
            try:
                with self._begun(deadline) as connection:
                    yield connection
            finally:
                self._turn.release()
        finally:
            self._waiting.release()

    @contextmanager
    def _begun(self, deadline: float) -> Generator[Connection]:
        with ExitStack() as stack:
            while True:
                try:
                    connection = stack.enter_context(self._writing.transaction())
                except DatabaseBusy:
                    if self._clock() >= deadline:
                        raise
                    self.workspace.sleep(_ASK_AGAIN_SECONDS)
                else:
                    break
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._writing.close()
        self._database.close()
