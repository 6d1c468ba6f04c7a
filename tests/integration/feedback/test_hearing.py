"""What `mailer status` says of a mailing's feedback, and why there may be none."""

from datetime import timedelta

import pytest

from mailer.cli.hearing import hearing_lines
from mailer.feedback.hearing import hear
from mailer.ledger.mailings import find

from .conftest import NEWS, NOW, Bureau, event


def _lines(bureau: Bureau, *, minutes: float, configuration_set: str = "newsletter", reads: bool = True) -> list[str]:
    with bureau.database.reading() as connection:
        mailing = find(connection, NEWS, 1)
        assert mailing is not None
        heard = hear(connection, mailing)
    assert heard is not None
    now = NOW + timedelta(minutes=minutes)
    told = hearing_lines(heard, now, configuration_set=configuration_set, reads=reads)
    return [f"{heading}: {words}" for heading, words in told]


def test_since_when_the_last_event_came_is_said_and_what_no_standing_says(bureau: Bureau) -> None:
    bureau.sent(range(1, 10))
    bureau.take(
        *[event("bounce-mailbox-full", person) for person in (1, 2, 3)],
        event("delivery", 3),
        event("bounce-message-too-large", 4),
        now=NOW + timedelta(minutes=2),
    )
    assert _lines(bureau, minutes=5) == [
        "last event: 2026-03-23 06:02:00 UTC, 3 minutes ago",
        "came back: 2 softly: a full mailbox, a server that gave up",
        "returned: 1 because of the letter itself: too large, or its content",
    ]


def test_before_anything_was_sent_nothing_is_missed(bureau: Bureau) -> None:
    bureau.people([1])
    bureau.open()
    assert _lines(bureau, minutes=60) == []


def test_the_first_ten_minutes_without_an_event_worry_nobody(bureau: Bureau) -> None:
    bureau.sent([1])
    assert _lines(bureau, minutes=9.9) == ["last event: none yet"]


@pytest.mark.parametrize(
    ("configuration_set", "reads", "cause"),
    [
        ("", True, "MAILER_SES_CONFIGURATION_SET is not set"),
        ("newsletter", False, "neither MAILER_EVENTS_QUEUE_URL nor"),
        ("newsletter", True, "is `mailer events poll` running"),
    ],
)
def test_after_them_the_likely_cause_is_said(
    bureau: Bureau,
    configuration_set: str,
    reads: bool,  # noqa: FBT001  # pytest hands it in
    cause: str,
) -> None:
    bureau.sent([1])
    (line,) = _lines(bureau, minutes=12, configuration_set=configuration_set, reads=reads)
    assert line.startswith("last event: none since the first letter, 12 minutes ago: ")
    assert cause in line


def test_what_came_in_and_could_not_be_read_is_a_likely_cause(bureau: Bureau) -> None:
    bureau.sent([1])
    bureau.take("garbage")
    assert "1 that came in could not be read: mailer events errors" in _lines(bureau, minutes=12)[0]


def test_events_of_other_letters_point_to_the_configuration_set(bureau: Bureau) -> None:
    bureau.sent([1])
    bureau.take(event("delivery", 1, issue=9))
    assert "those of other letters do come" in _lines(bureau, minutes=12)[0]


def test_letters_that_went_out_twice_are_counted(bureau: Bureau) -> None:
    bureau.sent([1])
    bureau.take(event("send", 1, messageId="another"))
    assert (
        _lines(bureau, minutes=5)[-1] == "twice: 1 letter beyond the first of an attempt: somebody got the issue twice"
    )


def test_a_transport_that_tells_nothing_afterwards_is_not_listened_to(bureau: Bureau) -> None:
    bureau.sent([1])
    with bureau.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE mailing SET transport = 'outbox'")
        mailing = find(connection, NEWS, 1)
        assert mailing is not None
        assert hear(connection, mailing) is None
