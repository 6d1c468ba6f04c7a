"""`mailer serve` is killed while it answers readers: whoever asked gets their notice, and nobody gets two."""

import re
import socket
import subprocess
import time
from collections import Counter
from email import message_from_bytes

import httpx

from ..waiting import until  # noqa: TID252  # tests are not a package
from .conftest import SLUG, Desk

PEOPLE = 18  # below what one network may ask for in an hour


def _answering(desk: Desk, port: int) -> subprocess.Popen[str]:
    process = desk.start("serve", "--port", str(port), env={"MAILER_BASE_URL": f"http://127.0.0.1:{port}"})
    until(lambda: _answers(port) or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    return process


def _answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/ready")
    except httpx.HTTPError:
        return False
    return True


def _notices(desk: Desk) -> Counter[str]:
    return Counter(str(message_from_bytes(path.read_bytes())["To"]) for path in desk.root.glob("outbox/notice/*.eml"))


def test_a_server_that_is_killed_again_and_again_writes_to_everybody_once(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    form = f"http://127.0.0.1:{port}/subscribe/{SLUG}"
    asked: list[str] = []
    for _ in range(6):
        process = _answering(desk, port)
        stamp = re.findall(r'name="stamp" value="([^"]+)"', httpx.get(form).text)[0]
        for _ in range(PEOPLE // 6):
            email = f"p{len(asked)}@example.org"
            assert httpx.post(form, data={"email": email, "stamp": stamp}).status_code == 200
            asked.append(email)
        time.sleep(0.12 * len(asked) / PEOPLE)
        process.kill()
        process.communicate()
    process = _answering(desk, port)
    until(lambda: len(_notices(desk)) >= PEOPLE)
    process.terminate()
    process.communicate()
    assert _notices(desk) == Counter(f"<{email}>" for email in asked)
