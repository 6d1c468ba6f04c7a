"""A mailing through SES: what SES took is compared with the ledger, whatever happens on the way."""

from collections import Counter

import pytest
from sqlalchemy import select

from mailer.database.engine import Database
from mailer.ledger import mailings
from mailer.ledger.tables import deliveries
from mailer.local_ses.server import Server
from mailer.sending.run import End
from mailer.ses.transport import SesTransport

from ..sending.conftest import Office  # noqa: TID252  # tests are not a package


@pytest.fixture
def office(database: Database) -> Office:
    """200 people, on each database in turn."""
    office = Office(database)
    office.people(range(1, 201))
    return office


def _arrived(server: Server) -> Counter[int]:
    """Subscriber -> how many letters of theirs SES took."""
    return Counter(int(letter.tags["delivery"].partition("-")[0]) for letter in server.local_ses.accepted)


def _message_ids(office: Office) -> dict[int, str]:
    with office.database.reading() as connection:
        rows = connection.execute(select(deliveries.c.subscriber_id, deliveries.c.message_id))
        return {row[0]: row[1] for row in rows if row[1]}


def _everyone(office: Office, state: str) -> set[int]:
    return {number for number, found in office.states().items() if found == state}


def test_everyone_gets_one_letter_and_the_ledger_knows_each_by_its_message_id(
    office: Office, raw: SesTransport, server: Server
) -> None:
    assert office.run(raw, batch=4) is End.FINISHED
    assert _arrived(server) == dict.fromkeys(range(1, 201), 1)
    assert _message_ids(office) == {
        int(letter.tags["delivery"].partition("-")[0]): letter.message_id for letter in server.local_ses.accepted
    }


def test_lost_answers_are_uncertain_and_nobody_gets_a_second_letter(
    office: Office, raw: SesTransport, server: Server
) -> None:
    server.local_ses.change_options({"lose_share": 0.05})
    assert office.run(raw, batch=4) is End.FINISHED
    assert office.run(raw, batch=4) is End.FINISHED
    uncertain = _everyone(office, "uncertain")
    assert uncertain
    assert _arrived(server) == dict.fromkeys(range(1, 201), 1)
    assert _everyone(office, "accepted") == set(range(1, 201)) - uncertain


def test_errors_of_the_server_are_uncertain_and_throttled_letters_are_tried_again(
    office: Office, raw: SesTransport, server: Server
) -> None:
    server.local_ses.change_options({"throttle_next": 40, "fail_after": 100, "fail_next": 7})
    assert office.run(raw, batch=4) is End.FINISHED
    uncertain = _everyone(office, "uncertain")
    assert len(uncertain) == 7
    assert _arrived(server) == dict.fromkeys(set(range(1, 201)) - uncertain, 1)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"fail_code": "ExpiredTokenException", "fail_status": 403}, "account"),
        ({"fail_code": "SendingPausedException", "fail_status": 400}, "account"),
        ({"fail_code": "LimitExceededException", "fail_status": 400}, "quota"),
        (
            {
                "fail_code": "TooManyRequestsException",
                "fail_status": 429,
                "fail_message": "Daily message quota exceeded.",
            },
            "quota",
        ),
    ],
)
def test_account_wide_trouble_pauses_and_the_same_mailing_goes_on_when_it_is_mended(
    office: Office, raw: SesTransport, server: Server, options: dict[str, object], reason: str
) -> None:
    server.local_ses.change_options({"fail_after": 101, "fail_next": 1_000, **options})
    assert office.run(raw, batch=4) is End.PAUSED
    assert (office.mailing().reason, _everyone(office, "refused")) == (reason, set())
    # At most one claim was in the call when it began.
    assert len(server.local_ses.accepted) == len(_everyone(office, "accepted")) == 101
    assert len(_everyone(office, "pending")) == 99
    server.local_ses.change_options({"fail_after": 0, "fail_next": 0})
    with office.database.transaction() as connection:
        mailings.resume(connection, office.mailing().id)
    assert office.run(raw, batch=4) is End.FINISHED
    assert _arrived(server) == dict.fromkeys(range(1, 201), 1)
