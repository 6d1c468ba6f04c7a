"""The transport that needs nothing: each letter becomes one file, `<outbox>/<mailing>/<delivery>.eml`.

A letter is carried when its file has its name, and it gets that name in one step, whole and on the disk. So a look into
the folder answers for every call that was cut short, and nothing of this transport stays uncertain.
"""

import errno
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from mailer.errors import TransportError
from mailer.transport.base import Accepted, Envelope, Finding, Lost, NotSent, Receipt

_BARRED = "another sender looked for its letter, found none, and took over"

_TAG = re.compile(r"[A-Za-z0-9_-]{1,100}")

_FLUSHERS = 8

_BLOCKED = "A file stands where a folder should be: move it away, or let MAILER_OUTBOX name another folder."
_HINTS = {
    errno.ENOSPC: "Make room, then run the same command again.",
    errno.EDQUOT: "Make room, then run the same command again.",
    errno.EFBIG: "A limit on the size of files is in force (see `ulimit -f`): lift it, then run the same command again.",
    errno.EROFS: "Let MAILER_OUTBOX name a folder that can be written.",
    errno.EACCES: "Give this user write access to the folder, or let MAILER_OUTBOX name another.",
    errno.EPERM: "Let MAILER_OUTBOX name a folder of this user, on a file system that has hard links.",
    errno.ENOTDIR: _BLOCKED,
    errno.EEXIST: _BLOCKED,
}


class Outbox:
    """Writes letters below `folder`, which is made when the first one comes; only its owner can read them."""

    name = "outbox"
    about = "letters are written to files, nothing leaves this machine"
    batch = 50
    at_once = 1

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def prepare(self, sender: str, audience: int) -> Sequence[Finding]:  # noqa: ARG002  # the protocol's
        """See that a file can be written there; nothing is made yet. Raises TransportError."""
        there = next(path for path in (self._folder, *self._folder.absolute().parents) if path.exists())
        try:
            with tempfile.TemporaryFile(dir=there) as file:
                file.write(b"mailer")
        except OSError as error:
            raise _translated(error, self._folder) from error
        return ()

    def rate(self) -> float | None:
        """As many as you like."""
        return None

    def too_fast(self) -> None:
        """It never says so."""

    def calls(self, envelopes: Sequence[Envelope]) -> Iterable[Sequence[int]]:
        """All in one."""
        return (range(len(envelopes)),)

    def close(self) -> None:
        """It holds nothing."""

    def where(self, mailing: str) -> str:
        """The mailing's folder."""
        return str((self._folder / mailing).absolute())

    def send(self, envelopes: Sequence[Envelope]) -> list[Receipt]:
        """Write one file for each envelope; what is Accepted survives a power cut.

        A delivery is never the same twice, so where its file stands already, its letter went out: that is said, and the
        file is left alone. (Only a database restored from a backup asks again. New words do not undo the old letter,
        and a second one would be one too many.)
        The first failure ends the call: letters before it are Accepted, the others NotSent; the next call says why.
        Raises TransportError when there is no letter before it, and for tags that could lead out of the folder.
        """
        for envelope in envelopes:
            _must_be_tag(envelope.mailing)
            _must_be_tag(envelope.delivery)
        drafts, failure = self._drafted(envelopes)
        receipts: list[Receipt] = []
        try:
            for envelope, draft in zip(envelopes, drafts, strict=False):
                receipts.append(self._carried(envelope, draft))
        except OSError as error:
            failure = error
        finally:
            # Once a letter has its name, a draft that cannot be removed must not make it "not sent".
            for draft in drafts:
                if draft is not None and not isinstance(draft, NotSent):
                    with suppress(OSError):
                        draft.unlink()
        carried = envelopes[: len(receipts)]
        try:
            for mailing in sorted({envelope.mailing for envelope in carried}):
                _make_lasting(self._folder / mailing)
        except OSError as error:
            # The files have their names, but a power cut might take them: nobody knows.
            lost = Lost(f"written, but the disk did not confirm it: {error.strerror}")
            receipts = [lost if isinstance(receipt, Accepted) else receipt for receipt in receipts]
        if failure is not None:
            trouble = _translated(failure, self._folder)
            if not carried:
                raise trouble from failure
            receipts += [NotSent(str(trouble))] * (len(envelopes) - len(carried))
        return receipts

    def look_up(self, mailing: str, deliveries: Sequence[str]) -> dict[str, Receipt]:
        """Accepted for each delivery whose file stands, NotSent for each other; drafts of a dead sender are removed.

        What is answered NotSent will never be sent, also if its sender lives after all (a server ended its connection,
        and with it its lock, in the middle of a call): that sender is told NotSent too. Raises TransportError when the folder cannot be read: an unread
        folder must not pass for an empty one, or everyone in it would be written to again.
        """
        _must_be_tag(mailing)
        for delivery in deliveries:
            _must_be_tag(delivery)
        folder = self._folder / mailing
        try:
            _make_private(self._folder)
            _make_private(folder)
            written = _swept(folder, set(deliveries))
        except OSError as error:
            raise _translated(error, folder) from error
        return {
            delivery: Accepted(_message_id(mailing, delivery))
            if f"{delivery}.eml" in written
            else NotSent("no letter of it lies in the outbox")
            for delivery in deliveries
        }

    def _drafted(self, envelopes: Sequence[Envelope]) -> tuple[list[Path | NotSent | None], OSError | None]:
        """A draft on the disk for each envelope; None where its letter stands already, NotSent where it is barred.

        They end at the first failure.
        """
        drafts: list[Path | NotSent | None] = []
        failure: OSError | None = None
        try:
            for envelope in envelopes:
                drafts.append(self._draft(envelope))  # noqa: PERF401  # those before a failure must stay in the list
        except OSError as error:
            failure = error
        written = [draft for draft in drafts if draft is not None and not isinstance(draft, NotSent)]
        # Together, not one after the other: the disk then waits once for several, three times as many letters a second.
        with ThreadPoolExecutor(_FLUSHERS) as flushers:
            flushed = list(flushers.map(_flushed, written))
        for draft, error in zip(written, flushed, strict=True):
            if error is not None:
                failed = drafts.index(draft)
                for later in written[written.index(draft) :]:
                    later.unlink(missing_ok=True)
                return drafts[:failed], error
        return drafts, failure

    def _draft(self, envelope: Envelope) -> Path | NotSent | None:
        folder = self._folder / envelope.mailing
        if self._letter(envelope).exists():
            return None
        if not folder.is_dir():
            _make_private(self._folder)
            _make_private(folder)
        descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{envelope.delivery}.", suffix=".tmp")  # mode 0600
        draft = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(envelope.content)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        # Only now: a look-up bars first and removes drafts then, so it either finds this one, or is seen here.
        if _bar(folder, envelope.delivery).exists():
            draft.unlink(missing_ok=True)
            return NotSent(_BARRED)
        return draft

    def _carried(self, envelope: Envelope, draft: Path | NotSent | None) -> Receipt:
        """Give the draft its name. A rename would write over a letter that came to stand there; a link does not."""
        if isinstance(draft, NotSent):
            return draft
        if draft is not None:
            try:
                os.link(draft, self._letter(envelope))
            except FileExistsError:
                pass
            except FileNotFoundError:
                if _bar(self._folder / envelope.mailing, envelope.delivery).exists():
                    return NotSent(_BARRED)
                raise
        return Accepted(_message_id(envelope.mailing, envelope.delivery))

    def _letter(self, envelope: Envelope) -> Path:
        return self._folder / envelope.mailing / f"{envelope.delivery}.eml"


