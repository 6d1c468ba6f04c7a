"""`POST /events/ses` on the real app, both databases: what SNS posts there becomes facts, or is refused."""

import itertools
import socket
import threading
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from mailer.database.engine import Database
from mailer.errors import SettingsError
from mailer.feedback.tables import event_errors, events
from mailer.ses.certificates import Fetch
from mailer.settings import Settings
from mailer.web.app import make_app
from mailer.wiring import Workspace
from mailer.workspaces import make_workspace
from subscribers.suppressed import list_suppressed

from ...unit.ses.sns_messages import (  # noqa: TID252  # tests are not a package
    FOREIGN,
    NOW,
    TOPIC,
    Shelf,
    content,
    notification,
    sign,
)
from ...waiting import PATIENCE, until  # noqa: TID252  # as above
from ...web_servers import WebServer, WebServers  # noqa: TID252  # as above

BOUNCE = (
    '{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":'
    '[{"emailAddress":"gone@example.org"}],"timestamp":"2026-11-23T11:00:00.000Z","feedbackId":"f1"},'
    '"mail":{"timestamp":"2026-11-23T10:00:00.000Z","messageId":"0100","destination":["gone@example.org"],"tags":{}}}'
)


@dataclass
class Posting:
    """The web side of a workspace, to which Amazon posts."""

    workspace: Workspace
    client: httpx.Client
    server: WebServer


Opening = Callable[..., AbstractContextManager[Posting]]


@pytest.fixture
def opened(tmp_path: Path, database: Database, web_servers: WebServers) -> Opening:
    """Opens the web side, with a `fetch` of certificates, a clock and settings of its own."""
    root = tmp_path / "news"
    make_workspace(root, title="News", key="a-key-for-tests-only-0123456789", today=NOW.date())

    @contextmanager
    def opening(
        fetch: Fetch | None = None, clock: Callable[[], float] = time.monotonic, **settings: str
    ) -> Generator[Posting]:
        given = {
            "database_url": database.engine.url.render_as_string(hide_password=False),
            "base_url": "https://news.example.org",
            "secret_keys": "a-key-for-tests-only-0123456789",
            "ses_topic_arns": TOPIC,
            **settings,
        }
        workspace = Workspace(root, Settings.model_validate(given), now=lambda: NOW, fetch=fetch or Shelf())
        with (
            closing(workspace),
            web_servers.answering(make_app(workspace, clock=clock, beside=())) as server,
            httpx.Client(base_url=f"http://127.0.0.1:{server.port}", verify=False, timeout=PATIENCE) as client,  # noqa: S501  # nothing here speaks TLS
        ):
            yield Posting(workspace, client, server)

    return opening


def post(client: httpx.Client, posted: bytes, type_: str = "Notification") -> int:
    headers = {"x-amz-sns-message-type": type_, "Content-Type": "text/plain; charset=UTF-8"}
    return client.post("/events/ses", content=posted, headers=headers).status_code


def announce(client: httpx.Client, length: int) -> bytes:
    """What is answered to a request that only says how long it will be."""
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=PATIENCE) as connection:
        connection.sendall(f"POST /events/ses HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        return connection.recv(1000)[:12]


def stored(workspace: Workspace) -> tuple[int, int, list[tuple[str | None, str]]]:
    """Events, what is kept aside, and suppressions."""
    with workspace.reading() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(each)).scalar_one() for each in (events, event_errors)
        ]
        return counts[0], counts[1], [(one.key, one.reason) for one in list_suppressed(connection)]


def test_a_bounce_that_amazon_signed_suppresses_and_a_replay_changes_nothing(opened: Opening) -> None:
    with opened() as it:
        posted = content(sign(notification(Message=BOUNCE), "2"))
        assert [post(it.client, posted) for _ in range(3)] == [200, 200, 200]
        assert stored(it.workspace) == (1, 0, [("gone@example.org", "bounced")])


def test_what_is_forged_or_foreign_or_huge_is_refused_and_nothing_is_stored(opened: Opening) -> None:
    with opened() as it:
        good = sign(notification(Message=BOUNCE))
        assert post(it.client, content(good | {"Message": BOUNCE.replace("gone", "ada")})) == 403
        assert post(it.client, content(sign(notification(Message=BOUNCE, TopicArn=FOREIGN)))) == 403
        assert post(it.client, BOUNCE.encode()) == 403
        assert post(it.client, b"\x00" * 1000) == 403
        assert post(it.client, content(good), "UnsubscribeConfirmation") == 403
        assert announce(it.client, 256 * 1024 + 1) == b"HTTP/1.1 413"
        assert stored(it.workspace) == (0, 0, [])


def test_what_amazon_signed_and_nobody_can_read_is_kept_aside_and_does_not_come_again(opened: Opening) -> None:
    with opened() as it:
        assert post(it.client, content(sign(notification(Message='{"eventType":"Bounce"}')))) == 200
        assert stored(it.workspace) == (0, 1, [])


def test_without_topics_everything_is_refused(opened: Opening) -> None:
    with opened(ses_topic_arns="") as it:
        assert post(it.client, content(sign(notification(Message=BOUNCE)))) == 403
        assert stored(it.workspace) == (0, 0, [])


def test_a_setting_that_names_no_topic_is_said_when_the_server_starts(opened: Opening) -> None:
    with pytest.raises(SettingsError, match="MAILER_SES_TOPIC_ARNS"), opened(ses_topic_arns="events"):
        pass


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # PostgreSQL has room for several writers
def test_while_another_process_holds_the_database_amazon_is_told_to_come_again(
    opened: Opening, database: Database
) -> None:
    seconds = itertools.count()  # so that nobody waits for the five that are waited
    with opened(clock=lambda: float(next(seconds))) as it:
        posted = content(sign(notification(Message=BOUNCE)))
        with database.transaction():
            assert post(it.client, posted) == 503
        assert post(it.client, posted) == 200
        assert stored(it.workspace)[0] == 1


def test_many_at_once_are_all_taken_in(opened: Opening) -> None:
    with opened() as it:
        answers: list[int] = []

        def post_some(first: int) -> None:
            for number in range(first, first + 5):
                bounce = BOUNCE.replace("0100", f"{number:04}").replace("f1", f"f{number}")
                answers.append(post(it.client, content(sign(notification(Message=bounce, MessageId=str(number))))))

        threads = [threading.Thread(target=post_some, args=(first,)) for first in range(0, 40, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [200] * 40
        assert stored(it.workspace) == (40, 0, [("gone@example.org", "bounced")])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # it is the threads that count
def test_strangers_who_have_us_wait_for_certificates_keep_no_reader_waiting(opened: Opening) -> None:
    over = threading.Event()

    def slow(_url: str) -> bytes | None:
        over.wait()
        return None

    with opened(slow) as it:
        forged = content(sign(notification()))
        answers: list[int] = []
        threads = [threading.Thread(target=lambda: answers.append(post(it.client, forged))) for _ in range(30)]
        for thread in threads:
            thread.start()
        try:
            until(lambda: it.server.under_way == 30)
            assert (it.client.get("/ready").status_code, answers) == (200, [])
        finally:
            over.set()
            for thread in threads:
                thread.join()
        assert answers == [403] * 30
