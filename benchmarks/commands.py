"""A command as a process: how long a person waits for it, and how much memory it takes."""

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter

from sample import KEY

_AND_SAY_PEAK = """
import re, runpy, sys
from pathlib import Path
try:
    runpy.run_module("mailer", run_name="__main__", alter_sys=True)
finally:
    print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1], file=sys.stderr)
"""


def measured(home: Path, url: str, *words: str) -> tuple[float, float]:
    """Seconds and megabytes of `mailer …` in a workspace; what it prints goes nowhere."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAILER_")}
    environment |= {"MAILER_SECRET_KEYS": KEY, "MAILER_DATABASE_URL": url}
    start = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _AND_SAY_PEAK, *words],
        cwd=home,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    taken = perf_counter() - start
    lines = done.stderr.splitlines()
    assert done.returncode == 0, f"mailer {' '.join(words)}: exit {done.returncode}\n{done.stderr}"
    return taken, int(lines[-1]) / 1024
