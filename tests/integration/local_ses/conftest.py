"""A local SES on a free port, and the real boto3 before it."""

import time
from collections.abc import Generator
from random import Random
from typing import Any, cast

import boto3  # pyright: ignore[reportMissingTypeStubs]  # it has none
import pytest
from botocore.config import Config  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.local_ses.options import Options
from mailer.local_ses.server import LocalSes, Server, serve


@pytest.fixture
def server() -> Generator[Server]:
    """A local SES with its default options; `set_options` changes them."""
    with serve(LocalSes(Options(), clock=time.time, chance=Random(54))) as running:
        yield running


@pytest.fixture
def ses(server: Server) -> Generator[Any]:
    """boto3's client, with one attempt."""
    client = _client("sesv2", server.url)
    yield client
    client.close()


@pytest.fixture
def unchecked_ses(server: Server) -> Generator[Any]:
    """boto3's client, that checks nothing before it asks."""
    client = _client("sesv2", server.url, parameter_validation=False)
    yield client
    client.close()


@pytest.fixture
def sqs(server: Server) -> Generator[Any]:
    """boto3's client of the queue."""
    client = _client("sqs", server.url)
    yield client
    client.close()


def _client(service: str, url: str, **config: Any) -> Any:
    """A boto3 client with made-up credentials; what the environment says does not matter."""
    settings: dict[str, Any] = {"retries": {"total_max_attempts": 1, "mode": "standard"}, **config}
    return cast("Any", boto3).client(
        service,
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(**settings),
    )
