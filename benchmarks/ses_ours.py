"""`mailer send` through SES from its first departure to the last settlement: run by ses.py in a process of its own.

`ses_ours.py FOLDER RATE [DATABASE]` opens the mailing of issue 54 in the workspace there, says "ready", and goes through it
as soon as it is told a line. The endpoint, the mode and the credentials are in the environment. Prints JSON in the end:
seconds by the clock and of the processor, and the peak of memory.
"""

import json
import re
import sys
import time
from pathlib import Path

from sample import NUMBER, workspace

from mailer.message import Press
from mailer.sending.opening import open_mailing
from mailer.sending.run import End


def main(folder: Path, rate: float, database_url: str = "") -> None:
    """Open, freeze and send."""
    ours = workspace(folder, "ses", database_url)
    edition = ours.edition(None, NUMBER)
    Press(edition)
    mailing = open_mailing(
        ours.database,
        edition,
        segment="",
        transport=ours.transport.name,
        mode=ours.mode(rate),
        token=ours.token,
        now=ours.now(),
    )
    run = ours.run(mailing, rate=rate, limit=None, stopped=lambda: False, observe=lambda _step, _count: None)
    print("ready", flush=True)
    sys.stdin.readline()
    begun, worked = time.perf_counter(), time.process_time()
    assert run.go() is End.FINISHED
    seconds, cpu = time.perf_counter() - begun, time.process_time() - worked
    ours.close()
    print(json.dumps({"seconds": seconds, "cpu": cpu, "megabytes": _peak(), "letters": mailing.audience}))


def _peak() -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), *sys.argv[3:])
