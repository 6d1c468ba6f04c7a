"""Kills an import, its taking back, a merge and changes of many at each of their steps: run by `test_import_killed`, never imported.

A step is a statement, a commit, or the opening or renaming of a file. The command runs in a process that is forked off this one
and kills itself before step n, as `kill -9` would; then the same command runs again to its end. Prints one JSON line for
each kill: which step, of which command, and whether everything is as if nobody had been killed.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, MetaData, event, select, text, true

from mailer.cli.applying import take_back
from mailer.cli.importing import Asked, take_in
from mailer.consent.merging import merge_people
from mailer.settings import load_dotenv, load_settings
from mailer.wiring import Workspace
from subscribers import book, many, suppressing
from subscribers.address import parse
from subscribers.errors import UnknownSubscriber
from subscribers.imports.gathering import Request
from subscribers.imports.rhythm import Rhythm
from subscribers.lifecycle import Actor, SuppressionReason

NEWS = "my-news"
MOMENT = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
SLICE = 25
PEOPLE = 60
RANDOM = ("id", "request_id")
"""Columns of notices and requests that are drawn by lot."""

Rows = list[dict[str, Any]]
Command = Callable[[], object]


def people() -> str:
    """Somebody of every kind that an import treats differently, and rows that are nobody."""
    kinds = ["subscribed", "unconfirmed", "unsubscribed", "bounced", "complained"]
    rows = [
        f"p{number}@example.org,{kinds[number % 5]},Person {number},{'beta' if number % 3 else 'beta;vip'},City {number}"
        for number in range(PEOPLE)
    ]
    return "\n".join(
        ["email,status,name,tags,city", *rows, "nobody,subscribed,,,", "P7@example.org,subscribed,,new,", ""]
    )


def enter(connection: Connection) -> None:
    """Some of the file's people are here already."""
    for number in range(0, PEOPLE, 4):
        address = parse(f"p{number}@example.org")
        more: dict[str, Any] = {"source": "a form" if number % 8 else "", "hashes": [], "now": MOMENT}
        person = book.subscribe(connection, address, NEWS, actor=Actor.OPERATOR, **more).subscriber_id
        if number % 3 == 0:
            book.unsubscribe(connection, person, NEWS, source="link", now=MOMENT)
        if number % 10 == 0:
            suppressing.suppress(connection, address.key, SuppressionReason.BOUNCED, note="", now=MOMENT)


class Scene:
    """A workspace that can be put back to where it began."""

    def __init__(self, root: Path) -> None:
        load_dotenv(root / ".env")
        self.root = root
        self.here = Workspace(root, load_settings(), sleep=lambda _: None)
        self.tables = MetaData()
        self.at(timedelta())
        (root / "people.csv").write_text(people(), encoding="utf-8")
        with self.here.transaction() as connection:
            enter(connection)
            self.tables.reflect(connection)
        self.tables.remove(self.tables.tables["alembic_version"])
        self.base = self.remembered()

    def at(self, later: timedelta) -> None:
        """Stop the clock there."""
        moment = MOMENT + later
        self.here.now = lambda: moment

    def remembered(self) -> Any:
        """The state that `back_to` goes back to."""
        self.here.close()
        if self.here.database.path is not None:
            copy = self.root / f"copy-{len(list(self.root.glob('copy-*')))}"
            shutil.copy(self.here.database.path, copy)
            return copy
        found = self.rows()
        self.here.close()
        return found

    def back_to(self, state: Any) -> None:
        """Put everything back; nobody has the database open."""
        for path in self.root.glob("*refused*"):
            path.unlink()
        path = self.here.database.path
        if path is not None:
            for suffix in ("-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            shutil.copy(state, path)
            return
        with self.here.transaction() as connection:
            names = ", ".join(f'"{name}"' for name in self.tables.tables)
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
            for table in self.tables.sorted_tables:
                rows = state[table.name]
                if rows:
                    connection.execute(table.insert(), rows)
                if rows and "id" in table.c and table.c.id.server_default is not None:
                    last = max(row["id"] for row in rows)
                    connection.execute(text(f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), {last})"))
        self.here.close()

    def rows(self) -> dict[str, Rows]:
        """Everything there is."""
        with self.here.reading() as connection:
            return {
                name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
                for name, table in self.tables.tables.items()
            }

    def seen(self) -> dict[str, list[str]]:
        """Everything there is, but for numbers of which PostgreSQL leaves some out, and for those that are drawn by lot."""
        rows = self.rows()
        self.here.close()
        order = {row["id"]: position for position, row in enumerate(rows["subscriber"])}
        found: dict[str, list[str]] = {}
        for name, some in rows.items():
            for row in some:
                if name in ("notice", "consent_request"):
                    row.update(dict.fromkeys(RANDOM))
                if name in ("subscriber", "consent_event"):
                    del row["id"]
                if "subscriber_id" in row:
                    row["subscriber_id"] = order.get(row["subscriber_id"], row["subscriber_id"])
            found[name] = [self._with_number_one(str(sorted(row.items())), rows["import"]) for row in some]
            if name in ("notice", "consent_request"):
                found[name].sort()
        found["files"] = [f"{path.name}: {path.read_text('utf-8')}" for path in sorted(self.root.glob("*refused*"))]
        return found

    @staticmethod
    def _with_number_one(row: str, imports: Rows) -> str:
        """PostgreSQL gives a number that was given to nobody in the end to nobody else either."""
        if [one["id"] for one in imports] != [2]:
            return row
        for said in ("'import': '{}'", "'import {}'", "('import_id', {})", "('id', {})"):
            row = row.replace(said.format(2), said.format(1))
        return row


class Steps:
    """Counts the steps of this process, and kills it before one of them."""

    def __init__(self, scene: Scene, kill_before: int | None, told: int) -> None:
        self._kill_before = kill_before
        self._told = told
        self._number = 0
        engine = scene.here.database.engine
        event.listen(engine, "before_cursor_execute", lambda *_: self.tick("s"))
        event.listen(engine, "commit", lambda *_: self.tick("c"))
        sys.addaudithook(self._heard)

    def tick(self, kind: str) -> None:
        """The next step is about to be taken."""
        if self._number == self._kill_before:
            os.kill(os.getpid(), signal.SIGKILL)
        self._number += 1
        os.write(self._told, kind.encode())

    def _heard(self, what: str, words: tuple[Any, ...]) -> None:
        if what in ("open", "os.rename") and "refused" in str(words[0]):
            self.tick("f")


def child(scene: Scene, command: Command, kill_before: int | None = None) -> tuple[int, str]:
    """Run a command in a process of its own: how it ended, and the kinds of its steps."""
    ours, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        with Path(os.devnull).open("r+b") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        Steps(scene, kill_before, told)
        command()
        os._exit(0)
    os.close(told)
    with os.fdopen(ours, "rb") as steps:
        kinds = steps.read().decode()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), kinds


