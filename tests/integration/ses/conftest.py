"""The two ways through SES, by the real boto3 to a local SES."""

import time
from collections.abc import Generator
from random import Random

import boto3.session  # pyright: ignore[reportMissingTypeStubs]  # it has none
import pytest

from mailer.local_ses.options import Options
from mailer.local_ses.server import LocalSes, Server, serve
from mailer.ses.account import read_account
from mailer.ses.bulk import SesBulkTransport
from mailer.ses.client import Reader, reading_client, sending_client
from mailer.ses.rate import AccountRate
from mailer.ses.transport import SesTransport


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[Server]:
    """A local SES, to which every client of this process speaks."""
    with serve(LocalSes(Options(rate=5_000), clock=time.time, chance=Random(54))) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", running.url)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "10")
        monkeypatch.setenv("AWS_RETRY_MODE", "legacy")
        yield running


def session(key: str = "local") -> boto3.session.Session:
    """Made-up credentials."""
    return boto3.session.Session(aws_access_key_id=key, aws_secret_access_key="local", region_name="eu-west-1")


def rate_of(reading: Reader) -> AccountRate:
    """The account's rate, read when it is first asked for."""
    return AccountRate(lambda: read_account(reading), clock=time.monotonic)


@pytest.fixture
def raw(server: Server) -> Generator[SesTransport]:  # noqa: ARG001  # it must answer first
    """Raw letters, four at the same time."""
    reading = reading_client(session())
    transport = SesTransport(
        sending_client(4, session()), reading, at_once=4, account=rate_of(reading), configuration_set="newsletter"
    )
    yield transport
    transport.close()


@pytest.fixture
def bulk(server: Server) -> Generator[SesBulkTransport]:  # noqa: ARG001  # it must answer first
    """Entries, up to 50 in each of two calls at the same time."""
    reading = reading_client(session())
    transport = SesBulkTransport(
        sending_client(2, session()),
        reading,
        at_once=2,
        account=rate_of(reading),
        people=50,
        configuration_set="newsletter",
    )
    yield transport
    transport.close()
