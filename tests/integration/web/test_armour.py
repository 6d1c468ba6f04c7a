"""The web side's armour: what may come in, what every answer carries, what the log may say."""

import logging
import socket
from shutil import copytree

import pytest

from mailer.web.serving import listen

from ...waiting import PATIENCE  # noqa: TID252  # tests are not a package
from .conftest import SLUG, Opening, Web, guarded, write_newsletter


def test_every_answer_is_guarded_whatever_it_says(web: Web) -> None:
    answers = [
        web.client.request(method, path) for method in ("GET", "HEAD", "POST") for path in ("/health", "/nothing")
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 200, 404, 405, 404]
    assert all(guarded(answer) for answer in answers)


def test_the_process_lives_and_is_ready(web: Web) -> None:
    assert (web.client.get("/health").text, web.client.get("/ready").text) == ("alive\n", "ready\n")


def test_a_head_has_the_headers_of_a_get_and_no_body(web: Web) -> None:
    get, head = web.client.get("/health"), web.client.head("/health")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", get.headers["content-length"])


def test_a_body_that_says_it_is_large_is_refused_before_it_is_read(web: Web) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE) as wire:
        wire.sendall(b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n")
        answer = wire.recv(65536)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in answer


def test_a_body_in_chunks_is_refused_when_it_grows_too_large(web: Web) -> None:
    answer = web.client.post("/health", content=(b"x" * 1024 for _ in range(100)))
    assert answer.status_code == 413
    assert guarded(answer)


@pytest.mark.parametrize("length", ["-1", "ten", "1e3", "18446744073709551617"])
def test_a_length_that_is_no_length_is_refused(web: Web, length: str) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=PATIENCE) as wire:
        wire.sendall(f"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode())
        assert wire.recv(65536).split(b" ")[1] in {b"400", b"413"}


def test_a_head_beyond_16_kib_is_refused(web: Web) -> None:
    answer = web.client.get("/health", headers={"X-Long": "x" * 20_000})
    assert answer.status_code in {400, 431}


def test_behind_a_path_the_proxy_may_keep_it_or_take_it_off(open_web: Opening) -> None:
    web = open_web(base_url="https://example.org/letters")
    answers = [web.client.get(path).status_code for path in ("/letters/health", "/health", "/lettershealth")]
    assert answers == [200, 200, 404]


def test_no_part_of_an_answer_waits_for_another_to_be_acknowledged() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize("words", ["de-AT", "en-GB"])
def test_a_fault_is_told_in_the_newsletters_look_and_language(open_web: Opening, words: str) -> None:
    web = open_web()
    copytree(web.workspace.root / "issues" / SLUG, web.workspace.root / "issues" / "other-news")
    write_newsletter(web.workspace.root, language=words, title="Die Nachrichten")
    for path in (f"/p/{SLUG}/x", f"/c/{SLUG}/x", f"/issues/{SLUG}/2", f"/issues/{SLUG}/x"):
        page = web.client.get(path)
        assert (page.status_code, f'lang="{words}"' in page.text) == (404, True)
        assert ("Hier ist nichts – Die Nachrichten" in page.text) == (words == "de-AT")
    assert "Die Nachrichten" not in web.client.get("/issues/nothing").text


@pytest.mark.parametrize("path", [f"/issues/{SLUG}/", f"/subscribe/{SLUG}/", f"/u/{SLUG}/", "/health/"])
def test_a_slash_that_a_program_added_is_not_minded(web: Web, path: str) -> None:
    assert web.client.get(path).status_code == 200
    ada = web.person()
    assert web.client.post(f"{web.link(ada)}/").text == "You are unsubscribed.\n"
    assert web.status(ada) == "unsubscribed"


@pytest.mark.parametrize("path", ["/issues/%00/1", "/u/%00/x", "/subscribe/%00", "/issues/%ED%A0%80/1", "/p/%00/x"])
def test_a_newsletter_that_no_database_can_hold_is_not_found(web: Web, path: str) -> None:
    assert web.client.get(path).status_code == 404


def test_the_log_has_the_route_and_never_what_was_asked_for(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mailer.web.access")
    web.client.get("/health?who=ada@example.org")
    web.client.get("/secret/ada@example.org")
    web.server.settle()
    lines = [record.getMessage().rpartition(" ")[0] for record in caplog.records]
    assert lines == ["GET /health 200", "GET (no such page) 404"]
