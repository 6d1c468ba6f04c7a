"""An import that is killed at any step, and whatever else changes many: the same command again, and all is as if nobody had."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import select

from mailer.database.engine import Database
from subscribers.imports.tables import imports

from ..waiting import PATIENCE, until  # noqa: TID252  # tests are not a package

PEOPLE = 20_000
KILLED = -signal.SIGKILL


class Desk(Protocol):
    """What `anywhere` offers; its class lives in conftest, which cannot be imported."""

    root: Any
    environment: dict[str, str]

    def start(self, *arguments: str) -> Any:
        """Start a command and let it run."""
        ...

    def json(self, *arguments: str) -> Any:
        """Run a command that succeeds and prints JSON."""
        ...


def test_killed_before_and_after_each_commit_and_in_between_it_ends_as_if_it_had_not_been(anywhere: Desk) -> None:
    program = [sys.executable, str(Path(__file__).with_name("killing.py")), str(anywhere.root)]
    done = subprocess.run(
        program, env=anywhere.environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    kills: list[list[Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert [kill for kill in kills if kill[4] or kill[3] != [KILLED, kill[1], 0]] == []
    # Begun, three slices of people at least, and for the import what it writes of refused rows beside them.
    steps = [(kill[0], kill[2]) for kill in kills]
    assert min(steps.count((name, "c")) for name in ("import", "undo")) >= 5
    assert steps.count(("import", "f")) >= 2
    assert (min(steps.count((name, "c")) for name in ("tag", "remove")) >= 3, ("merge", "c") in steps) == (True, True)


def test_killed_from_outside_while_it_is_applied_it_ends_the_same(anywhere: Desk, database: Database) -> None:
    rows = "".join(f"p{number}@example.org,Person {number},beta\n" for number in range(PEOPLE))
    (anywhere.root / "people.csv").write_text(f"email,name,tags\n{rows}nobody,,\n", encoding="utf-8")

    def begun() -> bool:
        with database.reading() as connection:
            return connection.execute(select(imports.c.id)).first() is not None

    command = ("subscribers", "import", "people.csv", "--consent-source", "paper form", "--yes")
    with anywhere.start(*command) as process:
        until(begun, every=0.002)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = anywhere.json(*command)
    assert (done["rows"], sum(done["refused"].values())) == (PEOPLE + 1, 1)
    # On a fast machine it had ended; then this one was an import of its own, and found everybody there.
    assert done["added"] + done["unchanged"] == PEOPLE
    assert done["added"] in (0, PEOPLE)
    assert len(anywhere.json("subscribers", "list")) == PEOPLE
    assert {each["state"] for each in anywhere.json("subscribers", "imports")} == {"done"}
    anywhere.json("subscribers", "undo-import", "1", "--yes")
    assert anywhere.json("subscribers", "list") == []
