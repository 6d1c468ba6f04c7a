"""Makes a workspace: the files that a newsletter of one's own begins with. Nothing that is there is ever overwritten."""

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from mailer.errors import MailerError

_NEWSLETTER = """\
# What never changes from issue to issue. The first five are yours to fill in: nothing is sent without them.
title: "{title}"
sender: "{title} <news@example.org>"    # an address that your SES account may send from
publisher: Your Name
postal_address: 1 Example Street, Example Town, EX1 1EX   # a real one: CAN-SPAM and CASL demand it
theme: morning-post

tagline: What is new, and why it matters
established: {year}
beats: [News, Views]
language: en-GB
timezone: UTC
# reply_to: you@example.org
# site: https://example.org
# fields: [city]                        # custom fields of subscribers that an issue may use: {{{{ city | your town }}}}
"""

_ISSUE = """\
---
number: 1
date: {today}
subject: The first issue of {title}
preheader: What this newsletter is about, and what you can expect from it.
---

::: lead
# Hello, and welcome
> A leading `>` in the lead is its standfirst: one sentence that says why to read on.

Good to see you, {{{{ first_name | dear reader }}}}. This is an ordinary paragraph of Markdown, with *emphasis*,
**weight** and [links](https://example.org).

Write as many paragraphs as you like.
:::

::: prose
# Something shorter

A section begins with three colons and its kind, and ends with three colons.

- `mailer preview --issue 1` shows it in your browser
- `mailer send --issue 1` sends it
:::
"""

_ENV = """\
# Settings of this workspace. Keep it to yourself: the key signs every unsubscribe link, and must outlive them.
MAILER_SECRET_KEYS={key}
# MAILER_DATABASE_URL=sqlite:///mailer.db
# MAILER_TRANSPORT=outbox
# MAILER_OUTBOX=outbox
# MAILER_BASE_URL=http://localhost:8000
"""

_GITIGNORE = ".env\nmailer.db*\noutbox/\n"


@dataclass(frozen=True)
class Made:
    """What was written."""

    files: tuple[Path, ...]
    newsletter: Path


def slug_of(name: str) -> str:
    """A folder's name as a newsletter's slug. Raises MailerError when nothing is left of it."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if not slug:
        raise MailerError(
            f"no slug can be made of {name!r}", hint="name the folder with letters a–z, digits and hyphens"
        )
    return slug


def make_workspace(folder: Path, *, title: str, key: str, today: date) -> Made:
    """Write a workspace into `folder`. Raises MailerError, and writes nothing, when one of its files is there already."""
    slug = slug_of(folder.resolve().name)
    title = title.strip() or slug.replace("-", " ").title()
    if not re.fullmatch(r"[\w .,&'’!-]+", title):
        raise MailerError(
            f"--title {title!r} has characters that need care in YAML", hint="begin plainly; edit newsletter.yaml later"
        )
    issues = folder / "issues" / slug
    files = {
        issues / "newsletter.yaml": _NEWSLETTER.format(title=title, year=today.year),
        issues / "0001.md": _ISSUE.format(title=title, today=today.isoformat()),
        folder / ".env": _ENV.format(key=key),
        folder / ".gitignore": _GITIGNORE,
    }
    for path in files:
        if path.exists():
            raise MailerError(
                f"{path} is there already", hint="`mailer init` makes a new workspace; name another folder"
            )
    try:
        issues.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            path.touch(mode=0o600 if path.name == ".env" else 0o644)
            path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise MailerError(
            f"{error.filename}: cannot be written: {error.strerror}", hint="name a folder that you may write to"
        ) from error
    return Made(tuple(files), issues / "newsletter.yaml")
