"""The log of accepted letters: a line of JSON for each in a file, so that a million of them take no memory to speak of."""

import json
import os
import tempfile
import weakref
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

from mailer.local_ses.letters import AcceptedLetter, Content


class AcceptedLog(Sequence[AcceptedLetter]):
    """Every letter in the order of acceptance; the contents of the newest only. Appending is guarded by the caller."""

    def __init__(self, path: Path | None = None) -> None:
        """Lines are added to the file `path`; without one, to a file that nobody sees. Raises OSError."""
        self._descriptor = _nameless() if path is None else os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._end = os.fstat(self._descriptor).st_size
        self._begins = array("Q")
        self._contents: dict[int, Content] = {}
        weakref.finalize(self, os.close, self._descriptor)

    def append(self, letter: AcceptedLetter, *, keep: int) -> None:
        """Add a letter; of all, the contents of the newest `keep` stay. Raises OSError, for instance when the disk is full."""
        line = json.dumps(_as_json(letter), separators=(",", ":")).encode() + b"\n"
        # The line is in the file before the call is answered: whoever kills this process finds what it took.
        begin, self._end = self._end, self._end + os.write(self._descriptor, line)
        if letter.kept is not None:
            self._contents[len(self._begins)] = letter.kept
        while len(self._contents) > keep:
            del self._contents[next(iter(self._contents))]
        self._begins.append(begin)

    def __len__(self) -> int:
        return len(self._begins)

    @overload
    def __getitem__(self, index: int) -> AcceptedLetter: ...
    @overload
    def __getitem__(self, index: slice) -> list[AcceptedLetter]: ...
    def __getitem__(self, index: int | slice) -> AcceptedLetter | list[AcceptedLetter]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = range(len(self._begins))[index]
        begin = self._begins[number]
        end = self._begins[number + 1] if number + 1 < len(self._begins) else self._end
        line = os.pread(self._descriptor, end - begin, begin).partition(b"\n")[0]
        return _letter(json.loads(line), self._contents.get(number))


def _nameless() -> int:
    descriptor, path = tempfile.mkstemp(prefix="local-ses-")
    Path(path).unlink()
    return descriptor


def _as_json(letter: AcceptedLetter) -> dict[str, Any]:
    return {
        "message_id": letter.message_id,
        "recipient": letter.recipient,
        "tags": letter.tags,
        "sender": letter.sender,
        "accepted_at": letter.accepted_at,
        "operation": letter.operation,
        "configuration_set": letter.configuration_set,
        "region": letter.region,
        "failure": letter.failure,
        "told": letter.told,
    }


def _letter(line: dict[str, Any], content: Content | None) -> AcceptedLetter:
    members: dict[str, Any] = {**line, "told": tuple((kind, detail) for kind, detail in line["told"])}
    return AcceptedLetter(**members, kept=content)
