"""The whole loop on sample data and this machine only: import, send, see who got it, who did not, and why."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from mailer.cli.output import say
from mailer.errors import MailerError
from mailer.wiring import open_workspace
from subscribers.address import parse
from subscribers.lifecycle import SuppressionReason
from subscribers.suppressing import suppress

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
barbara@example.org,Barbara Liskov,beta
ADA@example.org,Ada again,
"""

_UNCONFIRMED = """\
email,name,tags
tim@example.org,Tim,
vint@example.org,Vint,
"""

_SETTINGS = {
    "MAILER_DATABASE_URL": "sqlite:///mailer.db",
    "MAILER_TRANSPORT": "outbox",
    "MAILER_OUTBOX": "outbox",
    "MAILER_BASE_URL": "http://localhost:8000",
    "MAILER_SECRET_KEYS": "the-key-of-the-demo-signs-nothing-real",
}

_MARK = ".mailer-demo"


def perform(folder: Path, run: Callable[[list[str]], int]) -> int:
    """Make the demo's folder anew and run its commands through `run`, as a person would type them; the exit code."""
    _fresh(folder)
    root = Path.cwd()
    before = dict(os.environ)
    # The demo is on its own whatever the environment says: it must never touch a real list.
    os.environ.update(_SETTINGS)
    try:
        os.chdir(folder)
        for command in _commands():
            say(f"\n$ mailer {' '.join(f'{word!r}' if ' ' in word else word for word in command)}")
            code = run(command)
            if code:
                return code
        outbox = Path("outbox").resolve()
    finally:
        os.chdir(root)
        os.environ.clear()
        os.environ.update(before)
    say(
        f"\nThe letters lie in {outbox}: open one in your mail program.\nThe workspace is {folder}; `cd {folder}` and try more."
    )
    return 0


def _commands() -> Iterator[list[str]]:
    consent = "the demo's sign-up form"
    yield ["subscribers", "import", "confirmed.csv", "--consent-source", consent, "--yes"]
    yield ["subscribers", "import", "unconfirmed.csv", "--yes"]
    yield ["subscribers", "remove", "margaret@example.org", "--yes"]
    _suppress("barbara@example.org")
    yield ["send", "--issue", "54", "--yes"]
    yield ["deliveries", "list", "--issue", "54"]
    yield ["deliveries", "list", "--issue", "54", "--state", "excluded"]


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
            "".join(f"{name}={value}\n" for name, value in _SETTINGS.items()), encoding="utf-8"
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


def _suppress(email: str) -> None:
    """A hard bounce, as SES would report it: an address that is never mailed again."""
    say(f"\n(a letter to {email} bounces: the address is suppressed)")
    workspace = open_workspace()
    with workspace.transaction() as connection:
        suppress(connection, parse(email).key, SuppressionReason.BOUNCED, note="the demo says so", now=workspace.now())
    workspace.close()
