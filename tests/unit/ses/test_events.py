"""Every event that SES tells, in both its dialects; and whatever else may come out of a queue."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.feedback.reading import event_key
from mailer.feedback.values import BadEvent, Concerned, Feedback, Kind
from mailer.ses.events import read_event

FOLDER = Path(__file__).parents[2] / "fixtures" / "events"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
SENT = datetime(2026, 3, 23, 6, 0, 1, 250_000, tzinfo=UTC)
AT = datetime(2026, 3, 23, 6, 0, 3, 500_000, tzinfo=UTC)
ADA = "ada@example.org"


def _text(name: str) -> str:
    return (FOLDER / f"{name}.json").read_text(encoding="utf-8")


def _read(text: str) -> Feedback:
    feedback = read_event(text)
    assert feedback is not None
    return feedback


def _wrapped(text: str, **changes: Any) -> str:
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "00000000-0000-4000-8000-000000000001",
            "TopicArn": "arn:aws:sns:eu-west-1:123456789012:newsletter",
            "Subject": "Amazon SES Email Event Notification",
            "Message": text,
            "Timestamp": "2026-03-23T06:00:04.000Z",
            "SignatureVersion": "1",
            **changes,
        }
    )


KINDS = {
    "bounce-attachment-rejected": (Kind.CONTENT_BOUNCED, "Transient/AttachmentRejected", AT, ""),
    "bounce-content-rejected": (Kind.CONTENT_BOUNCED, "Transient/ContentRejected", AT, ""),
    "bounce-mailbox-full": (Kind.SOFT_BOUNCED, "Transient/MailboxFull", AT, "4.2.2 smtp; 452 4.2.2 mailbox full"),
    "bounce-message-too-large": (
        Kind.CONTENT_BOUNCED,
        "Transient/MessageTooLarge",
        AT,
        "5.3.4 smtp; 552 5.3.4 message too big",
    ),
    "bounce-no-email": (Kind.HARD_BOUNCED, "Permanent/NoEmail", AT, ""),
    "bounce-of-a-new-type": (Kind.SOFT_BOUNCED, "Deferred/Quarantined", AT, ""),
    "bounce-on-account-suppression-list": (
        Kind.HARD_BOUNCED,
        "Permanent/OnAccountSuppressionList",
        AT,
        "5.1.1 Amazon SES did not send the message to this address because it is on the suppression list for your account.",
    ),
    "bounce-out-of-office": (Kind.SOFT_BOUNCED, "Transient/General", AT, ""),
    "bounce-permanent": (Kind.HARD_BOUNCED, "Permanent/General", AT, "5.1.1 smtp; 550 5.1.1 user unknown"),
    "bounce-several": (Kind.HARD_BOUNCED, "Permanent/General", AT, "5.1.1 smtp; 550 5.1.1 user unknown"),
    "bounce-undetermined": (Kind.SOFT_BOUNCED, "Undetermined/Undetermined", AT, ""),
    "click": (Kind.CLICKED, "", AT, "https://example.org/54"),
    "complaint": (Kind.COMPLAINED, "abuse", AT, ""),
    "complaint-not-spam": (Kind.NOT_SPAM, "not-spam", AT, ""),
    "complaint-on-account-suppression-list": (Kind.COMPLAINED, "OnAccountSuppressionList", AT, ""),
    "complaint-without-type": (Kind.COMPLAINED, "", AT, ""),
    "delivery": (Kind.DELIVERED, "", AT, "250 2.6.0 Message received"),
    "delivery-delay": (
        Kind.DELAYED,
        "TransientCommunicationFailure",
        AT,
        "4.4.1 smtp; 421 4.4.1 unable to connect",
    ),
    "delivery-truncated-headers": (Kind.DELIVERED, "", AT, "250 2.6.0 Message received"),
    "notification-bounce": (Kind.HARD_BOUNCED, "Permanent/General", AT, "5.1.1 smtp; 550 5.1.1 user unknown"),
    "notification-complaint": (Kind.COMPLAINED, "abuse", AT, ""),
    "notification-delivery": (Kind.DELIVERED, "", AT, "250 2.6.0 Message received"),
    "notification-soft-bounce": (Kind.SOFT_BOUNCED, "Transient/MailboxFull", AT, ""),
    "of-a-new-type": (Kind.OTHER, "Teleported", SENT, ""),
    "open": (Kind.OPENED, "", AT, ""),
    "reject": (Kind.REJECTED, "", SENT, "Bad content"),
    "rendering-failure": (
        Kind.REJECTED,
        "Rendering Failure",
        SENT,
        "Attribute 'first_name' is not present in the rendering data.",
    ),
    "send": (Kind.ACCEPTED, "", SENT, ""),
    "subscription": (Kind.PREFERENCE, "", AT, ""),
}


def test_every_event_that_is_written_down_is_expected_here() -> None:
    assert list(KINDS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_event_has_its_kind_its_moment_and_what_was_said(name: str) -> None:
    said = _read(_text(name))
    assert (said.kind, said.detail, said.at, said.diagnosis) == KINDS[name]


@pytest.mark.parametrize("name", NAMES)
def test_an_event_says_the_same_wrapped_by_sns_and_bare(name: str) -> None:
    assert _read(_wrapped(_text(name))) == _read(_text(name))


def test_an_event_is_read_whole() -> None:
    text = _text("bounce-permanent")
    assert _read(text) == Feedback(
        kind=Kind.HARD_BOUNCED,
        detail="Permanent/General",
        message_id="0102019d-0001-000000",
        mailing="5f0e9d8c7b6a4321",
        delivery="17-1",
        destination=(ADA,),
        concerned=(Concerned(ADA, "5.1.1", "smtp; 550 5.1.1 user unknown"),),
        at=AT,
        accepted_at=SENT,
        feedback_id="0102019d-per-general-000000",
        raw=text,
    )


def test_the_tag_of_a_letter_is_a_subscriber_and_an_attempt() -> None:
    assert _read(_text("delivery")).letter == (17, 1)
    assert _read(_text("notification-delivery")).letter is None


@pytest.mark.parametrize(
    "tag", ["", "17", "17-", "-1", "17-1-1", "seventeen-1", "99999999999-1", "17-9999999999", "１７-1"]
)
def test_a_tag_that_is_none_of_ours_is_no_letter(tag: str) -> None:
    told = json.loads(_text("delivery"))
    told["mail"]["tags"]["delivery"] = [tag]
    assert _read(json.dumps(told)).letter is None


def test_everyone_whom_an_event_names_is_read() -> None:
    said = _read(_text("bounce-several"))
    assert [one.address for one in said.concerned] == [ADA, "bob@example.org"]


@pytest.mark.parametrize(
    "text",
    [
        "Successfully validated SNS topic for Amazon SES event publishing.",
        _wrapped("Successfully validated SNS topic for Amazon SES event publishing."),
        '{"notificationType":"AmazonSnsSubscriptionSucceeded","message":"You have successfully subscribed"}',
        _wrapped(
            "You have chosen to subscribe", Type="SubscriptionConfirmation", Token="t", SubscribeURL="https://x"
        ),  # no secret
    ],
)
def test_what_is_said_of_the_subscription_itself_is_no_event_and_no_error(text: str) -> None:
    assert read_event(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        "null",
        "{}",
        '{"eventType": "Bounce"}',
        '{"eventType": "Bounce", "mail": []}',
        '{"eventType": 7, "mail": {"timestamp": "2026-03-23T06:00:00Z"}}',
        '{"eventType": "Send", "mail": {"timestamp": "yesterday"}}',
        '{"eventType": "Send", "mail": {"timestamp": "0001-01-01T00:00:00+23:00"}}',
        "[" * 100_000,
        _wrapped(_wrapped(_wrapped(_wrapped(_text("send"))))),
    ],
)
def test_what_is_no_event_is_refused_in_one_way(text: str) -> None:
    with pytest.raises(BadEvent):
        read_event(text)


def test_nothing_is_read_that_a_database_cannot_keep() -> None:
    told = json.loads(_text("bounce-permanent"))
    told["bounce"]["bouncedRecipients"][0]["diagnosticCode"] = "a\0b\ud800c"
    said = _read(json.dumps(told))
    assert said.diagnosis == "5.1.1 a�b?c"
    _read(
        _wrapped('{"eventType":"Send","mail":{"timestamp":"2026-03-23T06:00:00Z","messageId":"\ud800"}}')
    ).raw.encode()


@given(st.text() | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_any_text_is_an_event_or_refused(text: str) -> None:
    try:
        read_event(text)
    except BadEvent:
        return


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(name=st.sampled_from(NAMES), data=st.data())
def test_any_part_of_an_event_may_be_anything(name: str, data: st.DataObject) -> None:
    told: dict[str, Any] = json.loads(_text(name))
    for key in data.draw(st.lists(st.sampled_from(sorted(told)), max_size=3)):
        inner: dict[str, Any] = cast("dict[str, Any]", told[key]) if isinstance(told[key], dict) else {}
        if inner and data.draw(st.booleans()):
            inner[data.draw(st.sampled_from(sorted(inner)))] = data.draw(ANYTHING)
        else:
            told[key] = data.draw(ANYTHING)
    try:
        said = read_event(json.dumps(told))
    except BadEvent:
        return
    if said is not None:
        assert len(event_key(said)) == 16
        f"{said.raw}{said.diagnosis}{said.detail}{said.message_id}".encode()


def test_two_events_have_two_keys_and_the_same_event_one() -> None:
    keys = {name: event_key(_read(_text(name))) for name in NAMES}
    # Headers do not matter: with and without them it is the same delivery.
    assert keys.pop("delivery-truncated-headers") == keys["delivery"]
    assert len(set(keys.values())) == len(keys)
    assert keys == {name: event_key(_read(_wrapped(_text(name)))) for name in keys}


def test_the_untagged_dialect_never_stands_in_for_the_one_that_heals() -> None:
    assert event_key(_read(_text("notification-bounce"))) != event_key(_read(_text("bounce-permanent")))
