"""Makes the two clients that speak to SES: one that asks once and never again, and one for reading."""

from typing import Any, Protocol, cast

import boto3.session  # pyright: ignore[reportMissingTypeStubs]  # it has none
from botocore.config import Config  # pyright: ignore[reportMissingTypeStubs]  # it has none
from botocore.exceptions import BotoCoreError  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.errors import TransportError

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
"""Well below the age at which a claim is stale (60 s): an answer that takes longer is lost."""

Answer = dict[str, Any]


class Meta(Protocol):
    """What a client knows of itself."""

    region_name: str
    endpoint_url: str


class Sender(Protocol):
    """The part of boto3's `sesv2` client that sends; boto3 makes its methods from Amazon's model."""

    meta: Meta

    def send_email(self, **parameters: Any) -> Answer:
        """One letter."""
        ...

    def send_bulk_email(self, **parameters: Any) -> Answer:
        """A template, and up to 50 people."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


class Reader(Protocol):
    """The part of boto3's `sesv2` client that changes nothing."""

    def get_account(self) -> Answer:
        """Rate, quota and standing."""
        ...

    def get_email_identity(self, **parameters: Any) -> Answer:
        """Whether a domain or an address is verified."""
        ...

    def get_configuration_set(self, **parameters: Any) -> Answer:
        """A configuration set."""
        ...

    def get_configuration_set_event_destinations(self, **parameters: Any) -> Answer:
        """Where the events of a configuration set go."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


class Client(Sender, Reader, Protocol):
    """The whole of it."""


class Maker(Protocol):
    """The part of boto3's session that is used here."""

    def client(self, service_name: str, *, config: Config) -> Client:
        """A client for a service."""
        ...


def sending_client(threads: int, session: boto3.session.Session | None = None) -> Sender:
    """A client with which one call is one request on the wire, whatever the environment says of retries.

    botocore's own retries answer a lost answer with the same letter once more: three times by default, five in its
    "legacy" mode. `threads` may call at the same time. What is handed in is checked by `mailer.ses.limits`, which knows
    more than botocore's validation does. Raises TransportError when no client can be made: no region, no such profile.
    """
    return _client(
        session,
        Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=threads,
            parameter_validation=False,
        ),
    )


def reading_client(session: boto3.session.Session | None = None) -> Reader:
    """A client for questions that may be asked again: it keeps botocore's retries. Raises as `sending_client`."""
    return _client(session, Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS))


def _client(session: boto3.session.Session | None, config: Config) -> Client:
    try:
        maker = cast("Maker", session or boto3.session.Session())
        return maker.client("sesv2", config=config)
    except (BotoCoreError, ValueError) as error:
        raise TransportError(
            f"no client for Amazon SES can be made: {error}",
            hint="set AWS_DEFAULT_REGION (for instance eu-west-1) in the environment or in .env, and AWS_PROFILE if you use one",
        ) from error
