"""One call is one request on the wire."""

import json
import socket
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import boto3.session  # pyright: ignore[reportMissingTypeStubs]  # it has none
import pytest
from botocore.exceptions import BotoCoreError, ClientError  # pyright: ignore[reportMissingTypeStubs]  # it has none

from mailer.errors import TransportError
from mailer.ses.client import BODY, reading_client, sending_client

Behaviour = Callable[[BaseHTTPRequestHandler], None]


def _closes(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def _answers(status: int, code: str) -> Behaviour:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = json.dumps({"message": "no"}).encode()
        handler.send_response(status)
        handler.send_header("x-amzn-ErrorType", code)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@contextmanager
def _server(behaviour: Behaviour) -> Generator[tuple[str, list[str]]]:
    """A server on this machine that behaves so; its address, and the paths that were asked."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            paths.append(self.path)
            behaviour(self)

        do_POST = do_GET = _handle  # noqa: N815  # http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's names
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", paths
        finally:
            server.shutdown()
            thread.join()


def _session() -> boto3.session.Session:
    return boto3.session.Session(aws_access_key_id="AKID", aws_secret_access_key="secret", region_name="eu-west-1")


@pytest.mark.parametrize("environment", [{}, {"AWS_MAX_ATTEMPTS": "10", "AWS_RETRY_MODE": "legacy"}])
@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(_closes, id="the answer is lost"),
        pytest.param(_answers(500, "InternalServiceErrorException"), id="500"),
        pytest.param(_answers(503, "ServiceUnavailable"), id="503"),
        pytest.param(_answers(429, "TooManyRequestsException"), id="429"),
        pytest.param(_answers(400, "ThrottlingException"), id="400, throttled"),
    ],
)
def test_one_call_is_one_request_on_the_wire(
    behaviour: Behaviour, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with _server(behaviour) as (url, paths):
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", url)
        with closing(sending_client(4, _session())) as client, pytest.raises((ClientError, BotoCoreError)):
            client.send_email(**{BODY: b"{}"})
        with closing(sending_client(4, _session())) as client, pytest.raises((ClientError, BotoCoreError)):
            client.send_bulk_email(**{BODY: b"{}"})
    assert paths == ["/v2/email/outbound-emails", "/v2/email/outbound-bulk-emails"]


def test_what_may_be_asked_again_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with _server(_closes) as (url, paths):
        monkeypatch.setenv("AWS_ENDPOINT_URL_SESV2", url)
        with closing(reading_client(_session())) as client, pytest.raises(BotoCoreError):
            client.get_account()
    assert len(paths) > 1


def test_without_a_region_there_is_no_client_and_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    session = boto3.session.Session(aws_access_key_id="AKID", aws_secret_access_key="secret")
    with pytest.raises(TransportError) as caught:
        sending_client(1, session)
    assert "AWS_DEFAULT_REGION" in caught.value.hint


def test_a_profile_that_does_not_exist_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(TransportError) as caught:
        reading_client()
    assert "nobody" in str(caught.value)
