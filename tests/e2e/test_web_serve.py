"""`mailer serve` as a process: it answers, bears abuse with flat memory, keeps secrets out of its log, and ends well."""

import re
import signal
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from mailer.links import Links

from ..waiting import PATIENCE, until  # noqa: TID252  # tests are not a package
from .conftest import SLUG, Desk

KEY = b"a-key-for-tests-only-0123456789"


@dataclass
class Served:
    """`mailer serve`, answering at `base`; its log is there when it has ended."""

    base: str
    process: "subprocess.Popen[str]"
    log: str = ""


@contextmanager
def _served(desk: Desk, *, stop: int = signal.SIGTERM) -> Generator[Served]:
    with desk.start("serve", "--port", "0") as process:
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found, line or process.stderr.read()
        served = Served(found[0], process)
        try:
            yield served
        finally:
            process.send_signal(stop)
            served.log = process.stderr.read()
        assert process.wait(timeout=PATIENCE) == 0, served.log


def _wire(base: str) -> socket.socket:
    url = httpx.URL(base)
    return socket.create_connection((url.host, url.port or 80), timeout=PATIENCE)


def _refuses(base: str) -> bool:
    """Whether it takes no more connections."""
    try:
        _wire(base).close()
    except ConnectionRefusedError:
        return True
    return False


def _resident_kib(process: "subprocess.Popen[str]") -> int:
    return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_ends_well(desk: Desk, number: int) -> None:
    desk.people(1)
    with _served(desk, stop=number) as served:
        base = served.base
        assert httpx.get(f"{base}/ready").text == "ready\n"


def test_a_request_that_is_under_way_is_answered_before_it_goes(desk: Desk) -> None:
    desk.people(1)
    with _served(desk) as served, _wire(served.base) as wire:
        base, process = served.base, served.process
        link = Links(base, [KEY]).unsubscribe_url(SLUG, 1)
        body = b"List-Unsubscribe=One-Click"
        head = f"POST {httpx.URL(link).path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        wire.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + body[:5])
        # Whatever of it arrives before the signal: it is on the wire, and a server that ends does not forget it.
        httpx.get(f"{base}/ready")
        process.send_signal(signal.SIGTERM)
        until(lambda: _refuses(base))
        wire.sendall(body[5:])
        assert wire.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert desk.json("subscribers", "list")[0]["status"] == "unsubscribed"


def test_its_log_has_routes_and_neither_tokens_nor_addresses(desk: Desk) -> None:
    desk.people(1)
    with _served(desk) as served:
        link = Links(served.base, [KEY]).unsubscribe_url(SLUG, 1)
        httpx.get(link)
        httpx.post(link, content=b"reason=p1@example.org")
        httpx.get(link + "x")
    log = served.log
    assert f"GET /u/{SLUG}/{{token}} 200" in log
    assert f"POST /u/{SLUG}/{{token}} 200" in log
    for secret in (link.rpartition("/")[2][:20], "example.org", "127.0.0.1"):
        assert secret not in log


def test_a_gigabyte_is_refused_at_once_and_memory_stays_flat(desk: Desk) -> None:
    desk.people(1)
    with _served(desk) as served:
        base, process = served.base, served.process
        path = httpx.URL(Links(base, [KEY]).unsubscribe_url(SLUG, 1)).path
        httpx.get(f"{base}/ready")
        before = _resident_kib(process)
        for framing in ("Content-Length: 1073741824", "Transfer-Encoding: chunked"):
            with _wire(base) as wire:
                wire.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n".encode())
                part = b"10000\r\n" + b"x" * 65536 + b"\r\n"
                pushed = 0
                try:
                    while pushed < 2**30:
                        wire.sendall(part)
                        pushed += len(part)
                except OSError:
                    pass  # it hung up on us
            assert pushed < 2**27
        assert _resident_kib(process) - before < 20_000
        assert httpx.get(f"{base}/ready").status_code == 200
    assert desk.json("subscribers", "list")[0]["status"] == "subscribed"


def test_whoever_sends_slowly_is_not_waited_for(desk: Desk) -> None:
    desk.people(1)
    with _served(desk) as served:
        base = served.base
        path = httpx.URL(Links(base, [KEY]).unsubscribe_url(SLUG, 1)).path
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n".encode()
        wires = {name: _wire(base) for name in ("nothing", "half a head", "half a body")}
        wires["half a head"].sendall(head[:30])
        wires["half a body"].sendall(head + b"List-")
        began = time.monotonic()
        answered = {name: wire.recv(65536)[:12] for name, wire in wires.items()}
        took = time.monotonic() - began
        for wire in wires.values():
            wire.close()
    assert answered == {"nothing": b"", "half a head": b"", "half a body": b"HTTP/1.1 408"}
    assert took > 8


def test_another_program_at_the_port_is_an_error_with_the_next_step(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = desk.run("serve", "--port", str(taken.getsockname()[1]))
    assert (done.returncode, "cannot listen at 127.0.0.1:" in done.stderr, "--port 0" in done.stderr) == (1, True, True)


def test_a_key_is_rotated_and_old_links_stay_good(desk: Desk) -> None:
    desk.people(2)
    old = desk.root / ".env"
    for _ in range(3):
        done = desk.run("keys", "rotate")
        assert (done.returncode, "other machine" in done.stdout) == (0, True)
    keys = re.findall(r"^MAILER_SECRET_KEYS=(.*)$", old.read_text(), re.MULTILINE)[0].split(",")
    assert (len(keys), len(set(keys)), keys[-1]) == (4, 4, KEY.decode())
    with _served(desk) as served:
        base = served.base
        for number, key in ((1, KEY), (2, keys[0].encode())):
            assert httpx.post(Links(base, [key]).unsubscribe_url(SLUG, number)).status_code == 200
    assert [each["status"] for each in desk.json("subscribers", "list")] == ["unsubscribed"] * 2
    refused = desk.run("keys", "rotate", env={"MAILER_SECRET_KEYS": "of-the-environment-0123"})
    assert (refused.returncode, "wins over .env" in refused.stderr) == (1, True)
