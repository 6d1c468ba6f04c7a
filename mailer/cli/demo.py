"""The whole loop on sample data and this machine only: import, send through an SES, hear what became of it, see who got it."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from random import SystemRandom

from mailer.cli.output import say
from mailer.errors import MailerError
from mailer.local_ses.letters import AcceptedLetter
from mailer.local_ses.options import Options
from mailer.local_ses.queue import queue_url
from mailer.local_ses.server import LocalSes, Server, serve

_CONFIRMED = """\
email,name,tags
ada@example.org,Ada Lovelace,beta
grace@example.org,Grace Hopper,"beta,pro"
alan@example.org,Alan Turing,
"katherine@example.org","Johnson, Katherine",pro
zoë@example.org,Zoë,
hedy@bücher.example,Hedy Lamarr,
edsger@example.org,,
radia@example.org,Radia Perlman,pro
margaret@example.org,Margaret Hamilton,
not an address,Nobody,
bounce+barbara@simulator.amazonses.com,Barbara Liskov,beta
complaint+leslie@simulator.amazonses.com,Leslie Lamport,
ADA@example.org,Ada again,
"""

_UNCONFIRMED = """\
email,name,tags
tim@example.org,Tim,
vint@example.org,Vint,
"""

_PORT = 8054
"""That of `mailer local-ses`, so that the workspace goes on with one after the demo."""

_MARK = ".mailer-demo"


def perform(folder: Path, run: Callable[[list[str]], int]) -> int:
    """Make the demo's folder anew and run its commands through `run`, as a person would type them; the exit code."""
    _fresh(folder)
    with _local_ses() as server:
        with _inside(folder, _settings(server.url)):
            for command in _commands():
                say(f"\n$ mailer {' '.join(f'{word!r}' if ' ' in word else word for word in command)}")
                code = run(command)
                if code:
                    return code
        letters = folder.resolve() / "letters"
        _keep(server.local_ses.log, letters)
        say(f"\nThe letters lie in {letters}: open one in your mail program.\nThe workspace is {folder}.")
        if sys.stdin.isatty() and sys.stdout.isatty():
            say(f"Look at them in an inbox at {server.url}/ until Ctrl-C.")
            with suppress(KeyboardInterrupt):
                while True:
                    time.sleep(3600)
    say(f"To go on: `mailer local-ses` in one terminal, `cd {folder}` and any other command in a second one.")
    return 0


@contextmanager
def _local_ses() -> Generator[Server]:
    """An SES on this machine, at its usual port if that is free."""
    account = LocalSes(Options(rate=14.0), clock=time.time, chance=SystemRandom())
    with ExitStack() as stack:
        try:
            running = stack.enter_context(serve(account, port=_PORT))
        except OSError:
            running = stack.enter_context(serve(account))
        yield running


def _settings(url: str) -> dict[str, str]:
    return {
        "MAILER_DATABASE_URL": "sqlite:///mailer.db",
        "MAILER_TRANSPORT": "ses",
        "MAILER_SES_CONFIGURATION_SET": "newsletter",
        "MAILER_EVENTS_QUEUE_URL": queue_url(url),
        "MAILER_BASE_URL": "http://localhost:8000",
        "MAILER_SECRET_KEYS": "the-key-of-the-demo-signs-nothing-real",
        "AWS_ENDPOINT_URL_SESV2": url,
        "AWS_ENDPOINT_URL_SQS": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@contextmanager
def _inside(folder: Path, settings: dict[str, str]) -> Generator[None]:
    """In the demo's folder, with the demo's settings alone: whatever the environment says, a real list is never touched."""
    root, before = Path.cwd(), dict(os.environ)
    for name in before:
        if name.startswith(("MAILER_", "AWS_")):
            del os.environ[name]
    os.environ.update(settings)
    try:
        os.chdir(folder)
        yield
    finally:
        os.chdir(root)
        os.environ.clear()
        os.environ.update(before)


def _keep(letters: Iterable[AcceptedLetter], folder: Path) -> None:
    folder.mkdir()
    for letter in letters:
        (folder / f"{letter.recipient}.eml").write_bytes(letter.content or b"")


def _commands() -> Iterator[list[str]]:
    yield ["subscribers", "import", "confirmed.csv", "--consent-source", "the demo's sign-up form", "--yes"]
    yield ["subscribers", "import", "unconfirmed.csv", "--yes"]
    yield ["subscribers", "remove", "margaret@example.org", "--yes"]
    yield ["send", "--issue", "54", "--yes"]
    yield ["events", "poll", "--once"]
    yield ["status", "--issue", "54"]
    yield ["deliveries", "list", "--issue", "54"]
    yield ["deliveries", "list", "--issue", "54", "--state", "excluded"]
    yield ["suppressions", "list"]


def _fresh(folder: Path) -> None:
    """An empty demo with the sample newsletter. A folder that is not an earlier demo is left alone."""
    if folder.exists() and not (folder / _MARK).exists():
        raise MailerError(f"{folder} is there already, and is no demo", hint="name another folder: mailer demo DIR")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(shipped_issues(), folder / "issues")
        (folder / _MARK).write_text("`mailer demo` makes this folder anew each time.\n", encoding="utf-8")
        (folder / "confirmed.csv").write_text(_CONFIRMED, encoding="utf-8")
        (folder / "unconfirmed.csv").write_text(_UNCONFIRMED, encoding="utf-8")
        (folder / ".env").write_text(
            "".join(f"{name}={value}\n" for name, value in _settings(f"http://127.0.0.1:{_PORT}").items()),
            encoding="utf-8",
        )
    except OSError as error:
        raise MailerError(
            f"{folder}: cannot be written: {error.strerror}", hint="name another folder: mailer demo DIR"
        ) from error


def shipped_issues() -> Path:
    """The sample newsletter: inside a wheel, or the checkout's own folder."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "_shipped" / "issues"
    return inside if inside.is_dir() else package.parent / "issues"
