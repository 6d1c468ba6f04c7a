"""How a figure is taken and shown: medians of several runs, never the best one."""

import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from time import process_time

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Figure:
    """What was measured, and what it should be."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    note: str = ""
    at_least: float | None = None

    def shown(self) -> bool:
        """Print it as a line; whether it is as it should be."""
        good = (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )
        bound = f"≤ {self.at_most:,g}" if self.at_most is not None else ""
        bound = f"≥ {self.at_least:,g}" if self.at_least is not None else bound
        target = f"{bound} {'' if good else '✗'}" if bound else ""
        digits = 0 if self.value >= 100 else 1 if self.value >= 10 else 2  # noqa: PLR2004  # three digits say enough
        print(f"  {self.name:<50} {self.value:>9,.{digits}f} {self.unit:<12} {target:<10} {self.note}".rstrip())
        return good


def headline(text: str) -> None:
    """Print the subject of the figures that follow."""
    print(f"\n{text}")


def seconds(
    action: Callable[[], object], *, runs: int, warm: int = 0, clock: Callable[[], float] = process_time
) -> float:
    """The median of the seconds that `action` takes, after `warm` runs that do not count.

    The clock is the processor's time of this process: what waits for nothing is not slowed by a neighbour. For what
    waits, hand in `perf_counter`.
    """
    for _ in range(warm):
        action()
    taken: list[float] = []
    for _ in range(runs):
        start = clock()
        action()
        taken.append(clock() - start)
    return median(taken)


@contextmanager
def scratch() -> Generator[Path]:
    """A folder on the checkout's own disk: a /tmp in memory would flatter every commit."""
    (ROOT / "build").mkdir(exist_ok=True)
    folder = Path(mkdtemp(dir=ROOT / "build"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
