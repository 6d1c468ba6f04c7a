"""Makes the clients that speak to Amazon: for SES one that asks once and never again, and one for reading; for SQS and SNS."""

from contextlib import suppress
from typing import Any, Protocol, cast

import boto3  # pyright: ignore[reportMissingTypeStubs]  # it has none
import boto3.session  # pyright: ignore[reportMissingTypeStubs]  # it has none
from botocore.config import Config  # pyright: ignore[reportMissingTypeStubs]  # it has none
from botocore.exceptions import BotoCoreError, ClientError  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.errors import TransportError

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
"""Well below the age at which a claim is stale (60 s): an answer that takes longer is lost."""

BODY = "Body"
"""The parameter of both ways to send: the whole body of the request, in JSON, as the service model describes it.

botocore would make it of parameters by walking through the model, which takes longer than all the rest of a call of 50.
"""

Answer = dict[str, Any]
_NAMES = {"sesv2": "Amazon SES", "sqs": "Amazon SQS", "sns": "Amazon SNS"}


class Meta(Protocol):
    """What a client knows of itself."""

    region_name: str
    endpoint_url: str


class Sender(Protocol):
    """The part of boto3's `sesv2` client that sends; boto3 makes its methods from Amazon's model. They take a BODY."""

    meta: Meta

    def get_account(self) -> Answer:
        """Rate, quota and standing."""
        ...

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

    meta: Meta

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

    def list_suppressed_destinations(self, **parameters: Any) -> Answer:
        """A page of the addresses that the account sends nothing to."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


class Client(Sender, Reader, Protocol):
    """The whole of it."""


class QueueClient(Protocol):
    """The part of boto3's `sqs` client that is used here."""

    def receive_message(self, **parameters: Any) -> Answer:
        """Up to ten messages."""
        ...

    def delete_message_batch(self, **parameters: Any) -> Answer:
        """Forget up to ten of them."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


class TopicClient(Protocol):
    """The part of boto3's `sns` client that is used here."""

    def confirm_subscription(self, **parameters: Any) -> Answer:
        """Say that a subscription is wanted."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


class Maker(Protocol):
    """The part of boto3's session that is used here."""

    def client(self, service_name: str, *, config: Config, region_name: str | None) -> Any:
        """A client for a service."""
        ...


def sending_client(threads: int, session: boto3.session.Session | None = None) -> Sender:
    """A client with which one call is one request on the wire, whatever the environment says of retries.

    botocore's own retries answer a lost answer with the same letter once more: three times by default, five in its
    "legacy" mode. `threads` may call at the same time. What is handed in is checked by `mailer.ses.limits`, which knows
    more than botocore's validation does. Raises TransportError when no client can be made: no region, no such profile.
    """
    client = _client(
        session,
        Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=threads,
            parameter_validation=False,
            # Without it botocore writes its own for each call, twice, and that takes a tenth of it.
            user_agent=f"newsletter-mailer Boto3/{boto3.__version__}",
        ),
    )
    for operation in ("SendEmail", "SendBulkEmail"):
        client.meta.events.register(f"before-parameter-build.sesv2.{operation}", _put_body_aside)
        client.meta.events.register(f"before-call.sesv2.{operation}", _take_body)
    return client


def warmed(client: Sender) -> Sender:
    """The same client, after one question whose answer does not matter.

    The first call of a client finds credentials and the endpoint and shakes hands: 50 to 300 ms. A first letter that
    is so late crowds the second into which the next ones fall.
    """
    with suppress(BotoCoreError, ClientError):
        client.get_account()
    return client


def _put_body_aside(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Before the parameters are made into a request: none of them is a parameter of the service."""
    context[BODY] = params.pop(BODY)


def _take_body(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Before the request is signed: here is its body."""
    params["body"] = context[BODY]
    params["headers"]["Content-Type"] = "application/json"


def reading_client(session: boto3.session.Session | None = None) -> Reader:
    """A client for questions that may be asked again, by botocore's own retries. Raises as `sending_client`.

    Amazon takes one question a second of an account (SES quotas), so several in a row are sometimes refused at first.
    """
    retries = {"total_max_attempts": 8, "mode": "standard"}
    return _client(session, Config(retries=retries, connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS))


def queue_client(threads: int, session: boto3.session.Session | None = None, region: str | None = None) -> QueueClient:
    """A client for SQS, for as many calls at the same time; it waits longer than any long poll. Raises as `sending_client`."""
    config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, max_pool_connections=threads)
    return _client(session, config, "sqs", region)


def topic_client(region: str, session: boto3.session.Session | None = None) -> TopicClient:
    """A client for SNS in a region. Raises as `sending_client`."""
    config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=CONNECT_SECONDS)
    return _client(session, config, "sns", region)


def _client(
    session: boto3.session.Session | None, config: Config, service: str = "sesv2", region: str | None = None
) -> Any:
    try:
        maker = cast("Maker", session or boto3.session.Session())
        return maker.client(service, config=config, region_name=region)
    except (BotoCoreError, ValueError) as error:
        raise TransportError(
            f"no client for {_NAMES[service]} can be made: {error}",
            hint="set AWS_DEFAULT_REGION (for instance eu-west-1) in the environment or in .env, and AWS_PROFILE if you use one",
        ) from error
