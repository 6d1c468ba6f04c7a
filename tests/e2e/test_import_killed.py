"""An import that is killed at any moment: the same command again, and everybody is there once."""

import signal
import time
from typing import Any, Protocol

import pytest

PEOPLE = 6000


class Desk(Protocol):
    """What `anywhere` offers; its class lives in conftest, which cannot be imported."""

    root: Any

    def start(self, *arguments: str) -> Any:
        """Start a command and let it run."""
        ...

    def json(self, *arguments: str) -> Any:
        """Run a command that succeeds and prints JSON."""
        ...


@pytest.mark.parametrize("seconds", [1.2, 1.6, 2.2])
def test_an_import_that_was_killed_ends_as_if_it_had_not_been(anywhere: Desk, seconds: float) -> None:
    rows = "".join(f"p{number}@example.org,Person {number},beta\n" for number in range(PEOPLE))
    (anywhere.root / "people.csv").write_text(f"email,name,tags\n{rows}nobody,,\n", encoding="utf-8")
    command = ("subscribers", "import", "people.csv", "--consent-source", "paper form", "--yes")
    with anywhere.start(*command) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = anywhere.json(*command)
    assert (done["rows"], sum(done["refused"].values())) == (PEOPLE + 1, 1)
    # Killed behind its end it was an import of its own, and this one found everybody there.
    assert done["added"] + done["unchanged"] == PEOPLE
    assert done["added"] in (0, PEOPLE)
    assert len(anywhere.json("subscribers", "list")) == PEOPLE
    assert {each["state"] for each in anywhere.json("subscribers", "imports")} == {"done"}
    anywhere.json("subscribers", "undo-import", "1", "--yes")
    assert anywhere.json("subscribers", "list") == []
