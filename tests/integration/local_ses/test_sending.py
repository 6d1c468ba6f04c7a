"""Letters through the real boto3: taken, kept as they would arrive, and limited as Amazon limits them."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from botocore.exceptions import (  # pyright: ignore[reportMissingTypeStubs]  # it has none
    ClientError,
    ConnectionClosedError,
)

from mailer.local_ses.server import Server

RAW = (
    b"From: The Morning Post <post@example.org>\r\nTo: ada@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"List-Unsubscribe: <https://example.org/u/1>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\nGood morning, Zo\xc3\xab\r\n"
)


def raw(ses: Any, to: str = "ada@example.com", **more: Any) -> dict[str, Any]:
    content = {"Raw": {"Data": more.pop("source", RAW)}}
    return ses.send_email(Content=content, Destination={"ToAddresses": [to]}, **more)


def bulk(ses: Any, *names: str, **more: Any) -> list[dict[str, Any]]:
    request: dict[str, Any] = {
        "FromEmailAddress": "Post <post@example.org>",
        "DefaultContent": {
            "Template": {
                "TemplateContent": {
                    "Subject": "Hello {{name}}",
                    "Text": "Hi {{name}}.\n",
                    "Html": "<p>Hi {{name}} é</p>",
                },
                "TemplateData": json.dumps({"name": "friend"}),
                "Headers": [{"Name": "List-Id", "Value": "<post.example.org>"}],
            }
        },
        "DefaultEmailTags": [{"Name": "mailing", "Value": "m1"}],
        "BulkEmailEntries": [
            {
                "Destination": {"ToAddresses": [f"{name}@example.com"]},
                "ReplacementTags": [{"Name": "delivery", "Value": f"{name}-1"}],
                "ReplacementHeaders": [{"Name": "List-Unsubscribe", "Value": f"<https://example.org/u/{name}>"}],
                "ReplacementEmailContent": {
                    "ReplacementTemplate": {"ReplacementTemplateData": json.dumps({"name": name})}
                },
            }
            for name in names
        ],
        **more,
    }
    return ses.send_bulk_email(**request)["BulkEmailEntryResults"]


def code(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str, int]:
    response: Any = cast("Any", error.value).response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_raw_letter_is_kept_as_it_came(ses: Any, server: Server) -> None:
    answer = raw(ses, EmailTags=[{"Name": "delivery", "Value": "7-1"}])
    [letter] = server.local_ses.accepted
    assert (letter.message_id, letter.sender, letter.recipient, letter.tags, letter.content) == (
        answer["MessageId"],
        "The Morning Post <post@example.org>",
        "ada@example.com",
        {"delivery": "7-1"},
        RAW,
    )
    assert (letter.subject, letter.text, letter.html) == ("Grüße", "Good morning, Zoë\n", "")
    assert ("List-Unsubscribe", "<https://example.org/u/1>") in letter.headers


def test_a_sender_that_the_call_names_replaces_the_messages_own(ses: Any, server: Server) -> None:
    source = b"To: ada@example.com\r\nFrom: Old\r\n <old@example.org>\r\nX: y\r\n\r\nFrom: me\r\n"
    raw(ses, FromEmailAddress="New <new@example.org>", source=source)
    [letter] = server.local_ses.accepted
    expected = b"To: ada@example.com\r\nFrom: New <new@example.org>\r\nX: y\r\n\r\nFrom: me\r\n"
    assert (letter.sender, letter.content) == ("New <new@example.org>", expected)


def test_letters_from_many_threads_are_all_there_once(ses: Any, server: Server) -> None:
    server.local_ses.change_options({"rate": 10_000})
    people = [f"reader{number}" for number in range(200)]

    def ten(start: int) -> list[dict[str, Any]]:
        return bulk(ses, *people[start : start + 10])

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(ten, range(0, 200, 10)))
    ids = [result["MessageId"] for call in results for result in call]
    letters = server.local_ses.accepted
    assert sorted(letter.recipient for letter in letters) == sorted(f"{name}@example.com" for name in people)
    assert sorted(letter.message_id for letter in letters) == sorted(set(ids))


def test_a_bulk_letter_is_kept_as_amazon_would_build_it(ses: Any, server: Server) -> None:
    results = bulk(ses, "ada", "bob")
    letters = server.local_ses.accepted
    assert [result["Status"] for result in results] == ["SUCCESS", "SUCCESS"]
    assert [letter.message_id for letter in letters] == [result["MessageId"] for result in results]
    assert [(letter.recipient, letter.subject, letter.text, letter.html) for letter in letters] == [
        ("ada@example.com", "Hello ada", "Hi ada.\n", "<p>Hi ada é</p>"),
        ("bob@example.com", "Hello bob", "Hi bob.\n", "<p>Hi bob é</p>"),
    ]
    assert letters[1].tags == {"mailing": "m1", "delivery": "bob-1"}
    headers = dict(letters[1].headers)
    assert (headers["From"], headers["To"], headers["List-Id"], headers["List-Unsubscribe"]) == (
        "Post <post@example.org>",
        "bob@example.com",
        "<post.example.org>",
        "<https://example.org/u/bob>",
    )
    assert headers["Content-Type"].startswith("multipart/alternative")


def test_the_account_answers_from_the_figures_that_limit_it(ses: Any, server: Server) -> None:
    server.local_ses.change_options({"rate": 14, "daily_quota": 500})
    bulk(ses, "ada", "bob")
    raw(ses)
    account = ses.get_account()
    assert account["SendQuota"] == {"Max24HourSend": 500.0, "MaxSendRate": 14.0, "SentLast24Hours": 3.0}
    assert (account["SendingEnabled"], account["ProductionAccessEnabled"]) == (True, True)


def test_a_lost_answer_is_a_letter_accepted_and_a_closed_connection(ses: Any, server: Server) -> None:
    server.local_ses.change_options({"lose_next": 1})
    with pytest.raises(ConnectionClosedError):
        raw(ses)
    raw(ses, "bob@example.com")
    assert [letter.recipient for letter in server.local_ses.accepted] == ["ada@example.com", "bob@example.com"]


def test_more_than_the_rate_is_throttled(ses: Any, server: Server) -> None:
    server.local_ses.change_options({"rate": 2})
    results = bulk(ses, "ada", "bob", "eve")
    assert [result["Status"] for result in results] == ["SUCCESS", "SUCCESS", "ACCOUNT_THROTTLED"]
    with pytest.raises(ses.exceptions.TooManyRequestsException) as error:
        raw(ses)
    assert code(error) == ("TooManyRequestsException", "Maximum sending rate exceeded.", 429)


def test_an_operation_that_is_not_here_is_refused_by_its_name(ses: Any) -> None:
    with pytest.raises(ClientError) as error:
        ses.create_contact_list(ContactListName="all")
    assert code(error) == ("NotImplemented", "local-ses does not have the operation CreateContactList.", 501)
