"""The built wheel in an empty environment and an empty folder: what a stranger installs works without our tools."""

import fcntl
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel, and nothing else but what it needs."""

    wheel: Path
    bin: Path

    def run(self, *words: str, at: Path) -> subprocess.CompletedProcess[str]:
        """A program of the environment, run as by a person whose shell knows nothing of ours."""
        environment = {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(at), "LANG": "C.UTF-8"}
        command = [str(self.bin / words[0]), *words[1:]]
        return subprocess.run(command, cwd=at, env=environment, capture_output=True, text=True, check=False)

    def mailer(self, *words: str, at: Path) -> str:
        """What `mailer …` says; it must succeed."""
        done = self.run("mailer", *words, at=at)
        assert done.returncode == 0, f"mailer {' '.join(words)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Made once, by whichever of the processes that share the tests comes first; the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "wheel"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            _install(folder)
            (folder / "installed").touch()
    (wheel,) = folder.glob("*.whl")
    return Installed(wheel, folder / "venv" / "bin")


def _install(folder: Path) -> None:
    _must("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    (wheel,) = folder.glob("*.whl")
    _must("-m", "venv", "--clear", str(folder / "venv"))
    python = folder / "venv" / "bin" / "python"
    pip = ("-m", "pip", "--disable-pip-version-check", "-qq", "install")
    # pip asks the index that this machine is set up with: the lock's hashes vouch for what comes.
    _must(*pip, "--require-hashes", "-r", "requirements/run.txt", python=python)
    _must(*pip, "--no-deps", "--no-index", str(wheel), python=python)


def _must(*words: str, python: Path = Path(sys.executable)) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run([str(python), *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}\n{done.stderr}"


def _recipients(outbox: Path) -> list[str]:
    letters = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in outbox.rglob("*.eml")]
    return sorted(str(address.addr_spec) for letter in letters for address in letter["To"].addresses)


def test_the_environment_has_none_of_our_tools(installed: Installed, tmp_path: Path) -> None:
    for tool in ("pytest", "hatchling", "ruff", "hypothesis", "psycopg"):
        done = installed.run("python", "-c", f"import {tool}", at=tmp_path)
        assert "ModuleNotFoundError" in done.stderr, tool


def test_the_lock_for_running_has_everything_that_the_wheel_needs(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("python", "-m", "pip", "check", at=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "No broken requirements found.")


def test_the_wheel_carries_themes_issues_and_migrations_and_no_tests(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    assert {
        "mailer/_shipped/templates/morning-post/_page.mjml.j2",
        "mailer/_shipped/templates/_shared/prose.mjml.j2",
        "mailer/_shipped/issues/ai-morning-post/0054.md",
        "mailer/_shipped/issues/ai-morning-post/newsletter.yaml",
        "mailer/database/migrations/env.py",
        "mailer/database/migrations/versions/0001_first.py",
        "subscribers/book.py",
    } <= set(names)
    assert {name.partition("/")[0] for name in names} == {
        "mailer",
        "subscribers",
        installed.wheel.name.replace("-py3-none-any.whl", ".dist-info"),
    }


def test_it_says_what_it_can_do(installed: Installed, tmp_path: Path) -> None:
    said = installed.mailer("--help", at=tmp_path)
    assert "mailer" in said
    assert "send" in said
    assert list(tmp_path.iterdir()) == []


def test_a_newsletter_of_ones_own_is_sent_to_oneself(installed: Installed, tmp_path: Path) -> None:
    installed.mailer("init", "my-news", at=tmp_path)
    home = tmp_path / "my-news"
    assert (home / ".env").stat().st_mode & 0o777 == 0o600
    installed.mailer("subscribers", "add", "you@example.org", "--consent-source", "it is me", at=home)
    installed.mailer("check", "--issue", "1", at=home)
    installed.mailer("send", "--issue", "1", "--yes", at=home)
    assert _recipients(home / "outbox") == ["you@example.org"]
    installed.mailer("send", "--issue", "1", "--yes", at=home)
    assert _recipients(home / "outbox") == ["you@example.org"], "typed twice, sent once"


def test_the_demo_writes_to_those_whom_it_may_write_to(installed: Installed, tmp_path: Path) -> None:
    said = installed.mailer("demo", at=tmp_path)
    assert _recipients(tmp_path / "demo" / "letters") == [
        "ada@example.org",
        "alan@example.org",
        "bounce+barbara@simulator.amazonses.com",
        "complaint+leslie@simulator.amazonses.com",
        "edsger@example.org",
        "grace@example.org",
        "hedy@xn--bcher-kva.example",
        "katherine@example.org",
        "radia@example.org",
    ]
    for left_out in ("margaret@example.org", "tim@example.org", "vint@example.org"):
        assert left_out in said
    for figure in ("accepted    9", "delivered   7", "bounced     1", "complained  1"):
        assert figure in said
