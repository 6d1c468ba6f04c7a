"""What a person sees while events come in: how many, how fast, and at once what must not wait for the end."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mailer.cli.output import warn

if TYPE_CHECKING:
    from rich.progress import Progress

    from mailer.feedback.values import Taken
    from mailer.wiring import Workspace


@contextmanager
def shown_events(workspace: "Workspace") -> "Generator[Callable[[Taken], None]]":
    """An observer of batches: draws a line on standard error if a person looks at it, and says what was paused."""

    def say_paused(taken: "Taken") -> None:
        for newsletter, issue, reason in taken.paused:
            named = workspace.naming(newsletter, issue)
            warn(f"Issue {issue} of {newsletter} is paused ({reason}): `mailer status {named}` says more.")

    if not sys.stderr.isatty():
        yield say_paused
        return
    with _progress("{task.completed:,} events", "{task.fields[more]}") as bar:
        task = bar.add_task("", total=None, more="")
        unreadable = 0

        def observe(taken: "Taken") -> None:
            nonlocal unreadable
            unreadable += taken.unreadable
            bar.advance(task, taken.new + taken.repeated + taken.ignored + taken.unreadable)
            speed = bar.tasks[0].speed
            aside = f"{unreadable:,} kept aside" if unreadable else ""
            bar.update(task, more=f"{f'{speed:,.0f}/s' if speed else ''} {aside}")
            say_paused(taken)

        yield observe


@contextmanager
def shown_bytes(file: Path) -> Generator[Callable[[int], None]]:
    """An observer of how far a file was read."""
    if not sys.stderr.isatty():
        yield lambda _read: None
        return
    from rich.progress import BarColumn, TaskProgressColumn, TimeRemainingColumn  # noqa: PLC0415  # lazy: as below

    size = file.stat().st_size if file.is_file() else None
    with _progress(BarColumn(), TaskProgressColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("", total=size)
        yield lambda read: bar.update(task, completed=read)


def _progress(*columns: object) -> "Progress":
    from rich.console import Console  # noqa: PLC0415  # lazy: only for a person at a terminal
    from rich.progress import Progress, TextColumn  # noqa: PLC0415  # lazy, as above

    drawn = [TextColumn(each) if isinstance(each, str) else each for each in columns]
    return Progress(*drawn, console=Console(stderr=True), transient=True)  # pyright: ignore[reportArgumentType]  # rich's columns
