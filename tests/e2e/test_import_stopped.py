"""Ctrl-C and SIGTERM: an import ends between two of its steps and says how to go on; what has not begun has changed nothing."""

import os
import signal
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from mailer.cli.applying import take_back
from mailer.cli.importing import Asked, take_in
from mailer.errors import DatabaseError
from mailer.settings import Settings
from mailer.wiring import Workspace
from subscribers.imports.gathering import Request
from subscribers.imports.rhythm import Rhythm

from ..waiting import PATIENCE  # noqa: TID252  # tests are not a package

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])


class Desk(Protocol):
    """What `anywhere` offers; its class lives in conftest, which cannot be imported."""

    root: Path
    url: str

    def start(self, *arguments: str, **options: Any) -> Any:
        """Start a command and let it run."""
        ...

    def run(self, *arguments: str) -> Any:
        """Run a command to its end."""
        ...

    def json(self, *arguments: str) -> Any:
        """Run a command that succeeds and prints JSON."""
        ...


class Signalled(Rhythm):
    """Steps of two people; a signal comes after the second one."""

    number = signal.SIGINT
    steps = 0

    def after(self, took: float, *, others: bool, now: float) -> float:  # noqa: ARG002  # the signature is Rhythm's
        """As Rhythm, and a signal comes."""
        self.steps += 1
        if self.steps == 2:
            os.kill(os.getpid(), self.number)
        return 0.0


@pytest.fixture
def workspace(anywhere: Desk) -> Generator[Workspace]:
    """The workspace in this process, which can be told when to send itself a signal."""
    given = {"database_url": anywhere.url, "secret_keys": "a-key-for-tests-only-0123456789"}
    workspace = Workspace(anywhere.root, Settings.model_validate(given))
    (anywhere.root / "people.csv").write_text(
        "email,name\n" + "".join(f"p{number}@example.org,\n" for number in range(9)), encoding="utf-8"
    )
    yield workspace
    workspace.close()


def _import(workspace: Workspace, rhythm: Rhythm) -> int:
    request = Request(
        [workspace.root / "people.csv"], "my-news", "paper form", {}, keep_fields=False, refused_folder=None
    )
    return take_in(workspace, Asked(request, dry_run=False, confirm=False, yes=True, as_json=False), rhythm)


@BOTH
def test_an_import_stops_after_its_step_and_the_same_command_goes_on(
    anywhere: Desk, workspace: Workspace, capfd: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    rhythm = Signalled(size=2)
    rhythm.number = number
    assert _import(workspace, rhythm) == 128 + number
    said = capfd.readouterr()
    assert said.err == "Stopping after this step; Ctrl-C again stops at once.\n"
    assert said.out == (
        "Import 1 is stopped, with 4 of 9 rows done.\n"
        "The same command goes on with it; `mailer subscribers undo-import 1` takes it back.\n"
    )
    assert len(anywhere.json("subscribers", "list")) == 4
    assert _import(workspace, Rhythm()) == 0
    assert "Import 1 was begun before and not ended: it goes on where it stopped." in capfd.readouterr().out
    assert len(anywhere.json("subscribers", "list")) == 9


def test_a_second_ctrl_c_does_not_wait_for_the_step(anywhere: Desk, workspace: Workspace) -> None:
    class Twice(Signalled):
        """Both come after the same step."""

        def after(self, took: float, *, others: bool, now: float) -> float:
            """As Signalled, and once more."""
            super().after(took, others=others, now=now)
            if self.steps == 2:
                os.kill(os.getpid(), signal.SIGINT)
            return 0.0

    with pytest.raises(KeyboardInterrupt):
        _import(workspace, Twice(size=2))
    assert len(anywhere.json("subscribers", "list")) == 4
    assert _import(workspace, Rhythm()) == 0
    assert len(anywhere.json("subscribers", "list")) == 9


def test_an_import_that_fails_in_the_middle_says_how_far_it_came(
    anywhere: Desk, workspace: Workspace, capfd: pytest.CaptureFixture[str]
) -> None:
    class Filling(Rhythm):
        """Steps of two people; after the second one the disk is full."""

        steps = 0

        def after(self, took: float, *, others: bool, now: float) -> float:  # noqa: ARG002  # the signature is Rhythm's
            """As Rhythm."""
            self.steps += 1
            return 0.0

    rhythm, clock = Filling(size=2), workspace.now

    def now() -> datetime:
        if rhythm.steps == 2:
            raise DatabaseError("the disk is full", hint="make room")
        return clock()

    workspace.now = now
    with pytest.raises(DatabaseError, match="the disk is full"):
        _import(workspace, rhythm)
    assert capfd.readouterr().err == "Import 1 is stopped, with 4 of 9 rows done.\n"
    assert len(anywhere.json("subscribers", "list")) == 4
    workspace.now = clock
    assert _import(workspace, Rhythm()) == 0
    assert len(anywhere.json("subscribers", "list")) == 9


def test_taking_back_stops_after_its_step_and_the_same_command_goes_on(anywhere: Desk, workspace: Workspace) -> None:
    assert _import(workspace, Rhythm()) == 0
    asked = iter([False, True])
    take_back(workspace, 1, size=2, stopped=lambda: next(asked))
    assert len(anywhere.json("subscribers", "list")) == 7
    assert [each["state"] for each in anywhere.json("subscribers", "imports")] == ["undoing"]
    anywhere.json("subscribers", "undo-import", "1", "--yes")
    assert anywhere.json("subscribers", "list") == []


@BOTH
def test_a_reading_that_is_stopped_has_changed_nothing_and_leaves_no_file_behind(
    desk: Desk, number: signal.Signals
) -> None:
    with desk.start("subscribers", "import", "-", "--yes", stdin=-1) as process:
        # So much that rows were refused, and no end of it.
        process.stdin.write("email,city\n" + "nobody,\n" * 100_000)
        process.stdin.flush()
        assert process.stdout.readline() == "standard input: its columns say\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, said.splitlines()[-1]) == (128 + number, "Stopped before anything was changed.")
    assert [path.name for path in desk.root.iterdir() if "refused" in path.name] == []
    assert desk.json("subscribers", "imports") == []


def test_ctrl_c_while_the_program_is_loaded_is_no_accident(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    with desk.start("subscribers", "list", env={"PYTHONPATH": str(tmp_path)}) as process:
        assert process.communicate(timeout=PATIENCE) == ("", "")
    assert process.returncode == 130
