"""A full disk is named: the database's own, or that of the temporary files, which can be put elsewhere."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from mailer.database.engine import connect, viewing
from mailer.database.faults import translated
from mailer.database.room import no_temporary_room, temporary_folder
from mailer.errors import DatabaseError


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"SQLITE_TMPDIR": "mine", "TMPDIR": "ours"}, "mine"),
        ({"SQLITE_TMPDIR": "not-there", "TMPDIR": "ours"}, "ours"),
        ({"TMPDIR": "a-file"}, "/var/tmp"),  # noqa: S108  # SQLite's own
    ],
)
def test_temporary_files_lie_where_sqlite_puts_them(
    tmp_path: Path, environment: Mapping[str, str], expected: str
) -> None:
    for name in ("mine", "ours"):
        (tmp_path / name).mkdir()
    (tmp_path / "a-file").touch()
    found = temporary_folder({name: str(tmp_path / value) for name, value in environment.items()})
    assert found == tmp_path / expected


@pytest.mark.parametrize(("database", "temporary", "blamed"), [(10, 0, True), (0, 10, False), (10, 10, False)])
def test_the_disk_with_less_room_is_the_full_one(
    tmp_path: Path, *, database: int, temporary: int, blamed: bool
) -> None:
    free = {tmp_path: database, tmp_path / "small": temporary}
    error = no_temporary_room(tmp_path / "mailer.db", tmp_path / "small", free.__getitem__)
    assert (error is not None) == blamed
    if error is not None:
        assert (str(tmp_path / "small") in str(error), "SQLITE_TMPDIR" in error.hint) == (True, True)


@pytest.mark.parametrize(
    ("room", "said"), [({"small": 0}, "the folder of temporary files"), ({}, "mailer.db: the disk is full")]
)
def test_a_temporary_table_that_finds_no_room_is_not_blamed_on_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: Mapping[str, int], said: str
) -> None:
    (tmp_path / "small").mkdir()
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path / "small"))

    def usage(path: Path) -> SimpleNamespace:
        return SimpleNamespace(free=room.get(Path(path).name, 1000))

    monkeypatch.setattr(shutil, "disk_usage", usage)
    opened = connect(f"sqlite:///{tmp_path / 'mailer.db'}")

    def fills() -> None:
        with opened.connected() as connection, viewing(connection):
            connection.execute(text("CREATE TEMPORARY TABLE some (words TEXT)"))
            connection.execute(text("PRAGMA temp.max_page_count = 4"))
            connection.execute(text("INSERT INTO some VALUES (zeroblob(100000))"))

    with pytest.raises(DatabaseError, match=said):
        fills()
    opened.close()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            'could not extend file "base/16384/t3_16712": No space left on device\nHINT:  Check free disk space.',
            "temporary",
        ),
        ('could not write to file "base/pgsql_tmp/pgsql_tmp42.0": No space left on device', "temporary"),
        ('could not extend file "base/16384/16712": No space left on device', "the disk is full"),
    ],
)
def test_a_server_without_room_for_temporary_tables_is_said_to_be_so(said: str, expected: str) -> None:
    url = connect("postgresql+psycopg://me:secret@127.0.0.1/mailer").engine.url
    error = translated(OperationalError("INSERT", {}, Exception(said)), url)
    assert expected in str(error)
    assert "secret" not in str(error)
    assert error.hint
