"""The server as a plain HTTP client meets it: who may speak to it, and how it is told its faults."""

import http.client
import json
import time
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest

from mailer.local_ses.options import Options
from mailer.local_ses.server import LocalSes, Server, serve

SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=local/20261123/eu-west-1/ses/aws4_request, SignedHeaders=host"}
JSON = {"Content-Type": "application/json"}


def ask(server: Server, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, Any]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10)
    try:
        connection.request(method, path, body if isinstance(body, str | None) else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, answer.getheader("x-amzn-ErrorType", ""), json.loads(text)
    finally:
        connection.close()


def test_the_options_are_read_and_changed_over_http(server: Server) -> None:
    status, _, options = ask(server, "POST", "/_local/options", {"rate": 14, "verified": ["example.org"]}, **JSON)
    assert (status, options["rate"], options["verified"]) == (200, 14, ["example.org"])
    assert ask(server, "GET", "/_local/options")[2] == options
    assert server.local_ses.options == Options(rate=14, verified=("example.org",))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rat": 1}, "rat"),
        ({"rate": "many"}, "rate"),
        ({"rate": 0}, "rate"),
        ({"lose_share": 2}, "lose_share"),
        ([], "object"),
    ],
)
def test_options_that_do_not_fit_are_refused_and_change_nothing(changes: Any, words: str, server: Server) -> None:
    status, name, answer = ask(server, "POST", "/_local/options", changes, **JSON)
    assert (status, name) == (400, "BadRequestException")
    assert words in answer["message"]
    assert server.local_ses.options == Options()


def test_a_page_in_a_browser_cannot_change_the_options(server: Server) -> None:
    plain = ask(server, "POST", "/_local/options", {"paused": True}, **{"Content-Type": "text/plain"})
    rebound = ask(server, "POST", "/_local/options", {"paused": True}, **JSON, Host="evil.example")
    assert (plain[0], rebound[0]) == (415, 403)
    assert server.local_ses.options == Options()


def test_a_call_that_is_not_signed_is_refused(server: Server) -> None:
    assert ask(server, "GET", "/v2/email/account")[:2] == (403, "MissingAuthenticationTokenException")
    assert ask(server, "GET", "/v2/email/account", **SIGNED)[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "name"),
    [
        ("/v2/email/nothing", {}, 404, "UnknownOperationException"),
        ("/v2/email/outbound-emails", "{", 400, "SerializationException"),
        ("/v2/email/outbound-emails", [], 400, "SerializationException"),
        ("/v2/email/outbound-emails", {"Content": {"Raw": {"Data": "?"}}}, 400, "BadRequestException"),
        ("/v2/email/outbound-emails", {"Content": {"Raw": {"Data": 7}}}, 400, "BadRequestException"),
        ("/v2/email/outbound-emails", {"Content": 7}, 400, "BadRequestException"),
        ("/v2/email/outbound-emails", {"Kontent": {}}, 400, "BadRequestException"),
        ("/v2/email/outbound-emails", {}, 400, "BadRequestException"),
        (
            "/v2/email/outbound-bulk-emails",
            {"BulkEmailEntries": ["a"], "DefaultContent": {}},
            400,
            "BadRequestException",
        ),
    ],
)
def test_what_no_boto3_would_send_is_refused_in_words(
    path: str, body: Any, status: int, name: str, server: Server
) -> None:
    assert ask(server, "POST", path, body, **SIGNED)[:2] == (status, name)


def test_an_answer_comes_late_by_the_seconds_that_were_asked_for() -> None:
    slept: list[float] = []
    with serve(LocalSes(Options(late_seconds=7), clock=time.time, chance=Random(1)), sleep=slept.append) as server:
        ask(server, "GET", "/v2/email/account", **SIGNED)
        ask(server, "POST", "/v2/email/outbound-emails", {}, **SIGNED)
    assert slept == [7]


def test_closing_does_not_wait_for_who_waits_for_a_message(server: Server) -> None:
    local_ses = server.local_ses
    local_ses.let_wait(False)
    begun = time.monotonic()
    url = "http://127.0.0.1/000000000000/newsletter-events"
    assert local_ses.call_queue("ReceiveMessage", {"QueueUrl": url, "WaitTimeSeconds": 20}, base=server.url) == {}
    assert time.monotonic() - begun < 5
