"""One process that sends at a rate, its letters carried nowhere, until it is told to stop: a child of `events.py`."""

import sys
import threading
from time import monotonic

from claiming import Forgetful
from measuring import ROOT
from pydantic import SecretStr
from sample import KEY, NUMBER

from mailer.ledger import mailings
from mailer.settings import Settings
from mailer.wiring import Workspace


def send(url: str, rate: float) -> None:
    """Send issue 54 at `rate`; print how many letters a second left between `go` and `stop`.

    From the first departure in between to the last: twenty letters leave at once, and where a window of a few seconds cuts
    between two departures would count for more than what is measured.
    """
    here = Workspace(ROOT, Settings(database_url=url, secret_keys=SecretStr(KEY)))
    here.transport = Forgetful()
    with here.reading() as connection:
        mailing = mailings.find(connection, here.slug(None), NUMBER)
    assert mailing is not None
    left: list[tuple[float, int]] = []
    stop = threading.Event()
    begun = threading.Event()

    def observe(step: str, count: int) -> None:
        if step == "claimed" and count:
            left.append((monotonic(), count))
            begun.set()

    run = here.run(mailing, rate=rate, limit=None, stopped=stop.is_set, observe=observe)
    thread = threading.Thread(target=run.go)
    thread.start()
    begun.wait()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    start = monotonic()
    sys.stdin.readline()
    end = monotonic()
    stop.set()
    thread.join()
    here.close()
    meanwhile = [(moment, count) for moment, count in left if start < moment <= end]
    sent = sum(count for _, count in meanwhile[:-1])
    sys.stdout.write(f"{sent / (meanwhile[-1][0] - meanwhile[0][0])!r}\n")


if __name__ == "__main__":
    send(sys.argv[1], float(sys.argv[2]))
