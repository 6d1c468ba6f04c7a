"""Puts a new key in front of those in a workspace's `.env`: the old ones stay, because letters are kept for years."""

import os
import re
import tempfile
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from mailer.errors import MailerError, SettingsError

NAME = "MAILER_SECRET_KEYS"
_PLAIN = re.compile(r"[A-Za-z0-9_,.+/=-]+", re.ASCII)
"""What may stand in a `.env` without quotes, and means itself in a shell too."""


def put_in_front(path: Path, key: str) -> int:
    """Write `key` before the others of MAILER_SECRET_KEYS in the file, in one step; how many there are now.

    Everything else in the file stays as it is, its mode too. Raises SettingsError when the file has no keys, MailerError
    when it cannot be read or written; nothing has changed then.
    """
    path = path.resolve()  # a link to the file stays one
    try:
        text = path.read_text(encoding="utf-8")
        mode = path.stat().st_mode & 0o777
    except (OSError, UnicodeDecodeError) as error:
        raise MailerError(
            f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}",
            hint="change to your workspace's folder; `mailer init DIR` writes a .env with a key",
        ) from error
    before = dotenv_values(path, interpolate=False)
    keys = [each.strip() for each in (before.get(NAME) or "").split(",") if each.strip()]
    if not keys:
        raise SettingsError(f"{path}: there is no {NAME} to put a key in front of", hint=f"write {NAME}={key} into it")
    value = ",".join([key, *keys])
    if not _PLAIN.fullmatch(value):
        value = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    written = _replaced(text, f"{NAME}={value}\n")
    _put(path, written, mode, {**before, NAME: ",".join([key, *keys])})
    return len(keys) + 1


def _replaced(text: str, line: str) -> str:
    """The file's text with another line for the keys: the last one, which is the one that counts."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as copy:
        copy.write(text)
        copy.seek(0)
        parts = [(binding.key, binding.original.string) for binding in parse_stream(copy)]
    last = max(number for number, (name, _) in enumerate(parts) if name == NAME)
    before = re.match(r"\s*", parts[last][1])
    parts[last] = (NAME, (before[0] if before else "") + line)
    return "".join(said for _, said in parts)


def _put(path: Path, text: str, mode: int, expected: dict[str, str | None]) -> None:
    """Put the whole new file in the old one's place, after it was read back: half a key ring would end every link."""
    draft = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123  # a descriptor, not a path
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if dotenv_values(draft, interpolate=False) != expected:
            raise SettingsError(
                f"{path}: its lines are written in a way that cannot be rewritten safely",
                hint=f"put the new key in front of the others by hand: {NAME}=new,old",
            )
        draft.chmod(mode)
        draft.replace(path)
    except OSError as error:
        raise MailerError(
            f"{path}: cannot be written: {error.strerror}",
            hint="nothing was changed; make its folder yours to write in",
        ) from error
    finally:
        draft.unlink(missing_ok=True)