def moments(kinds: str) -> Iterator[int]:
    """Before and after each commit and each change of a file, and in the middle of what lies between two of them."""
    begun = 0
    for position, kind in enumerate(kinds):
        if kind != "s":
            yield from sorted({begun, (begun + position) // 2, position})
            begun = position + 1


@contextmanager
def nobody_else(scene: Scene) -> Generator[None]:
    """On PostgreSQL the server needs a moment to see that somebody was killed, and holds what they held until then."""
    if scene.here.database.path is None:
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        while True:
            with scene.here.reading() as connection:
                if not connection.execute(waiting).scalar_one():
                    break
    scene.here.close()
    yield


def try_all(scene: Scene, name: str, command: Command, state: Any, expected: Mapping[str, list[str]]) -> None:
    """Kill a command at every moment, and give it again."""
    scene.back_to(state)
    code, kinds = child(scene, command)
    assert (code, scene.seen()) == (0, expected)
    for moment in moments(kinds):
        scene.back_to(state)
        killed, done = child(scene, command, moment)
        with nobody_else(scene):
            code, _ = child(scene, command)
        found = scene.seen()
        behind = moment > kinds.rindex("c")
        if behind and name == "import":
            found = without_the_second(found)
        different = [table for table in expected if found[table] != expected[table]]
        sys.stdout.write(f"{json.dumps([name, moment, kinds[moment], [killed, len(done), code], different])}\n")


def without_the_second(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Killed behind its end, an import is ended; the same command is one of its own, which says the same and changes nothing."""
    kept = {name: [row for row in rows if "('import_id', 2)" not in row] for name, rows in found.items()}
    kept["import"] = [row for row in kept["import"] if "('id', 2)" not in row]
    return kept


def all_slices(scene: Scene, one: Callable[[Connection, int], many.Slice]) -> None:
    """As the command line does what is done to many."""
    after = 0
    while True:
        with scene.here.transaction() as connection:
            done = one(connection, after)
        if not done.people:
            return
        after = done.last


def try_others(scene: Scene, state: Any) -> None:
    """What is done to people who are here: their tags, the end of their subscriptions, two who become one."""
    many.SLICE = SLICE

    def tagged() -> None:
        words = {"add": ["seen"], "remove": ["beta"]}
        all_slices(scene, lambda connection, after: many.tag_slice(connection, NEWS, true(), after=after, **words))

    def removed() -> None:
        now = scene.here.now()
        all_slices(scene, lambda connection, after: many.remove_slice(connection, NEWS, true(), after=after, now=now))

    def merged() -> None:
        # Done already, when it was killed behind its end.
        with suppress(UnknownSubscriber), scene.here.transaction() as connection:
            keep, other = parse("p1@example.org"), parse("p5@example.org")
            merge_people(connection, keep, other, now=scene.here.now())

    commands: dict[str, Command] = {"tag": tagged, "remove": removed, "merge": merged}
    for name, command in commands.items():
        scene.back_to(state)
        before = scene.seen()
        assert child(scene, command)[0] == 0
        after = scene.seen()
        assert before != after
        try_all(scene, name, command, state, after)


def main() -> None:
    """All of them, in a workspace that is there."""
    scene = Scene(Path(sys.argv[1]))
    request = Request([Path("people.csv")], NEWS, "a form", {}, keep_fields=True, refused_folder=Path())
    asked = Asked(request, dry_run=False, confirm=True, yes=True, as_json=True)

    def imported() -> None:
        take_in(scene.here, asked, Rhythm(size=SLICE, fewest=SLICE, most=SLICE))

    def undone() -> None:
        take_back(scene.here, 1, size=SLICE)

    scene.at(timedelta(hours=1))
    before = scene.seen()
    # Once in this process: whoever is forked off it need not compile every statement again.
    with redirect_stdout(StringIO()):
        imported()
        undone()
    scene.here.close()
    scene.back_to(scene.base)
    assert child(scene, imported)[0] == 0
    after = scene.seen()
    ready = scene.remembered()
    scene.at(timedelta(hours=2))
    assert child(scene, undone)[0] == 0
    again = scene.seen()
    book_of = [name for name in scene.tables.tables if not name.startswith("import")]
    assert {name: again[name] for name in book_of} == {name: before[name] for name in book_of}
    try_all(scene, "undo", undone, ready, {**again, "files": []})
    try_others(scene, ready)
    scene.at(timedelta(hours=1))
    try_all(scene, "import", imported, scene.base, after)


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    main()
