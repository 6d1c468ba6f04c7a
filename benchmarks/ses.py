"""Issue 54 through SES beside what people use: letters a second and processor time a letter, without latency and with 50 ms.

`make bench ARGS=ses`. The sink has a core of its own, whoever sends has the other one. What people use is put into
build/peers/ at the first run, by pip and npm.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from books import fill
from commands import answering
from measuring import ROOT, Figure, headline, scratch
from sample import NUMBER, workspace

from mailer.database.engine import connect
from mailer.rendering.edition import LINKS
from mailer.rendering.slots import fill as filled

NEWSLETTER = "ai-morning-post"
PEERS = Path(__file__).with_name("peers")
PLACE = ROOT / "build" / "peers"
RUNS = 3
LATE = 0.05
MILLION = 1_000_000
CORE = ("taskset", "-c")  # of util-linux: runs a command on one core


@dataclass(frozen=True)
class Measured:
    """One run of one way."""

    letters: int
    seconds: float
    cpu: float
    megabytes: float = 0.0


@dataclass(frozen=True)
class Way:
    """One way to send."""

    name: str
    letters: int
    at_once: int = 1
    peer: str = ""
    """The name by which loops.py knows it; empty: one of ours, or nodemailer."""
    mode: str = ""
    """Raw or bulk, for ours."""
    rate: float = 0.0


BOTO3, ANYMAIL, NODEMAILER = "boto3 and EmailMessage", "django-anymail", "nodemailer"
BARE_RAW, BARE_BULK = "bare SendEmail calls, raw", "bare SendBulkEmail calls, 50 people each"
RAW, BULK = "mailer send, raw", "mailer send, bulk"

ALONE = (
    Way(BOTO3, 600, peer="boto3"),
    Way(ANYMAIL, 600, peer="anymail"),
    Way(NODEMAILER, 600),
    Way(BARE_RAW, 2_000, peer="bare-raw"),
    Way(BARE_BULK, 40_000, peer="bare-bulk"),
    Way(RAW, 3_000, mode="raw", rate=2_000),
    Way(BULK, 60_000, mode="bulk", rate=100_000),
)
# With latency a loop alone only waits: the peers get as many threads, or promises, as they can use.
APART = (
    Way(BOTO3, 600, 32, peer="boto3"),
    Way(ANYMAIL, 600, 32, peer="anymail"),
    Way(NODEMAILER, 600, 32),
    Way(BARE_RAW, 2_000, 64, peer="bare-raw"),
    Way(BARE_BULK, 40_000, 64, peer="bare-bulk"),
    Way(RAW, 3_000, mode="raw", rate=2_000),
    Way(BULK, 60_000, mode="bulk", rate=100_000),
)


def figures() -> Iterator[Figure]:
    """Every way in turn, so many times over: a neighbour that disturbs one disturbs them all."""
    install()
    with scratch() as folder:
        letter = folder / "letter.json"
        letter.write_text(json.dumps(_letter()), encoding="utf-8")
        for late, ways in ((0.0, ALONE), (LATE, APART)):
            headline(f"Issue 54 through SES, {1e3 * late:g} ms of latency (median of {RUNS})")
            taken: dict[str, list[Measured]] = {way.name: [] for way in ways}
            for _ in range(RUNS):
                for way in ways:
                    taken[way.name].append(measure(way, late, letter, folder))
            yield from _table(taken, targets=not late)
        headline("Memory, in bulk")
        for people in (MILLION // 10, MILLION):
            found = measure(Way(BULK, people, mode="bulk", rate=100_000), 0.0, letter, folder)
            yield Figure(f"peak of a send to {found.letters:,}", found.megabytes, "MB", at_most=250, note=_note(found))


def _table(taken: Mapping[str, Sequence[Measured]], *, targets: bool) -> Iterator[Figure]:
    speed = {name: median(each.letters / each.seconds for each in runs) for name, runs in taken.items()}
    least = {BULK: 12_000.0} if targets else {}
    for name, runs in taken.items():
        middle = sorted(runs, key=lambda each: each.letters / each.seconds)[len(runs) // 2]
        yield Figure(name, speed[name], "letters/s", at_least=least.get(name), note=_note(middle))
    ratios = (
        (BULK, NODEMAILER, 60.0),
        (BULK, ANYMAIL, 60.0),
        (BULK, BARE_BULK, None),
        (RAW, NODEMAILER, 3.0),
        (RAW, BARE_RAW, 0.85),
    )
    for ours, other, target in ratios:
        name = f"{ours.removeprefix('mailer send, ')}, times {other.partition(',')[0]}"
        yield Figure(name, speed[ours] / speed[other], "×", at_least=target if targets else None)


def _note(measured: Measured) -> str:
    return f"{1e3 * measured.cpu / measured.letters:.3f} ms of the processor a letter"


def measure(way: Way, late: float, letter: Path, folder: Path) -> Measured:
    """Send once, and count what the sink got: everybody once."""
    log = folder / "sink.log"
    if way.mode:
        _people(way.letters, folder / "home")
    sink = [*CORE, "0", sys.executable, str(Path(__file__).with_name("ses_sink.py")), str(late), str(log)]
    with answering(sink) as endpoint:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAILER_"))}
        environment |= {
            "AWS_ENDPOINT_URL_SESV2": endpoint,
            "AWS_ACCESS_KEY_ID": "benchmark",
            "AWS_SECRET_ACCESS_KEY": "benchmark",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_REGION": "eu-west-1",
            "NODE_NO_WARNINGS": "1",
        }
        if way.mode:
            ours = [sys.executable, str(Path(__file__).with_name("ses_ours.py")), str(folder / "home"), str(way.rate)]
            found = Measured(**_said(ours, environment | {"MAILER_SES_MODE": way.mode}, folder))
        else:
            found = Measured(letters=way.letters, **_said(_command(way, letter), environment, PLACE))
    arrived = Counter(log.read_bytes().splitlines())
    assert len(arrived) == found.letters, f"{way.name}: {len(arrived)} people for {found.letters} letters"
    assert set(arrived.values()) == {1}, f"{way.name}: somebody got two"
    return found


def _command(way: Way, letter: Path) -> list[str]:
    if way.name == NODEMAILER:
        return ["node", str(PEERS / "nodemailer.mjs"), str(way.letters), str(way.at_once), str(letter)]
    loops = str(PEERS / "loops.py")
    return [str(PLACE / "python/bin/python"), loops, way.peer, str(way.letters), str(way.at_once), str(letter)]


def _people(count: int, home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    with closing(connect(f"sqlite:///{home / 'mailer.db'}")) as database:
        fill(database, NEWSLETTER, count)


def _said(command: list[str], environment: dict[str, str], folder: Path) -> dict[str, Any]:
    pinned = [*CORE, "1", *command]
    done = subprocess.run(
        pinned, cwd=folder, env=environment, input="go\n", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])


def _letter() -> dict[str, str]:
    """Issue 54 as the peers get it, rendered: `[[link]]` and `[[name]]` stand for a person's words."""
    edition = workspace().edition(None, NUMBER)
    values = dict.fromkeys(LINKS, "[[link]]") | {"first_name": "[[name]]"}
    parts = {"subject": edition.subject, "html": edition.html, "text": edition.text}
    return {name: filled(part, values, ()) for name, part in parts.items()}


def install() -> None:
    """The peers, as their pinned lists say, unless they are there already."""
    lists = "".join((PEERS / name).read_text(encoding="utf-8") for name in ("requirements.txt", "package.json"))
    done = PLACE / "installed"
    if done.exists() and done.read_text(encoding="utf-8") == lists:
        return
    print(f"Installing what people use into {PLACE.relative_to(ROOT)} …")
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    shutil.copy(PEERS / "package.json", PLACE)
    quiet = ["--quiet", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", "python"],
        ["python/bin/python", "-m", "pip", "install", *quiet, "--requirement", str(PEERS / "requirements.txt")],
        ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"],
    ):
        subprocess.run(command, cwd=PLACE, check=True)
    done.write_text(lists, encoding="utf-8")
