"""Every error that a person can meet, drawn as a tree; each says what happened and what to do next.

    MailerError                     exit 1: an error, nothing harmed
    ├── ContentErrors               mistakes in an issue or a newsletter.yaml, all of them at once
    ├── NotFound                    no such issue, newsletter, mailing, subscriber
    ├── SettingsError               the environment or `.env` does not fit
    ├── DatabaseError               cannot be opened, read or written
    │   ├── DatabaseBusy            another process holds it; the same again may work
    │   └── SchemaMismatch          older or newer than this program
    ├── RenderError                 a theme that does not compile, or HTML that lost something
    ├── LetterError                 one person's letter cannot be written; others are not concerned
    ├── TransportError              the transport cannot work at all (not: one letter was refused)
    ├── MailingError                what a mailing does not allow
    │   ├── EditionChanged          the issue's file is not the one that was frozen
    │   ├── SegmentChanged          another --segment than the stored one
    │   └── AudienceMismatch        candidates != frozen + excluded; rolled back
    └── UsageError                  exit 2: the command line does not fit together

`subscribers` has a tree of its own (`subscribers.errors.SubscribersError`), with the same two fields.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class MailerError(Exception):
    """Something went wrong; `str(error)` says what and where, `hint` says what to do next."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, order=True)
class Mistake:
    """One mistake in a file, at the place where a person mends it. Lines and columns count from 1."""

    path: Path
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


class ContentErrors(MailerError):
    """Mistakes in what an author wrote: all of them in one pass, each at its own place."""

    def __init__(self, mistakes: Sequence[Mistake], *, hint: str = "") -> None:
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes), hint=hint)


class NotFound(MailerError):
    """What was named does not exist."""


class SettingsError(MailerError):
    """A setting is missing or does not fit."""


class DatabaseError(MailerError):
    """The database cannot be opened, read or written."""


class DatabaseBusy(DatabaseError):
    """Another process held what was needed for too long; nothing was changed, and the same again may work."""


class SchemaMismatch(DatabaseError):
    """The database's schema is not the one that this program knows."""


class RenderError(MailerError):
    """A theme does not compile, or a rendering step lost something that it must keep."""


class LetterError(MailerError):
    """One person's letter cannot be written, and would not be next time either; others are not concerned."""


class TransportError(MailerError):
    """The transport cannot work at all. What becomes of one letter is a Receipt, never an error."""


class MailingError(MailerError):
    """A mailing does not allow what was asked."""


class EditionChanged(MailingError):
    """The issue's file is not the one whose edition was frozen when the mailing opened."""


class SegmentChanged(MailingError):
    """A mailing keeps the segment that it was opened with."""


class AudienceMismatch(MailingError):
    """`candidates == frozen + excluded` does not hold; the freeze was rolled back."""


class UsageError(MailerError):
    """The command line does not fit together."""

    exit_code = 2
