"""Rotating the key: the new one in front, the old ones kept, and nothing else in the file touched."""

import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from mailer.errors import MailerError, SettingsError
from mailer.keyring import put_in_front

OLD = "an-old-key-0123456789"
NEW = "a-new-key-0123456789"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"# mine\nMAILER_SECRET_KEYS={OLD}\nA='b # c'\n", f"# mine\nMAILER_SECRET_KEYS={NEW},{OLD}\nA='b # c'\n"),
        (f"MAILER_SECRET_KEYS={OLD}", f"MAILER_SECRET_KEYS={NEW},{OLD}\n"),
        (f'\n\nexport MAILER_SECRET_KEYS="{OLD}, second-key-0123456789" # two\nA=1', f"\n\nMAILER_SECRET_KEYS={NEW},{OLD},second-key-0123456789\nA=1"),
        (f"MAILER_SECRET_KEYS=overridden\nMAILER_SECRET_KEYS={OLD}\n", f"MAILER_SECRET_KEYS=overridden\nMAILER_SECRET_KEYS={NEW},{OLD}\n"),
        ("MAILER_SECRET_KEYS='it''s $5 #1'\r\nA=1\r\n", None),
        ("MAILER_SECRET_KEYS='a $five #key of old'\n", f"MAILER_SECRET_KEYS='{NEW},a $five #key of old'\n"),
    ],
)  # fmt: skip
def test_the_new_key_stands_in_front_and_all_else_stays(tmp_path: Path, before: str, after: str | None) -> None:
    path = tmp_path / ".env"
    path.write_text(before, newline="")
    if after is None:
        with pytest.raises(SettingsError):
            put_in_front(path, NEW)
        assert path.read_text() == before.replace("\r\n", "\n")
        return
    expected = dotenv_values(path, interpolate=False)
    put_in_front(path, NEW)
    assert path.read_text() == after
    keys = str(expected["MAILER_SECRET_KEYS"]).replace(" second", "second")
    assert dotenv_values(path, interpolate=False) == {**expected, "MAILER_SECRET_KEYS": f"{NEW},{keys}"}


def test_three_rotations_keep_every_key_and_the_files_mode(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(f"MAILER_SECRET_KEYS={OLD}\n")
    path.chmod(0o640)
    counts = [put_in_front(path, f"key-number-{number}-0123") for number in (1, 2, 3)]
    value = dotenv_values(path)["MAILER_SECRET_KEYS"]
    assert (counts, value) == ([2, 3, 4], f"key-number-3-0123,key-number-2-0123,key-number-1-0123,{OLD}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text(f"MAILER_SECRET_KEYS={OLD}\n")
    (tmp_path / ".env").symlink_to("real")
    put_in_front(tmp_path / ".env", NEW)
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "real").read_text() == f"MAILER_SECRET_KEYS={NEW},{OLD}\n"


@pytest.mark.parametrize("text", ["", "A=1\n", "MAILER_SECRET_KEYS=\n", "# MAILER_SECRET_KEYS=a\n"])
def test_without_a_key_there_is_nothing_to_rotate(tmp_path: Path, text: str) -> None:
    path = tmp_path / ".env"
    path.write_text(text)
    with pytest.raises(SettingsError, match="no MAILER_SECRET_KEYS"):
        put_in_front(path, NEW)
    assert path.read_text() == text


def test_without_a_file_the_next_step_is_said(tmp_path: Path) -> None:
    with pytest.raises(MailerError, match="cannot be read") as caught:
        put_in_front(tmp_path / ".env", NEW)
    assert "mailer init" in caught.value.hint
