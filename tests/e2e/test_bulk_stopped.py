"""Ctrl-C in the middle of many: what is done stays, is counted, and the same command goes on."""

import signal
import sqlite3
from contextlib import closing

from ..waiting import PATIENCE, until  # noqa: TID252  # tests are not a package
from .conftest import Desk

PEOPLE = 20_000
SLOWLY = """
CREATE TRIGGER slowly AFTER INSERT ON subscriber_tag WHEN NEW.subscriber_id % 5000 = 0 BEGIN
  SELECT count(*) FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 2000000) SELECT x FROM c);
END
"""
"""Each slice takes as long as it takes to count to two millions: there is time to stop in between."""


def test_tags_for_many_end_between_two_slices_and_say_how_to_go_on(desk: Desk) -> None:
    desk.people(PEOPLE)
    words = ("subscribers", "tag", "--segment", "domain:example.org", "--add", "vip", "--yes")
    with closing(sqlite3.connect(desk.root / "mailer.db", timeout=PATIENCE, isolation_level=None)) as database:
        database.execute(SLOWLY)

        def tagged() -> int:
            return database.execute("SELECT count(*) FROM subscriber_tag").fetchone()[0]

        with desk.start(*words) as process:
            until(lambda: tagged() > 0)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
        done = tagged()
        assert (process.returncode, err) == (130, "Stopping after these people.\n"), out
        assert 0 < done < PEOPLE
        assert out == (
            f"{done:,} people have other tags now. It was stopped before the end: the same command goes on.\n"
        )
        database.execute("DROP TRIGGER slowly")
        assert desk.run(*words).stdout == f"{PEOPLE - done:,} people have other tags now.\n"
        assert tagged() == PEOPLE
