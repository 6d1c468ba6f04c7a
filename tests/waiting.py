"""Waiting for what another thread or process does: until it is so, and never for a time that ought to be enough."""

import time
from collections.abc import Callable

PATIENCE = 300.0
"""Seconds after which a test fails that waits in vain. No test is about speed, and some machines are ten times slower."""


def until(condition: Callable[[], object], *, every: float = 0.01) -> None:
    """Return when the condition holds; asked every so many seconds. Fails after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(every)
