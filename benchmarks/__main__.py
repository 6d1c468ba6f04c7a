"""`make bench`: every benchmark in turn, or those named (`make bench ARGS=ledger`), as one table."""

import os
import platform
import sys

import composing
import events
import imports
import imports_beside
import ledger
import rendering
import segments
import sending
import ses
import starting
import web

BENCHMARKS = {
    "rendering": rendering,
    "composing": composing,
    "sending": sending,
    "ledger": ledger,
    "segments": segments,
    "events": events,
    "imports": imports,
    "beside": imports_beside,
    "ses": ses,
    "web": web,
    "starting": starting,
}

if __name__ == "__main__":
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}")
    missed = [
        figure for name in sys.argv[1:] or BENCHMARKS for figure in BENCHMARKS[name].figures() if not figure.shown()
    ]
    if missed:
        print("\nMissed: " + ", ".join(figure.name for figure in missed))
    sys.exit(1 if missed else 0)
