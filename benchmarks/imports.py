"""An import of very many people, 1 % of them rubbish, on SQLite and PostgreSQL; beside it the floor: csv and sqlite3, and no look at anything."""

import csv
import os
import random
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from time import perf_counter, sleep
from typing import Self

from books import each_database
from commands import measured
from measuring import ROOT, Figure, headline
from sqlalchemy import text

from mailer.database.engine import connect
from mailer.database.schema import upgrade

PEOPLE = int(os.environ.get("PEOPLE", "200000"))
"""`make bench ARGS=imports PEOPLE=1000000` for the million."""
SECONDS = {"SQLite": 20.0, "PostgreSQL": 30.0}
"""Of a million rows."""
MEMORY = 300.0
LOCKED = 1.0
"""Seconds that anybody may wait for the place to write."""


def figures() -> Iterator[Figure]:
    """For each database: seconds, megabytes, and how long others waited."""
    floor = None
    for name, folder, url in each_database():
        people = folder / "people.csv"
        _write(people)
        floor = floor or _floor(people, folder / "floor.db")
        yield from _of(name, folder, people, url, floor)


def _of(name: str, home: Path, people: Path, url: str, floor: float) -> Iterator[Figure]:
    headline(f"An import of {PEOPLE:,} rows on {name}, as a process")
    copytree(ROOT / "issues", home / "issues")
    database = connect(url)
    upgrade(database)
    database.close()
    words = ("subscribers", "import", str(people), "--consent-source", "benchmark", "--yes")
    with _Leaver(url) as leaver:
        first, megabytes = measured(home, url, *words)
    again, _ = measured(home, url, *words)
    back, _ = measured(home, url, "subscribers", "undo-import", "1", "--yes")
    yield Figure("into an empty book", first, "s", SECONDS[name] * PEOPLE / 1e6, f"{first / floor:.1f} times the floor")
    yield Figure("the floor: csv and sqlite3, no validation", floor, "s")
    yield Figure("its peak memory", megabytes, "MB", MEMORY)
    yield Figure("longest wait of somebody who wrote meanwhile", leaver.longest, "s", LOCKED, f"of {leaver.count}")
    yield Figure("the same file again", again, "s", first / 2, f"{first / again:.2f} times as fast")
    yield Figure("taking it back", back, "s")


class _Leaver:
    """Somebody who writes to the database every half second while the import runs, and measures how long they wait."""

    def __init__(self, url: str) -> None:
        self._database = connect(url)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self.longest, self.count = 0.0, 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._database.close()

    def _write(self) -> None:
        while not self._done.is_set():
            start = perf_counter()
            with self._database.transaction() as connection:
                connection.execute(text("UPDATE subscriber SET name = name WHERE id = 1"))
            self.longest = max(self.longest, perf_counter() - start)
            self.count += 1
            sleep(0.5)


def _write(path: Path) -> None:
    chance = random.Random(54)
    with path.open("w", newline="", encoding="utf-8") as file:
        write = csv.writer(file).writerow
        write(("email", "name", "tags"))
        for number in range(PEOPLE):
            host = chance.choice(("gmail.com", "example.org", "mail.example.net", "example.com"))
            address = f"{chance.choice(('ada', 'bob', 'cleo'))}.{chance.randrange(10**9)}@{host}"
            match number % 300:
                case 37:
                    write((f"nobody{number}", "No", ""))
                case 137:
                    write((address, "Cut"))
                case 237:
                    write((f"a b{number}@example.org", "Space", ""))
                case _:
                    write((address, f"Person {number}", chance.choice(("", "", "beta", "vip;beta"))))


def _floor(people: Path, path: Path) -> float:
    """What the reading and the writing alone cost."""
    start = perf_counter()
    with people.open(newline="", encoding="utf-8") as file, sqlite3.connect(path) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE person (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT, tags TEXT)")
        rows = (row for row in csv.reader(file) if len(row) == 3)  # noqa: PLR2004  # whole rows
        database.executemany("INSERT OR IGNORE INTO person (email, name, tags) VALUES (?, ?, ?)", rows)
    return perf_counter() - start
