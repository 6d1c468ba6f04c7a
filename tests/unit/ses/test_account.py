"""What preflight finds, each with its remedy."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import (  # pyright: ignore[reportMissingTypeStubs]  # it has none
    ClientError,
    EndpointConnectionError,
)

from mailer.errors import TransportError
from mailer.ses.account import Account, in_account, in_configuration_set, in_identity, read_account
from mailer.ses.client import Answer, Meta, Reader

GOOD = Account(rate=14.0, quota=50_000.0, used=1_000.0, production=True, sending=True, enforcement="HEALTHY")


class Asked(Reader):
    """Answers by the name of what is asked for; everything else does not exist."""

    meta: Meta

    def __init__(self, answers: Mapping[str, Answer | Exception]) -> None:
        self._answers = answers

    def get_account(self) -> Answer:
        """As it was told."""
        return self._answer("account")

    def list_suppressed_destinations(self, **parameters: Any) -> Answer:
        """Never: it is no question of the account's."""
        raise AssertionError(f"SES was asked: list_suppressed_destinations {parameters}")

    def get_email_identity(self, **parameters: Any) -> Answer:
        """As it was told."""
        return self._answer(parameters["EmailIdentity"])

    def get_configuration_set(self, **parameters: Any) -> Answer:
        """As it was told."""
        return self._answer(parameters["ConfigurationSetName"])

    def get_configuration_set_event_destinations(self, **parameters: Any) -> Answer:
        """As it was told."""
        return self._answer(parameters["ConfigurationSetName"] + " events")

    def close(self) -> None:
        """There is nothing to close."""

    def _answer(self, name: str) -> Answer:
        answer = self._answers.get(name, _error("NotFoundException"))
        if isinstance(answer, Exception):
            raise answer
        return answer


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetSomething")


def _found(account: Account, audience: int = 0) -> list[tuple[str, bool]]:
    found = list(in_account(account, audience))
    assert all(finding.remedy for finding in found)
    return [(finding.what, finding.stops) for finding in found]


def test_the_account_is_what_ses_says_of_it() -> None:
    answer = {
        "SendQuota": {"Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 1_000.0},
        "ProductionAccessEnabled": True,
        "SendingEnabled": True,
        "EnforcementStatus": "HEALTHY",
    }
    assert read_account(Asked({"account": answer})) == GOOD
    assert GOOD.left == 49_000


def test_minus_one_is_no_quota_at_all() -> None:
    account = read_account(Asked({"account": {"SendQuota": {"Max24HourSend": -1.0}}}))
    assert (account.quota, account.left) == (None, None)


def test_more_sent_than_the_quota_leaves_nothing_and_not_less() -> None:
    assert replace(GOOD, used=60_000.0).left == 0


def test_an_account_in_order_has_no_findings() -> None:
    assert _found(GOOD, audience=49_000) == []
    assert _found(replace(GOOD, quota=None), audience=1_000_000) == []


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (replace(GOOD, enforcement="SHUTDOWN"), ("Amazon has suspended this account's sending", True)),
        (replace(GOOD, enforcement="PROBATION"), ("Amazon has put this account under review", False)),
        (replace(GOOD, sending=False), ("sending is switched off for this account in this region", True)),
        (
            replace(GOOD, production=False),
            ("the account is in the sandbox: only verified addresses get letters", True),
        ),
        (replace(GOOD, rate=0.0), ("the account may not send at all: its rate or its quota is 0", True)),
        (replace(GOOD, quota=0.0), ("the account may not send at all: its rate or its quota is 0", True)),
        (
            replace(GOOD, used=49_000.0),
            ("the quota has room for 1,000 of 2,000 people within 24 hours of the last ones", False),
        ),
    ],
)
def test_what_is_not_in_order_is_found(account: Account, expected: tuple[str, bool]) -> None:
    assert _found(account, audience=2_000) == [expected]


def test_the_sandbox_does_not_stop_what_has_no_audience() -> None:
    assert _found(replace(GOOD, production=False)) == [
        ("the account is in the sandbox: only verified addresses get letters", False)
    ]