def _flushed(draft: Path) -> OSError | None:
    """Put a draft on the disk; what went wrong."""
    try:
        with draft.open("rb") as file:
            os.fsync(file.fileno())
    except FileNotFoundError:
        return None  # a look-up took it away, which shows when it is to get its name
    except OSError as error:
        return error
    return None


def _bar(folder: Path, delivery: str) -> Path:
    """Where this stands, a look-up said of the delivery that it is not sent: it never will be."""
    return folder / f".{delivery}.barred"


def _swept(folder: Path, deliveries: set[str]) -> set[str]:
    """The files of a mailing, after those of these deliveries that are not written were barred and their drafts removed.

    In this order: were a sender alive after all, it meets the bar, or its draft is gone before it could get a name that
    we did not see.
    """
    for delivery in deliveries - {file.stem for file in folder.iterdir() if file.suffix == ".eml"}:
        _bar(folder, delivery).mkdir(mode=0o700, exist_ok=True)
    for file in list(folder.iterdir()):
        if file.suffix == ".tmp" and file.name[1:].partition(".")[0] in deliveries:
            file.unlink(missing_ok=True)
    _make_lasting(folder)
    return {file.name for file in folder.iterdir()}


def _message_id(mailing: str, delivery: str) -> str:
    """Where the letter lies in the outbox."""
    return f"{mailing}/{delivery}.eml"


def _must_be_tag(text: str) -> None:
    if not _TAG.fullmatch(text):
        raise TransportError(f"the outbox cannot file a letter under {text!r}: only A-Z a-z 0-9 _ and - are allowed")


def _make_private(folder: Path) -> None:
    """Letters hold addresses, and links that unsubscribe: nobody else on the machine may read them."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        _make_lasting(folder.parent)


def _make_lasting(folder: Path) -> None:
    """A file's own fsync does not keep its name: that stands in the folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _translated(error: OSError, folder: Path) -> TransportError:
    return TransportError(
        f"the outbox {folder} cannot be used: {error.strerror or error}",
        hint=_HINTS.get(error.errno or 0, "Look at the folder and its disk, then run the same command again."),
    )
