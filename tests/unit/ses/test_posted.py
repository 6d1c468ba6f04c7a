"""The door for SNS over HTTPS: what is answered, what is taken in, what is confirmed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from mailer.errors import DatabaseError, TransportError
from mailer.ses.certificates import CannotFetch, Certificates
from mailer.ses.posted import PostedEvents
from mailer.ses.sns import NotBelieved, Topic, Trust

from .sns_messages import (
    CERTIFICATE_URL,
    FOREIGN,
    NOW,
    OURS,
    TOPIC,
    Shelf,
    certificate,
    confirmation,
    content,
    notification,
    sign,
)


@dataclass
class House:
    """What stands behind the door, and what went wrong there."""

    shelf: Shelf = field(default_factory=Shelf)
    taken: list[str] = field(default_factory=list[str])
    confirmed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    trouble: Exception | None = None

    def door(self) -> PostedEvents:
        """The door before it."""
        trust = Trust([OURS], Certificates(self.shelf, lambda: NOW))
        return PostedEvents(trust, self._take_in, self._confirm)

    def _take_in(self, texts: Sequence[str]) -> None:
        if self.trouble:
            raise self.trouble
        self.taken.extend(texts)

    def _confirm(self, topic: Topic, token: str) -> None:
        if self.trouble:
            raise self.trouble
        self.confirmed.append((topic.arn, token))


def test_a_notification_is_taken_in_as_it_came() -> None:
    house, posted = House(), content(sign(notification()))
    assert house.door().handle(posted, "Notification") == 200
    assert (house.taken, house.confirmed) == ([posted.decode()], [])


def test_a_replay_is_taken_in_again_for_the_intake_knows_it() -> None:
    house, posted = House(), content(sign(notification()))
    door = house.door()
    assert [door.handle(posted, "Notification") for _ in range(3)] == [200, 200, 200]
    assert house.taken == [posted.decode()] * 3


def test_a_subscription_is_confirmed_by_its_token_and_nothing_is_taken_in() -> None:
    house = House()
    assert house.door().handle(content(sign(confirmation())), "SubscriptionConfirmation") == 200
    assert (house.taken, house.confirmed) == ([], [(TOPIC, "t0")])


def test_the_end_of_a_subscription_is_said_and_not_confirmed(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    posted = content(sign(confirmation("UnsubscribeConfirmation")))
    assert house.door().handle(posted, "UnsubscribeConfirmation") == 200
    assert (house.taken, house.confirmed) == ([], [])
    assert "was ended; no events come from it" in caplog.text


@pytest.mark.parametrize("type_", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
def test_a_foreign_topics_subscription_is_not_confirmed(type_: str) -> None:
    house = House()
    assert house.door().handle(content(sign(confirmation(type_, TopicArn=FOREIGN))), type_) == 403
    assert (house.taken, house.confirmed, house.shelf.asked) == ([], [], [])


def test_what_is_refused_is_answered_403_and_said_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    house, posted = House(), content(sign(notification()) | {"Message": "forged"})
    assert house.door().handle(posted, "Notification") == 403
    assert house.taken == []
    assert caplog.messages == ["POST /events/ses: refused, its signature does not fit"]


@pytest.mark.parametrize("message", [notification(), confirmation()], ids=["notification", "confirmation"])
@pytest.mark.parametrize("trouble", [DatabaseError("the disk is full"), TransportError("no credentials")])
def test_what_could_not_be_stored_or_confirmed_is_answered_503_so_that_it_comes_again(
    message: dict[str, str], trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    house, posted = House(trouble=trouble), content(sign(message))
    assert house.door().handle(posted) == 503
    assert [(record.levelno, str(trouble) in record.message) for record in caplog.records] == [(logging.ERROR, True)]
    house.trouble = None
    assert house.door().handle(posted) == 200


def test_a_certificate_that_cannot_be_had_now_is_answered_503_so_that_no_event_is_lost() -> None:
    house, posted = House(Shelf({CERTIFICATE_URL: CannotFetch("the network is down")})), content(sign(notification()))
    door = house.door()
    assert door.handle(posted) == 503
    house.shelf.certificates[CERTIFICATE_URL] = certificate()
    assert door.handle(posted) == 200


def test_a_subscription_that_amazon_does_not_let_us_confirm_is_refused() -> None:
    house = House(trouble=NotBelieved("its token is too old"))
    assert house.door().handle(content(sign(confirmation()))) == 403