@pytest.mark.parametrize(
    ("error", "hint"),
    [(_error("AccessDeniedException"), "ses:GetAccount"), (EndpointConnectionError(endpoint_url="x"), "network")],
)
def test_an_account_that_cannot_be_read_is_an_error_with_a_remedy(error: Exception, hint: str) -> None:
    with pytest.raises(TransportError) as caught:
        read_account(Asked({"account": error}))
    assert hint in caught.value.hint


SIGNED = {"VerifiedForSendingStatus": True, "DkimAttributes": {"Status": "SUCCESS"}}
NOT_VERIFIED = {"VerifiedForSendingStatus": False, "DkimAttributes": {"Status": "PENDING"}}


@pytest.mark.parametrize("identity", ["news@mail.example.org", "mail.example.org", "example.org"])
def test_the_address_its_domain_or_one_above_it_will_do(identity: str) -> None:
    assert list(in_identity(Asked({identity: SIGNED}), "news@mail.example.org")) == []


@pytest.mark.parametrize(
    ("answers", "what", "stops"),
    [
        ({}, "neither news@example.org nor its domain is an identity of this account in this region", True),
        ({"example.org": NOT_VERIFIED}, "example.org is not verified for sending", True),
        (
            {"example.org": SIGNED | {"DkimAttributes": {"Status": "PENDING"}}},
            "letters from example.org are not signed with DKIM: Gmail, Yahoo and Outlook refuse newsletters without",
            False,
        ),
        (
            {"news@example.org": _error("AccessDeniedException")},
            (
                "whether news@example.org is verified cannot be seen: "
                "Amazon SES does not tell about news@example.org: AccessDeniedException: no"
            ),
            False,
        ),
    ],
)
def test_a_sender_that_is_not_in_order_is_found(
    answers: Mapping[str, Answer | Exception],
    what: str,
    stops: bool,  # noqa: FBT001  # parametrized
) -> None:
    [finding] = in_identity(Asked(answers), "news@example.org")
    assert (finding.what, finding.stops) == (what, stops)
    assert finding.remedy


def _events(*events: str, enabled: bool = True) -> Answer:
    return {"EventDestinations": [{"Name": "d", "Enabled": enabled, "MatchingEventTypes": list(events)}]}


ALL = _events("SEND", "BOUNCE", "COMPLAINT", "DELIVERY", "REJECT", "RENDERING_FAILURE")


@pytest.mark.parametrize(
    ("answers", "what", "stops"),
    [
        ({"news events": ALL}, "there is no configuration set news in this region", True),
        (
            {"news": {"SendingOptions": {"SendingEnabled": False}}, "news events": ALL},
            "sending is switched off for the configuration set news",
            True,
        ),
        (
            {"news": {}, "news events": _events("SEND", "BOUNCE", "COMPLAINT", "DELIVERY")},
            "the configuration set news does not publish REJECT, RENDERING_FAILURE",
            False,
        ),
        (
            {"news": {}, "news events": _events("SEND", enabled=False)},
            "the configuration set news does not publish SEND, BOUNCE, COMPLAINT, DELIVERY, REJECT, RENDERING_FAILURE",
            False,
        ),
        (
            {"news": _error("AccessDeniedException")},
            "the configuration set news cannot be seen: Amazon SES does not tell about news: AccessDeniedException: no",
            False,
        ),
    ],
)
def test_a_configuration_set_that_is_not_in_order_is_found(
    answers: Mapping[str, Answer | Exception],
    what: str,
    stops: bool,  # noqa: FBT001  # parametrized
) -> None:
    [finding] = in_configuration_set(Asked(answers), "news")
    assert (finding.what, finding.stops) == (what, stops)
    assert finding.remedy


def test_a_configuration_set_that_publishes_everything_is_in_order() -> None:
    assert list(in_configuration_set(Asked({"news": {"SendingOptions": {}}, "news events": ALL}), "news")) == []


def test_without_a_configuration_set_nothing_will_be_heard() -> None:
    [finding] = in_configuration_set(Asked({}), "")
    assert (finding.what, finding.stops) == ("no configuration set: bounces and complaints will not be heard", False)
