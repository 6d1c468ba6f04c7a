"""Confirms the subscription of a topic: by Amazon's own call, in the topic's region, and never by opening what a message names."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.errors import TransportError
from mailer.ses.client import TopicClient, topic_client
from mailer.ses.sns import NotBelieved, Topic

_FOR_GOOD = ("InvalidParameter", "InvalidParameterException", "NotFound", "NotFoundException")
"""The token is no token, or older than two days; the topic is gone."""


def confirm_subscription(topic: Topic, token: str, client: Callable[[str], TopicClient] = topic_client) -> None:
    """Say that the subscription is wanted, and that only its owner may end it. `topic` is one that the operator named.

    Raises NotBelieved when Amazon does not know the token, and TransportError when it cannot be asked.
    """
    asking = client(topic.region)
    try:
        asking.confirm_subscription(TopicArn=topic.arn, Token=token, AuthenticateOnUnsubscribe="true")
    except (BotoCoreError, ClientError) as error:
        told: Any = error  # botocore has no types
        if isinstance(error, ClientError) and told.response.get("Error", {}).get("Code") in _FOR_GOOD:
            raise NotBelieved(f"Amazon does not confirm the subscription: {error}") from error
        raise TransportError(
            f"the subscription of {topic.arn} cannot be confirmed: {error}",
            hint="look at the credentials (AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY), and whether they "
            "may do sns:ConfirmSubscription; then ask for the confirmation again: docs/events.md",
        ) from error
    finally:
        asking.close()
