"""What Amazon's servers refuse is refused here, in words and classes that boto3 understands; then nothing is sent."""

import json
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.local_ses.server import Server

SOURCE = b"From: post@example.org\r\nSubject: Hello\r\n\r\nHello\r\n"


def email(**changes: Any) -> dict[str, Any]:
    return {
        "FromEmailAddress": "post@example.org",
        "Destination": {"ToAddresses": ["ada@example.com"]},
        "Content": {"Raw": {"Data": SOURCE}},
        **changes,
    }


def bulk(entry: dict[str, Any] | None = None, template: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    content = {"Subject": "Hello", "Text": "Hello {{name}}"}
    first = {"Destination": {"ToAddresses": ["ada@example.com"]}, **(entry or {})}
    return {
        "FromEmailAddress": "post@example.org",
        "DefaultContent": {
            "Template": {"TemplateContent": content, "TemplateData": '{"name": "x"}', **(template or {})}
        },
        "BulkEmailEntries": [first],
        **changes,
    }


def headers(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"ReplacementHeaders": [{"Name": name, "Value": value} for name, value in pairs]}


def data(value: Any) -> dict[str, Any]:
    text = value if isinstance(value, str) else json.dumps(value)
    return {"ReplacementEmailContent": {"ReplacementTemplate": {"ReplacementTemplateData": text}}}


def said(error: pytest.ExceptionInfo[Any]) -> str:
    return error.value.response["Error"]["Message"]


BAD_BULK = {
    "16 headers": (bulk(headers(*[(f"X-{n}", "v") for n in range(16)])), "length less than or equal to 15"),
    "a header's value above 995": (bulk(headers(("X-A", "v" * 996))), "length less than or equal to 995"),
    "name and value above 996": (bulk(headers(("X-ABC", "v" * 995))), "longer than 996"),
    "a value that is not ASCII": (bulk(headers(("X-A", "é"))), "regular expression pattern"),
    "a line break in a value": (bulk(headers(("X-A", "a\r\nBcc: b@example.com"))), "regular expression pattern"),
    "a colon in a name": (bulk(headers(("X:A", "a"))), "regular expression pattern"),
    "the same header twice": (bulk(headers(("X-A", "a"), ("x-a", "b"))), "Duplicate header"),
    "a header that SES writes": (bulk(headers(("Subject", "Hi"))), "written by SES"),
    "an empty value": (bulk(headers(("X-A", ""))), "length greater than or equal to 1"),
    "a dot in a tag": (bulk({"ReplacementTags": [{"Name": "a", "Value": "1.2"}]}), "Invalid tag"),
    "an empty tag": (bulk({"ReplacementTags": [{"Name": "", "Value": "1"}]}), "Invalid tag"),
    "a long tag": (bulk({"ReplacementTags": [{"Name": "a", "Value": "1" * 257}]}), "Invalid tag"),
    "no entry": (bulk(BulkEmailEntries=[]), "0 entries"),
    "51 entries": (bulk(BulkEmailEntries=bulk()["BulkEmailEntries"] * 51), "51 entries"),
    "above 1 MB": (bulk(BulkEmailEntries=bulk(data({"a": "x" * 40_000}))["BulkEmailEntries"] * 50), "bytes long"),
    "long data": (bulk(data({"a": "x" * 262_144})), "length less than or equal to 262144"),
    "data that is no JSON": (bulk(data("{")), "not JSON"),
    "data that is no object": (bulk(data([1])), "not a JSON object"),
    "a conditional": (bulk(template={"TemplateContent": {"Subject": "{{#if a}}b{{/if}}", "Text": "t"}}), "simple"),
    "no subject": (bulk(template={"TemplateContent": {"Text": "t"}}), "Subject is missing"),
    "no sender": (bulk(FromEmailAddress=""), "FromEmailAddress is missing"),
    "no recipient": (bulk({"Destination": {}}), "no recipient"),
    "51 recipients": (bulk({"Destination": {"ToAddresses": [f"a{n}@example.com" for n in range(51)]}}), "exceeds 50"),
    "no domain": (bulk({"Destination": {"ToAddresses": ["ada"]}}), "Missing final '@domain'"),
    "a domain that is not in Punycode": (bulk({"Destination": {"ToAddresses": ["a@grüße.example"]}}), "7-bit ASCII"),
    "no template": (bulk(DefaultContent={}), "Template is missing"),
}


@pytest.mark.parametrize("case", BAD_BULK)
def test_a_bulk_call_with_one_wrong_thing_is_refused_whole(case: str, unchecked_ses: Any, server: Server) -> None:
    request, words = BAD_BULK[case]
    with pytest.raises(unchecked_ses.exceptions.BadRequestException) as error:
        unchecked_ses.send_bulk_email(**request)
    assert words in said(error)
    assert server.local_ses.accepted == []


BAD_RAW = {
    "a line above 1000": (email(Content={"Raw": {"Data": SOURCE + b"x" * 999 + b"\r\n"}}), "longer than 1000"),
    "no empty line": (email(Content={"Raw": {"Data": b"From: post@example.org\r\n"}}), "no empty line"),
    "no header": (email(Content={"Raw": {"Data": b"Hello\r\n\r\nHello\r\n"}}), "Not a header"),
    "no From": (email(Content={"Raw": {"Data": b"Subject: a\r\n\r\nHello\r\n"}}), "'From'"),
    "an 8-bit header": (email(Content={"Raw": {"Data": b"From: a@example.org\r\nX: \xc3\xa9\r\n\r\n"}}), "7-bit"),
    "List-Unsubscribe twice": (
        email(Content={"Raw": {"Data": b"List-Unsubscribe: <a>\r\nLIST-UNSUBSCRIBE: <b>\r\n" + SOURCE}}),
        "Duplicate header",
    ),
    "two kinds of content": (email(Content={"Raw": {"Data": SOURCE}, "Template": {}}), "exactly one"),
    "no recipient": (email(Destination={}), "recipients"),
}


@pytest.mark.parametrize("case", BAD_RAW)
def test_a_raw_message_that_servers_would_not_take_is_refused(case: str, unchecked_ses: Any, server: Server) -> None:
    request, words = BAD_RAW[case]
    with pytest.raises(unchecked_ses.exceptions.BadRequestException) as error:
        unchecked_ses.send_email(**request)
    assert words in said(error)
    assert server.local_ses.accepted == []


def test_the_longest_line_that_is_allowed_is_taken(ses: Any, server: Server) -> None:
    ses.send_email(**email(Content={"Raw": {"Data": SOURCE + b"x" * 998 + b"\r\n"}}))
    assert len(server.local_ses.accepted) == 1


def test_every_mistake_against_the_model_is_said_at_once(unchecked_ses: Any) -> None:
    with pytest.raises(unchecked_ses.exceptions.BadRequestException) as error:
        unchecked_ses.send_bulk_email(**bulk(headers(("X:A", "é"))))
    assert said(error).startswith(
        "2 validation errors detected: Value at 'bulkEmailEntries.1.member.replacementHeaders"
    )


@pytest.mark.parametrize(
    ("options", "name", "words"),
    [
        ({"paused": True}, "SendingPausedException", "Sending is paused"),
        (
            {"verified": ["example.com"]},
            "MessageRejected",
            "Email address is not verified. The following identities failed the check in region EU-WEST-1: post@example.org",
        ),
        ({"throttle_next": 1}, "TooManyRequestsException", "Maximum sending rate exceeded."),
        ({"daily_quota": 0}, "TooManyRequestsException", "Daily message quota exceeded."),
        (
            {"fail_next": 1, "fail_code": "AccountSuspendedException", "fail_status": 400},
            "AccountSuspendedException",
            "",
        ),
        ({"fail_addresses": {"ada@example.com": "MESSAGE_REJECTED"}}, "MessageRejected", "MESSAGE_REJECTED"),
    ],
)
def test_trouble_of_the_account_has_amazons_names_and_words(
    options: dict[str, Any], name: str, words: str, ses: Any, server: Server
) -> None:
    server.local_ses.change_options(options)
    with pytest.raises(getattr(ses.exceptions, name)) as error:
        ses.send_email(**email())
    assert words in said(error)
    assert server.local_ses.accepted == []


def test_an_unknown_configuration_set_is_not_found(ses: Any) -> None:
    with pytest.raises(ses.exceptions.NotFoundException) as error:
        ses.send_email(**email(ConfigurationSetName="other"))
    assert said(error) == "Configuration set <other> does not exist."


def test_in_bulk_each_entry_has_its_own_status(ses: Any, server: Server) -> None:
    server.local_ses.change_options({"daily_quota": 1, "fail_addresses": {"eve@example.com": "TRANSIENT_FAILURE"}})
    entries = [{"Destination": {"ToAddresses": [f"{name}@example.com"]}} for name in ("eve", "ada", "bob")]
    results = ses.send_bulk_email(**bulk(BulkEmailEntries=entries))["BulkEmailEntryResults"]
    assert [(result["Status"], result.get("Error")) for result in results] == [
        ("TRANSIENT_FAILURE", "The message was not sent: TRANSIENT_FAILURE."),
        ("SUCCESS", None),
        ("ACCOUNT_DAILY_QUOTA_EXCEEDED", "Daily message quota exceeded."),
    ]
    assert [letter.recipient for letter in server.local_ses.accepted] == ["ada@example.com"]


def test_in_the_sandbox_recipients_must_be_verified_too(ses: Any, server: Server) -> None:
    server.local_ses.change_options({"verified": ["example.org", "ada@example.com"], "production_access": False})
    people = ("ada@example.com", "bob@example.com", "success@simulator.amazonses.com")
    entries = [{"Destination": {"ToAddresses": [person]}} for person in people]
    results = ses.send_bulk_email(**bulk(BulkEmailEntries=entries))["BulkEmailEntryResults"]
    assert [result["Status"] for result in results] == ["SUCCESS", "MESSAGE_REJECTED", "SUCCESS"]


def test_a_call_can_fail_after_it_was_carried_out(ses: Any, server: Server) -> None:
    server.local_ses.change_options({"fail_after": 1, "fail_next": 1, "fail_accepted": True})
    ses.send_email(**email())
    with pytest.raises(ClientError) as error:
        ses.send_email(**email())
    assert cast("Any", error.value).response["ResponseMetadata"]["HTTPStatusCode"] == 500
    ses.send_email(**email())
    assert len(server.local_ses.accepted) == 3


def test_the_simulator_does_not_count_to_the_daily_quota(ses: Any, server: Server) -> None:
    server.local_ses.change_options({"daily_quota": 1})
    for _ in range(2):
        ses.send_email(**email(Destination={"ToAddresses": ["bounce+7@simulator.amazonses.com"]}))
    assert ses.get_account()["SendQuota"]["SentLast24Hours"] == 0


def test_contents_are_forgotten_and_letters_are_not(ses: Any, server: Server) -> None:
    server.local_ses.change_options({"keep_contents": 1})
    for _ in range(2):
        ses.send_email(**email())
    assert [letter.content for letter in server.local_ses.accepted] == [None, SOURCE]


def test_what_does_not_send_may_be_asked_once_a_second_each(ses: Any, server: Server) -> None:
    server.local_ses.change_options({"control_rate": 1})
    ses.get_account()
    ses.list_email_identities()
    for _ in range(2):
        ses.send_email(**email())
    with pytest.raises(ses.exceptions.TooManyRequestsException):
        ses.get_account()


def test_credentials_expire_after_so_many_letters_for_every_call(ses: Any, sqs: Any, server: Server) -> None:
    server.local_ses.change_options({"expire_after": 2})
    for _ in range(2):
        ses.send_email(**email())
    for call in (lambda: ses.send_email(**email()), ses.get_account, lambda: sqs.get_queue_url(QueueName="x")):
        with pytest.raises(ClientError, match="ExpiredTokenException"):
            call()
    assert len(server.local_ses.accepted) == 2
    server.local_ses.change_options({"expire_after": None})
    ses.send_email(**email())


@pytest.mark.parametrize(("options", "status"), [({"throttle_share": 1}, 429), ({"fail_share": 1}, 500)])
def test_a_share_of_the_calls_is_throttled_or_fails(
    options: dict[str, float], status: int, ses: Any, server: Server
) -> None:
    server.local_ses.change_options(options)
    with pytest.raises(ClientError) as error:
        ses.send_email(**email())
    assert cast("Any", error.value).response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert server.local_ses.accepted == []


@pytest.mark.parametrize("member", ["FeedbackForwardingEmailAddress", "TenantName"])
def test_a_member_that_would_be_ignored_is_refused_by_name(member: str, ses: Any) -> None:
    with pytest.raises(ClientError, match=f"NotImplemented.*{member}"):
        ses.send_email(**email(**{member: "a@example.org"}))
