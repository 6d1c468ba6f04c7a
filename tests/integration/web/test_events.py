"""`POST /events/ses` on the real app, both databases: what SNS posts there becomes facts, or is refused."""

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
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
from mailer.web.serving import listen, make_server
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

BOUNCE = (
    '{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":'
    '[{"emailAddress":"gone@example.org"}],"timestamp":"2026-11-23T11:00:00.000Z","feedbackId":"f1"},'
    '"mail":{"timestamp":"2026-11-23T10:00:00.000Z","messageId":"0100","destination":["gone@example.org"],"tags":{}}}'
)


@contextmanager
def opened(
    root: Path, database: Database, fetch: Fetch | None = None, **settings: str
) -> Generator[tuple[Workspace, httpx.Client]]:
    given = {
        "database_url": database.engine.url.render_as_string(hide_password=False),
        "base_url": "https://news.example.org",
        "secret_keys": "a-key-for-tests-only-0123456789",
        "ses_topic_arns": TOPIC,
        **settings,
    }
    workspace = Workspace(root, Settings.model_validate(given), now=lambda: NOW, fetch=fetch or Shelf())
    try:
        server = make_server(make_app(workspace, beside=()))
        listening = listen("127.0.0.1", 0)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=30) as client:
                yield workspace, client
        finally:
            server.should_exit = True
            thread.join()
    finally:
        workspace.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_workspace(tmp_path / "news", title="News", key="a-key-for-tests-only-0123456789", today=NOW.date())
    return tmp_path / "news"


def post(client: httpx.Client, posted: bytes, type_: str = "Notification") -> int:
    headers = {"x-amz-sns-message-type": type_, "Content-Type": "text/plain; charset=UTF-8"}
    return client.post("/events/ses", content=posted, headers=headers).status_code


def announce(client: httpx.Client, length: int) -> bytes:
    """What is answered to a request that only says how long it will be."""
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=10) as connection:
        connection.sendall(f"POST /events/ses HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        return connection.recv(1000)[:12]


def stored(workspace: Workspace) -> tuple[int, int, list[tuple[str | None, str]]]:
    """Events, what is kept aside, and suppressions."""
    with workspace.reading() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(each)).scalar_one() for each in (events, event_errors)
        ]
        return counts[0], counts[1], [(one.key, one.reason) for one in list_suppressed(connection)]


def test_a_bounce_that_amazon_signed_suppresses_and_a_replay_changes_nothing(root: Path, database: Database) -> None:
    with opened(root, database) as (workspace, client):
        posted = content(sign(notification(Message=BOUNCE), "2"))
        assert [post(client, posted) for _ in range(3)] == [200, 200, 200]
        assert stored(workspace) == (1, 0, [("gone@example.org", "bounced")])


def test_what_is_forged_or_foreign_or_huge_is_refused_and_nothing_is_stored(root: Path, database: Database) -> None:
    with opened(root, database) as (workspace, client):
        good = sign(notification(Message=BOUNCE))
        assert post(client, content(good | {"Message": BOUNCE.replace("gone", "ada")})) == 403
        assert post(client, content(sign(notification(Message=BOUNCE, TopicArn=FOREIGN)))) == 403
        assert post(client, BOUNCE.encode()) == 403
        assert post(client, b"\x00" * 1000) == 403
        assert post(client, content(good), "UnsubscribeConfirmation") == 403
        assert announce(client, 256 * 1024 + 1) == b"HTTP/1.1 413"
        assert stored(workspace) == (0, 0, [])


def test_what_amazon_signed_and_nobody_can_read_is_kept_aside_and_does_not_come_again(
    root: Path, database: Database
) -> None:
    with opened(root, database) as (workspace, client):
        assert post(client, content(sign(notification(Message='{"eventType":"Bounce"}')))) == 200
        assert stored(workspace) == (0, 1, [])


def test_without_topics_everything_is_refused(root: Path, database: Database) -> None:
    with opened(root, database, ses_topic_arns="") as (workspace, client):
        assert post(client, content(sign(notification(Message=BOUNCE)))) == 403
        assert stored(workspace) == (0, 0, [])


def test_a_setting_that_names_no_topic_is_said_when_the_server_starts(root: Path, database: Database) -> None:
    with pytest.raises(SettingsError, match="MAILER_SES_TOPIC_ARNS"), opened(root, database, ses_topic_arns="events"):
        pass


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # PostgreSQL has room for several writers
def test_while_another_process_holds_the_database_amazon_is_told_to_come_again(root: Path, database: Database) -> None:
    with opened(root, database) as (workspace, client):
        posted = content(sign(notification(Message=BOUNCE)))
        with database.transaction():
            assert post(client, posted) == 503
        assert post(client, posted) == 200
        assert stored(workspace)[0] == 1


def test_many_at_once_are_all_taken_in(root: Path, database: Database) -> None:
    with opened(root, database) as (workspace, client):
        answers: list[int] = []

        def post_some(first: int) -> None:
            for number in range(first, first + 5):
                bounce = BOUNCE.replace("0100", f"{number:04}").replace("f1", f"f{number}")
                answers.append(post(client, content(sign(notification(Message=bounce, MessageId=str(number))))))

        threads = [threading.Thread(target=post_some, args=(first,)) for first in range(0, 40, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [200] * 40
        assert stored(workspace) == (40, 0, [("gone@example.org", "bounced")])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # it is the threads that count
def test_strangers_who_have_us_wait_for_certificates_keep_no_reader_waiting(root: Path, database: Database) -> None:
    over, asked = threading.Event(), threading.Semaphore(0)

    def slow(_url: str) -> bytes | None:
        asked.release()
        over.wait(20)
        return None

    with opened(root, database, slow) as (_, client):
        forged = content(sign(notification()))
        answers: list[int] = []
        threads = [threading.Thread(target=lambda: answers.append(post(client, forged))) for _ in range(30)]
        for thread in threads:
            thread.start()
        for _ in range(4):
            assert asked.acquire(timeout=10)
        time.sleep(0.5)  # and the others have come too
        began = time.monotonic()
        ready = httpx.get(f"{client.base_url}/ready", timeout=10)
        assert (ready.status_code, answers, time.monotonic() - began < 5) == (200, [], True)
        over.set()
        for thread in threads:
            thread.join()
        assert answers == [403] * 30
