"""The progress bar of a mailing: how many are settled, how fast, how long still."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

from mailer.ledger.mailings import MailingRow
from mailer.ledger.report import progress
from mailer.wiring import Workspace

Observer = Callable[[str, int], None]


@contextmanager
def shown_progress(workspace: Workspace, mailing: MailingRow, *, quiet: bool) -> Generator[Observer]:
    """An observer for a run that draws a bar on standard error, if a person looks at it."""
    if quiet or not sys.stderr.isatty():
        yield lambda _step, _count: None
        return
    from rich.console import Console  # noqa: PLC0415  # lazy: only for a person at a terminal
    from rich.progress import (  # noqa: PLC0415  # lazy, as above
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    with workspace.reading() as connection:
        counts = progress(connection, mailing.id, mailing.audience)
    with Progress(
        TextColumn("issue {task.fields[issue]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        done = counts.audience - counts.open
        task = bar.add_task("", total=counts.audience, completed=done, issue=mailing.issue, speed="")

        def observe(step: str, number: int) -> None:
            if step == "settled":
                bar.advance(task, number)
                speed = bar.tasks[0].speed
                bar.update(task, speed=f"{speed:,.0f}/s" if speed else "")

        yield observe
