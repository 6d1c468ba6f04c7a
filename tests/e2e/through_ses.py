"""What commands are told so that they send through a local SES in the test's own process, and hear of its events."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from mailer.local_ses.options import Options
from mailer.local_ses.queue import queue_url
from mailer.local_ses.server import LocalSes, Server, serve

from .conftest import Desk

EVENT: dict[str, Any] = {
    "eventType": "Bounce",
    "bounce": {
        "bounceType": "Permanent",
        "bounceSubType": "General",
        "bouncedRecipients": [{"emailAddress": "gone@example.org", "diagnosticCode": "smtp; 550 \u001b[2J no"}],
        "timestamp": "2026-11-23T10:00:00.000Z",
        "feedbackId": "f1",
    },
    "mail": {
        "timestamp": "2026-11-23T09:00:00.000Z",
        "messageId": "0100",
        "destination": ["gone@example.org"],
        "tags": {},
    },
}
"""A bounce of a letter that the ledger knows nothing of."""


def to_send(server: Server) -> dict[str, str]:
    """The settings with which a command sends through it."""
    return {
        "MAILER_TRANSPORT": "ses",
        "MAILER_SES_CONFIGURATION_SET": "newsletter",
        "AWS_ENDPOINT_URL_SESV2": server.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }


def to_hear(server: Server) -> dict[str, str]:
    """As `to_send`, and the events come from its queue."""
    return to_send(server) | {
        "MAILER_EVENTS_QUEUE_URL": queue_url(server.url),
        "AWS_ENDPOINT_URL_SQS": server.url,
    }


def settle_on(desk: Desk, settings: dict[str, str]) -> None:
    """Write settings into the workspace's `.env`."""
    with (desk.root / ".env").open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in settings.items())


@dataclass
class Ses:
    """A local SES, and what a command is told of it."""

    server: Server
    later: float = 0.0
    """Seconds that its clock is ahead of ours."""

    @property
    def environment(self) -> dict[str, str]:
        """What whoever is to use it needs."""
        return to_hear(self.server)

    def set_options(self, **options: Any) -> None:
        """Change what it is told to be."""
        self.server.local_ses.change_options(options)


@contextmanager
def open_ses() -> Generator[Ses]:
    """A local SES on a free port, fast enough for tests."""
    made: list[Ses] = []

    def clock() -> float:
        return time.time() + (made[0].later if made else 0.0)

    with serve(LocalSes(Options(rate=2_000, control_rate=0), clock=clock, chance=Random(54))) as server:
        made.append(Ses(server))
        yield made[0]


def suppressed(desk: Desk) -> dict[str, str]:
    """Address -> why it is suppressed."""
    return {one["email"]: one["reason"] for one in desk.json("suppressions", "list")}
