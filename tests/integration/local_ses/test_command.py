"""`mailer local-ses` as a person starts it: a process that says what to set, and answers until it is stopped."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import boto3  # pyright: ignore[reportMissingTypeStubs]  # it has none
import pytest

from ...waiting import PATIENCE  # noqa: TID252  # tests are not a package


@contextmanager
def started(folder: Path, *arguments: str) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "mailer", "local-ses", *arguments]
    with subprocess.Popen(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            yield process
        finally:
            process.kill()


def printed_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    printed = ""
    for line in process.stdout:
        printed += line
        if words in line:
            return printed
    raise AssertionError(printed)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_says_what_to_set_and_boto3_is_answered_until_it_is_stopped(stop: signal.Signals, tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0", "--rate", "7") as process:
        said = dict(re.findall(r"export (\w+)=(\S+)", printed_until(process, "Look at the letters")))
        client = cast("Any", boto3).client(
            "sesv2",
            endpoint_url=said["AWS_ENDPOINT_URL_SESV2"],
            region_name=said["AWS_DEFAULT_REGION"],
            aws_access_key_id=said["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=said["AWS_SECRET_ACCESS_KEY"],
        )
        try:
            assert client.get_account()["SendQuota"]["MaxSendRate"] == 7
            process.send_signal(stop)
            rest, _ = process.communicate(timeout=PATIENCE)
        finally:
            client.close()
        assert (process.returncode, rest.strip()) == (0, "0 letters were accepted, and are forgotten now.")
    assert said["AWS_ENDPOINT_URL_SQS"] == said["AWS_ENDPOINT_URL_SESV2"]


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started(tmp_path, "--port", port) as process:
            said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert said.startswith(f"error: cannot listen at 127.0.0.1:{port}: Address already in use")


def test_an_address_that_others_reach_is_refused(tmp_path: Path) -> None:
    with started(tmp_path, "--host", "0.0.0.0") as process:  # noqa: S104  # that is what is refused
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert said.startswith("error: --host 0.0.0.0 is no loopback address")


def test_options_are_set_and_the_log_is_named_at_the_start(tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0", "--log", "log.jsonl", "--set", "keep_contents=5") as process:
        printed_until(process, "Look at the letters")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE)
    assert (process.returncode, rest.strip()) == (0, "0 letters were accepted, and are listed in log.jsonl.")
    assert (tmp_path / "log.jsonl").read_text() == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--set", "lose_share=3"), "--set: lose_share: Input should be less than or equal to 1"),
        (("--set", "nonsense"), "--set: nonsense"),
        (("--log", "no/such/folder"), "no/such/folder: cannot be written: No such file or directory"),
    ],
)
def test_what_cannot_be_set_is_said(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    with started(tmp_path, "--port", "0", *arguments) as process:
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode in {1, 2}
    assert words in said
    assert "Traceback" not in said
