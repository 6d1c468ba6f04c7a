"""Certificates of SNS: how they are fetched, which are good, and that a failure is never remembered."""

import http.client
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from mailer.ses.certificates import MOST_BYTES, CannotFetch, Certificates, fetch_certificate
from mailer.ses.sns import NotBelieved, Topic, Trust

from .sns_messages import (
    CERTIFICATE_URL,
    NOW,
    TOPIC,
    Shelf,
    certificate,
    content,
    elliptic_certificate,
    notification,
    rsa_key,
    sign,
)


def trust(shelf: Shelf) -> Trust:
    return Trust([Topic(TOPIC, "eu-west-1", "sns.eu-west-1.amazonaws.com")], Certificates(shelf, lambda: NOW))


def refused(ours: Trust, posted: bytes) -> str:
    with pytest.raises(NotBelieved) as refusal:
        ours.believe(posted)
    return str(refusal.value)


def test_a_certificate_that_could_not_be_fetched_is_asked_for_again() -> None:
    shelf = Shelf({CERTIFICATE_URL: CannotFetch("the network is down")})
    ours, posted = trust(shelf), content(sign(notification()))
    for _ in range(2):
        with pytest.raises(CannotFetch):
            ours.believe(posted)
    shelf.certificates[CERTIFICATE_URL] = certificate()
    assert ours.believe(posted)
    assert ours.believe(posted)
    assert shelf.asked == [CERTIFICATE_URL] * 3


@pytest.mark.parametrize(
    "pem",
    [
        None,
        b"",
        b"<html>not here</html>",
        certificate()[:-200],
        elliptic_certificate(),
        certificate(rsa_key(3, 1024)),
        certificate(last=NOW.replace(day=22)),
        certificate(first=NOW.replace(day=24)),
    ],
    ids=["nothing", "empty", "a page", "cut off", "elliptic", "short", "over", "not yet"],
)
def test_what_is_no_good_certificate_is_refused_and_not_remembered(pem: bytes | None) -> None:
    shelf = Shelf({CERTIFICATE_URL: pem})
    ours, posted = trust(shelf), content(sign(notification()))
    assert refused(ours, posted) == f"there is no certificate at {CERTIFICATE_URL} that holds today"
    shelf.certificates[CERTIFICATE_URL] = certificate()
    assert ours.believe(posted)


def test_only_so_many_certificates_are_kept() -> None:
    urls = [CERTIFICATE_URL.replace("54aa10", str(number)) for number in range(17)]
    shelf = Shelf(dict.fromkeys(urls, certificate()))
    ours = trust(shelf)
    for url in [*urls, urls[-1], urls[0]]:
        ours.believe(content(sign(notification(SigningCertURL=url))))
    assert shelf.asked == [*urls, urls[0]]


# --- fetching -------------------------------------------------------------------------------------------------------

Behaviour = Callable[[BaseHTTPRequestHandler], None]


def answers(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@contextmanager
def amazon(behaviour: Behaviour) -> Generator[tuple[Callable[[str], http.client.HTTPConnection], list[str]]]:
    """What stands in for SNS's host on this machine: a way to connect to it, and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers.get('Cookie')} {self.headers.get('Authorization')}")
            behaviour(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's names
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def connect(host: str) -> http.client.HTTPConnection:
            assert host == "sns.eu-west-1.amazonaws.com"
            return http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=0.3)

        try:
            yield connect, asked
        finally:
            server.shutdown()
            thread.join()


def test_a_certificate_is_fetched_by_one_question() -> None:
    with amazon(answers(200, certificate())) as (connect, asked):
        assert fetch_certificate(CERTIFICATE_URL, connect) == certificate()
    assert asked == ["/SimpleNotificationService-54aa10.pem None None"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with amazon(answers(status, certificate(), Location="/elsewhere.pem")) as (connect, asked):
        assert fetch_certificate(CERTIFICATE_URL, connect) is None
    assert len(asked) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_where_there_is_nothing_nothing_is_fetched(status: int) -> None:
    with amazon(answers(status, certificate())) as (connect, _):
        assert fetch_certificate(CERTIFICATE_URL, connect) is None


@pytest.mark.parametrize(("size", "kept"), [(MOST_BYTES, MOST_BYTES), (MOST_BYTES + 1, 0), (50 * MOST_BYTES, 0)])
def test_no_more_than_64_kib_are_kept(size: int, kept: int) -> None:
    with amazon(answers(200, b"x" * size)) as (connect, _):
        assert len(fetch_certificate(CERTIFICATE_URL, connect) or b"") == kept


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_error_of_the_server_says_nothing_of_the_certificate(status: int) -> None:
    with amazon(answers(status)) as (connect, _), pytest.raises(CannotFetch, match=str(status)):
        fetch_certificate(CERTIFICATE_URL, connect)


def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    def silent(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.recv(1)  # until the other side hangs up

    with amazon(silent) as (connect, _), pytest.raises(CannotFetch, match="timed out"):
        fetch_certificate(CERTIFICATE_URL, connect)


def test_an_answer_that_comes_in_drops_is_given_up_after_five_seconds_in_all() -> None:
    moments = iter(range(0, 100, 3))
    with amazon(answers(200, certificate())) as (connect, _), pytest.raises(CannotFetch, match="longer than 5 seconds"):
        fetch_certificate(CERTIFICATE_URL, connect, lambda: next(moments) * 2.0)


def test_what_is_no_http_is_no_certificate() -> None:
    def speak_tls(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"\x16\x03\x01 nothing\r\n")

    with amazon(speak_tls) as (connect, _), pytest.raises(CannotFetch):
        fetch_certificate(CERTIFICATE_URL, connect)
