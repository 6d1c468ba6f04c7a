"""`make bench`: every benchmark in turn, as one table."""

import os
import platform
import sys

import composing
import rendering
import sending
import starting

if __name__ == "__main__":
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}")
    missed = [
        figure
        for benchmark in (rendering, composing, sending, starting)
        for figure in benchmark.figures()
        if not figure.shown()
    ]
    if missed:
        print("\nMissed: " + ", ".join(figure.name for figure in missed))
    sys.exit(1 if missed else 0)
