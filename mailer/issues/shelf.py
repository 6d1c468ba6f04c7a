"""Where newsletters and issues lie, how they are found and listed, and where the next issue goes."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mailer.errors import ContentErrors, MailerError, Mistake, NotFound, UsageError
from mailer.issues.draft import draft
from mailer.issues.frontmatter import NUMBERED
from mailer.issues.kinds import Kind
from mailer.issues.load import CheckSegment, load_issue
from mailer.issues.model import Inlines, Newsletter, Personal, Text
from mailer.issues.newsletter import FILE, SLUG
from mailer.issues.source import closest

BUNDLE = "issue.md"
"""The issue's file in a folder of its own, `0054/issue.md`."""

_NEARBY = 3


@dataclass(frozen=True)
class Listed:
    """One line of `mailer issues list`."""

    number: int
    path: Path
    date: date | None
    subject: str
    """The line that someone sees who gave no personal words."""
    mistake: Mistake | None
    """The first mistake of an issue that does not load; it has no date and no subject then."""


def find_newsletters(root: Path) -> list[str]:
    """The slugs of the newsletters under `root`, sorted. None when there is no such folder."""
    return sorted(path.parent.name for path in root.glob(f"*/{FILE}") if SLUG.fullmatch(path.parent.name))


def choose_newsletter(root: Path, slug: str | None) -> Path:
    """The folder of the newsletter that is named; without a name, of the only one there is.

    Raises NotFound when there is none (of that name), UsageError when there are several to choose from.
    """
    found = find_newsletters(root)
    if not found:
        raise NotFound(
            f"there is no newsletter under {root}: no {root}/<name>/{FILE}",
            hint="change to your workspace's folder; `mailer init DIR` begins a new one",
        )
    if slug is None:
        if len(found) > 1:
            raise UsageError(
                f"there are {len(found)} newsletters under {root}", hint=f"name one of them: {', '.join(found)}"
            )
        return root / found[0]
    if slug not in found:
        near = closest(slug, found)
        raise NotFound(
            f"there is no newsletter '{slug}' under {root}",
            hint=f"did you mean '{near}'?" if near else f"there is {', '.join(found)}",
        )
    return root / slug


def issue_files(folder: Path) -> dict[int, list[Path]]:
    """The files of every issue, by number: `0054.md` and `0054/issue.md`, with as many noughts as you like."""
    found: dict[int, list[Path]] = {}
    for path in sorted([*folder.glob("*.md"), *folder.glob(f"*/{BUNDLE}")]):
        name = path.parent.name if path.name == BUNDLE and path.parent != folder else path.stem
        if NUMBERED.fullmatch(name):
            found.setdefault(int(name), []).append(path)
    return dict(sorted(found.items()))


def find_issue(folder: Path, number: int) -> Path:
    """The file of an issue.

    Raises NotFound, naming where it looked and the numbers nearby, and ContentErrors when two files have the number.
    """
    files = issue_files(folder)
    if number not in files:
        near = sorted(sorted(files, key=lambda each: abs(each - number))[:_NEARBY])
        there = f"issues nearby: {', '.join(map(str, near))}" if near else "there is none yet"
        raise NotFound(
            f"there is no issue {number} of '{folder.name}': looked for {folder / f'{number:04d}.md'} "
            f"and {folder / f'{number:04d}' / BUNDLE}",
            hint=f"{there}; `mailer new` writes the next",
        )
    first, *others = files[number]
    if others:
        raise ContentErrors(
            [Mistake(each, 1, 1, f"issue {number} is also in {first}: two files have one number") for each in others],
            hint="rename or delete one of them",
        )
    return first


def next_number(folder: Path) -> int:
    """One more than the highest number there is; 1 for the first issue."""
    return max(issue_files(folder), default=0) + 1


def list_issues(
    folder: Path, newsletter: Newsletter, kinds: Mapping[str, Kind], check_segment: CheckSegment
) -> list[Listed]:
    """Every issue by number, and of those that do not load the first mistake."""
    listed: list[Listed] = []
    for number in issue_files(folder):
        try:
            path = find_issue(folder, number)
            issue = load_issue(path, newsletter, kinds, check_segment)
        except ContentErrors as error:
            first = error.mistakes[0]
            listed.append(Listed(number, first.path, None, "", first))
        else:
            listed.append(Listed(number, path, issue.date, _plain(issue.subject), None))
    return listed


def write_next_issue(folder: Path, newsletter: Newsletter, kinds: Mapping[str, Kind], today: date) -> Path:
    """Write the file of the next issue, which loads as it stands, and give back its path.

    It is never written over another, and never seen half-written. Raises MailerError when it cannot be written.
    """
    while True:
        number = next_number(folder)
        path = folder / f"{number:04d}.md"
        try:
            _create(path, draft(number, newsletter, kinds, today))
        except FileExistsError:
            continue  # another `mailer new` was quicker: its number is taken now
        except OSError as error:
            raise MailerError(
                f"{path} cannot be written: {error.strerror or error}",
                hint="the folder must be there, and yours to write in, on a disk with room",
            ) from error
        return path


def _create(path: Path, text: str) -> None:
    """Put a whole new file there in one step. Raises FileExistsError when there is one, OSError when it fails."""
    draft_path = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with draft_path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft_path)  # unlike a rename, it fails where a file is already
    finally:
        draft_path.unlink(missing_ok=True)


def _plain(subject: Inlines) -> str:
    words = (
        each.text if isinstance(each, Text) else each.fallback for each in subject if isinstance(each, Text | Personal)
    )
    return "".join(words)
