"""A workspace on disk, and `mailer` as a process in it: what a person has."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from mailer.database.engine import Database
from mailer.database.schema import open_database
from mailer.workspaces import make_workspace

from ..people import enter  # noqa: TID252  # tests are not a package
from ..waiting import PATIENCE  # noqa: TID252  # as above
from .forks import Fork, Forks

SLUG = "my-news"
FORKS = Forks()

# What Python reads when it starts: a process that is forked off starts no more.
_AT_THE_START = ("LANG", "LC_", "PYTHON")


class Started(subprocess.Popen[str]):
    """A process that does not outlive its block, nor a test that waits in vain for it to end."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill it when something went wrong in the block; else wait for it."""
        if kind is not None:
            self.kill()
        super().__exit__(kind, error, trace)

    def end(self) -> None:
        """End it, whatever it is doing, and leave nothing open."""
        self.kill()
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self.wait()


@dataclass
class Desk:
    """A workspace and the command line in it."""

    root: Path
    url: str = ""
    """The database; empty: the workspace's own mailer.db."""
    started: list[Started | Fork] = field(default_factory=list[Started | Fork])

    @property
    def environment(self) -> dict[str, str]:
        """Ours, without any setting that would lead elsewhere."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAILER_", "AWS_"))}
        return kept | {"COLUMNS": "120"}

    def start(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Start a command and let it run: until the end of the test, at the most."""
        given: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = Started(
            [sys.executable, "-m", "mailer", *arguments],
            cwd=self.root,
            env=self.environment | options.pop("env", {}),
            text=True,
            **given | options,
        )
        self.started.append(process)
        return process

    def fork(self, *arguments: str) -> Fork:
        """As `start`, for many that come and go: it begins at once."""
        fork = FORKS.start(arguments, cwd=self.root, env=self.environment)
        self.started.append(fork)
        return fork

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        env: dict[str, str] = options.get("env", {})
        if set(options) <= {"env"} and not any(name.startswith(_AT_THE_START) for name in env):
            done = FORKS.run(arguments, cwd=self.root, env=self.environment | env)
        else:
            with self.start(*arguments, **options) as process:
                out, err = process.communicate(timeout=PATIENCE)
            done = subprocess.CompletedProcess(arguments, process.returncode, out, err)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def end(self) -> None:
        """End what was started and is still there: it would write into the next test, or be its garbage."""
        while self.started:
            self.started.pop().end()

    def json(self, *arguments: str) -> Any:
        """Run a command that succeeds and prints JSON."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def people(self, count: int) -> None:
        """Fill the address book with subscribed people, numbered from 1."""
        now = datetime.now(UTC)
        database = open_database(self.url or f"sqlite:///{self.root / 'mailer.db'}")
        with database.transaction() as connection:
            enter(connection, range(1, count + 1), SLUG, now=now)
        database.close()

    def letters(self) -> Counter[int]:
        """Subscriber -> how many letters of theirs lie in the outbox, whatever the attempt."""
        return Counter(int(path.name.partition("-")[0]) for path in self.root.glob("outbox/*/*.eml"))

    def status(self, issue: int = 1) -> dict[str, Any]:
        """`mailer status --json`."""
        return self.json("status", "--issue", str(issue))


@pytest.fixture(scope="session", autouse=True)
def _forks() -> Generator[None]:  # pyright: ignore[reportUnusedFunction]  # pytest calls it
    """Commands are forked off until the last test is over."""
    yield
    FORKS.close()


@pytest.fixture
def desk(tmp_path: Path) -> Generator[Desk]:
    """A fresh workspace with one issue."""
    root = tmp_path / SLUG
    make_workspace(root, title="My News", key="a-key-for-tests-only-0123456789", today=datetime.now(UTC).date())
    desk = Desk(root)
    yield desk
    desk.end()


@pytest.fixture
def anywhere(desk: Desk, database: Database) -> Generator[Desk]:
    """The same workspace on SQLite, and then on PostgreSQL."""
    desk.url = database.engine.url.render_as_string(hide_password=False)
    with (desk.root / ".env").open("a") as settings:
        settings.write(f"MAILER_DATABASE_URL={desk.url}\n")
    yield desk
    desk.end()  # before its database goes to somebody else
