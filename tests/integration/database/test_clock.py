"""One clock for all senders, whatever happens to the machine's time."""

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from mailer.database.clock import REREAD_SECONDS, shared_clock, steady
from mailer.database.engine import Database, connect
from mailer.database.folder import refuse_shared_disk
from mailer.errors import DatabaseError

from ...servers import Shelf  # noqa: TID252  # tests are not a package


def test_two_senders_of_a_database_read_the_same_time(database: Database) -> None:
    mine, theirs = shared_clock(database), shared_clock(database)
    first, second, third = mine(), theirs(), mine()
    assert first - 0.05 <= second <= third + 0.05


def test_the_servers_clock_is_asked_once_a_minute_and_counted_on_in_between(database: Database) -> None:
    own = [1000.0]
    clock = shared_clock(database, lambda: own[0])
    start = clock()
    own[0] += 30
    assert clock() - start == pytest.approx(30)
    own[0] += REREAD_SECONDS
    later = clock()
    if database.path is None:
        # Our own count ran 90 seconds ahead of the server, which is believed again.
        assert later - start == pytest.approx(0, abs=5)
    else:
        assert later - start == pytest.approx(30 + REREAD_SECONDS)


def test_while_one_thread_asks_the_server_the_others_count_on(shelf: Shelf) -> None:
    own = [1000.0]
    looks: list[float] = []
    asking, go_on = threading.Event(), threading.Event()

    def counted() -> float:
        if threading.current_thread().name == "asks":
            looks.append(own[0])
            if len(looks) == 2:  # the first was to see that it is time
                asking.set()
                go_on.wait(60)
        return own[0]

    with shelf.lent() as url, closing(connect(url)) as database:
        clock = shared_clock(database, counted)
        start = clock()
        own[0] += 2 * REREAD_SECONDS
        thread = threading.Thread(target=clock, name="asks")
        thread.start()
        try:
            assert asking.wait(60)
            assert clock() - start == pytest.approx(2 * REREAD_SECONDS)
        finally:
            go_on.set()
            thread.join()


def test_the_clock_of_a_machine_does_not_stand_still_or_go_back() -> None:
    first = steady()
    time.sleep(0.01)
    assert 0.009 < steady() - first < 5


MOUNTS = """\
/dev/vda / ext4 rw 0 0
tmpfs /tmp tmpfs rw 0 0
server:/home /home nfs4 rw 0 0
//nas/my\\040share /mnt/my\\040share cifs rw 0 0
/dev/vdb /home/local ext4 rw 0 0
"""


@pytest.mark.parametrize("path", ["/home/me/mailer.db", "/mnt/my share/lists/mailer.db"])
def test_a_network_disk_is_refused_for_sqlite(path: str) -> None:
    with pytest.raises(DatabaseError, match="network disk") as caught:
        refuse_shared_disk(Path(path), MOUNTS)
    assert "PostgreSQL" in caught.value.hint


@pytest.mark.parametrize("path", ["/srv/mailer.db", "/tmp/mailer.db", "/home/local/mailer.db"])  # noqa: S108  # never opened
def test_a_disk_of_this_machine_is_not(path: str) -> None:
    refuse_shared_disk(Path(path), MOUNTS)
    refuse_shared_disk(Path(path), "")
