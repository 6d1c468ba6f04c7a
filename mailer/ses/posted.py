"""What SNS posts to `POST /events/ses`: looked at, taken in, and answered with a status code. Knows no web framework."""

import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus

from mailer.errors import MailerError
from mailer.ses.certificates import CannotFetch
from mailer.ses.sns import NotBelieved, SnsMessage, Topic, Trust

_logger = logging.getLogger(__name__)

TakeIn = Callable[[Sequence[str]], object]
"""Raw events -> what became of them, committed. Raises MailerError when they could not be stored."""
Confirm = Callable[[Topic, str], None]
"""Confirm the subscription of a topic by its token. Raises MailerError when Amazon does not answer, NotBelieved when it refuses."""


class PostedEvents:
    """The door for SNS over HTTPS. Safe among threads."""

    def __init__(self, trust: Trust, take_in: TakeIn, confirm: Confirm) -> None:
        self._trust = trust
        self._take_in = take_in
        self._confirm = confirm

    def handle(self, content: bytes, message_type: str = "") -> int:
        """Answer a request's content, whose header x-amz-sns-message-type is `message_type`; the status code.

        200 when it is stored or done. 403 for what is refused: SNS does not come again with it. 503 when it could not
        be stored, the subscription not confirmed, or Amazon's certificate not be had: SNS comes again for an hour, or
        for as long as the subscription's delivery policy says.
        """
        try:
            self._handle(self._trust.believe(content, message_type))
        except NotBelieved as refusal:
            _logger.warning("POST /events/ses: refused, %s", refusal)
            return HTTPStatus.FORBIDDEN
        except (CannotFetch, MailerError) as error:
            _logger.error("POST /events/ses: could not be stored, Amazon will try again: %s", error)  # noqa: TRY400  # its words say it; a traceback would not
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.OK

    def _handle(self, message: SnsMessage) -> None:
        match message.type:
            case "Notification":
                self._take_in([message.text])
            case "SubscriptionConfirmation":
                self._confirm(message.topic, message.token)
                _logger.warning("POST /events/ses: the subscription of %s is confirmed", message.topic.arn)
            case _:
                # Nothing is to be done, and nothing is lost: who has the right to, has ended the subscription.
                _logger.warning(
                    "POST /events/ses: the subscription of %s was ended; no events come from it", message.topic.arn
                )
