"""`mailer worker`: notices go out and events come in, in one process without a web server."""

import signal
import time
from collections import Counter
from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import insert

from mailer.database.schema import open_database
from mailer.feedback.tables import event_errors
from mailer.local_ses.options import Options
from mailer.local_ses.server import LocalSes, Server, serve

from ..waiting import PATIENCE, until  # noqa: TID252  # tests are not a package
from .conftest import Desk
from .through_ses import settle_on, to_hear


@pytest.fixture
def server() -> Generator[Server]:
    """A local SES that loses an answer."""
    with serve(LocalSes(Options(rate=200), clock=time.time, chance=Random(54))) as running:
        yield running


@pytest.fixture
def ses(desk: Desk, server: Server) -> Desk:
    """The workspace, sending through the local SES and hearing of its events."""
    settle_on(desk, to_hear(server))
    return desk


def _invite(desk: Desk, people: int) -> None:
    rows = "".join(f"guest{number}@example.com\n" for number in range(people))
    (desk.root / "guests.csv").write_text(f"email\n{rows}")
    done = desk.run("subscribers", "import", "guests.csv", "--confirm", "--yes")
    assert done.returncode == 0, done.stderr


def test_it_sends_notices_takes_events_in_and_stops_when_it_is_told(ses: Desk, server: Server) -> None:
    ses.people(10)
    server.local_ses.change_options({"lose_next": 2})
    assert ses.run("send", "--issue", "1", "--yes", env={"MAILER_SES_MODE": "raw"}).returncode == 3
    _invite(ses, 3)
    with ses.start("worker") as worker:
        until(lambda: len(server.local_ses.log) == 13 and ses.status()["delivered"] == 10)
        worker.send_signal(signal.SIGTERM)
        out, err = worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 143, err
    assert "Sending notices, and reading http" in out
    assert (ses.status()["delivered"], ses.status()["uncertain"]) == (10, 0)
    everyone = [
        *(f"p{number}@example.org" for number in range(1, 11)),
        *(f"guest{number}@example.com" for number in range(3)),
    ]
    assert Counter(letter.recipient for letter in server.local_ses.log) == Counter(everyone)


def test_without_a_queue_it_says_so_and_sends_notices(desk: Desk) -> None:
    _invite(desk, 2)
    with (
        closing(open_database(f"sqlite:///{desk.root / 'mailer.db'}")) as database,
        database.transaction() as connection,
    ):
        old = {"heard_at": datetime(2026, 3, 23, tzinfo=UTC), "key": b"k", "origin": "web", "problem": "?", "raw": "?"}
        connection.execute(insert(event_errors).values(old))
    with desk.start("worker") as worker:
        until(lambda: len(list(Path(desk.root).glob("outbox/*/*.eml"))) == 2)
        until(lambda: desk.json("events", "errors") == [])
        worker.send_signal(signal.SIGINT)
        out, err = worker.communicate(timeout=PATIENCE)
    assert (worker.returncode, "MAILER_EVENTS_QUEUE_URL is not set" in out) == (130, True), err
    assert len(list(Path(desk.root).glob("outbox/*/*.eml"))) == 2
