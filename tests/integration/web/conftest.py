"""A workspace with people in it, and the web side over it, behind a real server on loopback."""

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from mailer.database.engine import Database
from mailer.settings import Settings
from mailer.web.app import Beside, make_app
from mailer.wiring import Workspace
from mailer.workspaces import make_workspace
from subscribers.address import parse
from subscribers.book import subscribe
from subscribers.lifecycle import Actor

from ...waiting import PATIENCE  # noqa: TID252  # tests are not a package
from ...web_servers import WebServer, WebServers  # noqa: TID252  # as above

SLUG = "my-news"
BASE = "https://news.example.org"
KEY = "a-key-for-tests-only-0123456789"


@dataclass
class Clock:
    """The time, which a test turns on by hand."""

    moment: datetime = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The moment."""
        return self.moment

    def later(self, **by: float) -> None:
        """Turn it on."""
        self.moment += timedelta(**by)


@dataclass
class Web:
    """A workspace's web side, and what a test asks of it."""

    workspace: Workspace
    app: FastAPI
    client: httpx.Client
    server: WebServer
    clock: Clock

    @property
    def port(self) -> int:
        """Where it answers on this machine."""
        return self.server.port

    def person(self, email: str = "ada@example.org", newsletter: str = SLUG, *, consent: str = "a paper form") -> int:
        """Somebody in the book; subscribed, when they gave consent."""
        with self.workspace.transaction() as connection:
            return subscribe(
                connection,
                parse(email),
                newsletter,
                actor=Actor.OPERATOR,
                source=consent,
                hashes=self.workspace.erasure_hashes(email),
                now=self.clock(),
            ).subscriber_id

    def link(self, subscriber_id: int, newsletter: str = SLUG) -> str:
        """Where they leave, as it stands in their letters."""
        return self.workspace.links.unsubscribe_url(newsletter, subscriber_id)

    def status(self, subscriber_id: int, newsletter: str = SLUG) -> str | None:
        """What they are to the newsletter."""
        with self.workspace.reading() as connection:
            return connection.execute(
                text("SELECT status FROM subscription WHERE newsletter = :newsletter AND subscriber_id = :id"),
                {"newsletter": newsletter, "id": subscriber_id},
            ).scalar_one_or_none()

    def contents(self) -> dict[str, list[tuple[object, ...]]]:
        """Everything that the address book holds: to see that nothing changed."""
        tables = ("subscriber", "subscription", "consent_event", "suppression")
        with self.workspace.reading() as connection:
            return {
                table: sorted(tuple(map(str, row)) for row in connection.execute(text(f"SELECT * FROM {table}")))  # noqa: S608  # names of ours
                for table in tables
            }


def write_newsletter(root: Path, slug: str = SLUG, **keys: str) -> None:
    """Add keys to a workspace's newsletter.yaml, or put others in their place."""
    path = root / "issues" / slug / "newsletter.yaml"
    lines = [line for line in path.read_text().splitlines() if line.partition(":")[0] not in keys]
    path.write_text("\n".join([*lines, *(f"{key}: {value}" for key, value in keys.items())]) + "\n")


Opening = Callable[..., Web]


@pytest.fixture
def open_web(tmp_path: Path, database: Database, web_servers: WebServers) -> Generator[Opening]:
    """Opens the web side of a workspace, with settings of its own; on SQLite, and then on PostgreSQL."""
    closing = ExitStack()
    root = tmp_path / SLUG
    make_workspace(root, title="My News", key=KEY, today=datetime.now(UTC).date())
    url = database.engine.url.render_as_string(hide_password=False)

    def opening(*, beside: Sequence[Beside] = (), **settings: str) -> Web:
        clock = Clock()
        given = {"database_url": url, "base_url": BASE, "secret_keys": KEY, **settings}
        workspace = Workspace(root, Settings.model_validate(given), now=clock)
        closing.callback(workspace.close)
        app = make_app(workspace, beside=beside)
        server = closing.enter_context(web_servers.answering(app))
        # Links lead to BASE; what answers there is on this machine.
        transport = _Here(f"http://127.0.0.1:{server.port}")
        client = httpx.Client(base_url=BASE, transport=transport, headers={"User-Agent": "a test"}, timeout=PATIENCE)
        return Web(workspace, app, closing.enter_context(client), server, clock)

    with closing:
        yield opening


class _Here(httpx.HTTPTransport):
    """Asks this machine, whatever host a link names."""

    def __init__(self, base: str) -> None:
        super().__init__(verify=False)  # nothing here speaks TLS; to read all authorities takes 20 ms
        self._base = httpx.URL(base)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host=self._base.host, port=self._base.port)
        return super().handle_request(request)


@pytest.fixture
def web(open_web: Opening) -> Web:
    """The web side of a workspace with one newsletter."""
    return open_web()


def guarded(answer: httpx.Response) -> bool:
    """Whether an answer has what every answer must have."""
    policy = answer.headers.get("content-security-policy", "")
    return (
        policy.startswith(("default-src 'none'", "sandbox"))
        and "default-src 'none'" in policy
        and "frame-ancestors 'none'" in policy
        and answer.headers.get("x-content-type-options") == "nosniff"
        and answer.headers.get("referrer-policy") == "no-referrer"
        and "set-cookie" not in answer.headers
        and "access-control-allow-origin" not in answer.headers
    )
