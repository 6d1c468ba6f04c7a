"""Issue 54 from its file to an edition, warm: what each stage costs."""

from collections.abc import Iterator
from statistics import median
from time import process_time

from measuring import Figure, headline, seconds
from sample import NUMBER, workspace

from mailer.issues.load import load_issue
from mailer.issues.shelf import find_issue
from mailer.rendering.pipeline import render_stages
from subscribers.segments import check

RUNS = 40
WARM = 5
TARGET = 15.0
"""Milliseconds for all of it."""


def figures() -> Iterator[Figure]:
    """Milliseconds for each stage, and for all of them."""
    headline(f"Rendering issue 54, warm (median of {RUNS}, processor time)")
    here = workspace()
    newsletter = here.newsletter(None)
    theme = here.theme(newsletter)
    path = find_issue(newsletter.path.parent, NUMBER)
    stages: dict[str, list[float]] = {}
    totals: list[float] = []
    size = 0
    for run in range(WARM + RUNS):
        start = process_time()
        issue = load_issue(path, newsletter, theme.kinds, check)
        parsed = process_time()
        rendered = render_stages(issue, theme, clock=process_time)
        total = process_time() - start
        if run >= WARM:
            for stage, taken in {"parse": 1000 * (parsed - start), **rendered.milliseconds}.items():
                stages.setdefault(stage, []).append(taken)
            totals.append(1000 * total)
        size = len(rendered.html.encode())
    for stage, times in stages.items():
        yield Figure(stage, median(times), "ms")
    yield Figure("file to edition", median(totals), "ms", TARGET, f"{size:,} bytes of HTML")
    around = seconds(lambda: here.theme(here.newsletter(None)), runs=RUNS, warm=WARM)
    yield Figure("newsletter.yaml and theme, once a process", 1000 * around, "ms")
