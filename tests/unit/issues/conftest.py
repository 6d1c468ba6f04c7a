"""A small theme and a newsletter of our own, so that these tests do not hang on the real ones."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mailer.errors import ContentErrors
from mailer.issues.kinds import Kind, read_kinds
from mailer.issues.load import load_issue
from mailer.issues.model import Issue, Newsletter
from mailer.issues.newsletter import load_newsletter

KINDS = {
    "lead": "attributes: {rating: 0..10, kicker: text}\nparts: [headline, standfirst, text, quote]\nneeds: [headline]",
    "figures": "parts: [headline, figures]\nneeds: [figures]\nbeside: lead",
    "opinion": "attributes: {byline: text}\nparts: [headline, text, quote]\nneeds: [headline, text]\ncolumns: 2",
    "tools": "parts: [headline, standfirst, items]\nneeds: [headline, items]",
    "letters": "parts: [text, items]",
    "note": "parts: [text, quote]",
    "prose": "parts: [headline, text, quote, image, button]\nneeds: [text]",
    "image": "attributes: {side: [left, right], source: url}\nparts: [image]\nneeds: [image]",
    "button": "parts: [button]\nneeds: [button]",
}
NEWSLETTER = """\
title: The Daily Test
tagline: All that fits
established: 1999
beats: [Tests, Theories]
language: en-GB
timezone: Europe/London
theme: plain
sender: The Daily Test <daily@example.org>
publisher: Test Press Ltd
postal_address: 1 Example Street, Manchester
site: https://daily.example.org
fields: [town]
"""
FRONT = """\
---
number: 7
date: 2025-12-20
subject: A subject
preheader: What an inbox shows after the subject line
---
"""


def check_segment(expression: str) -> str | None:
    return None if expression.startswith("tag:") else f"'{expression}' is no segment"


@pytest.fixture
def theme(tmp_path: Path) -> Path:
    folder = tmp_path / "templates" / "plain"
    folder.mkdir(parents=True)
    for name, declaration in KINDS.items():
        text = f"{{#\nabout: The kind {name}\n{declaration}\n#}}\n<mj-section></mj-section>\n"
        (folder / f"{name}.mjml.j2").write_text(text)
    return folder


@pytest.fixture
def kinds(theme: Path) -> dict[str, Kind]:
    return read_kinds([theme])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "issues" / "daily"
    folder.mkdir(parents=True)
    (folder / "newsletter.yaml").write_text(NEWSLETTER)
    return folder


@pytest.fixture
def newsletter(folder: Path) -> Newsletter:
    return load_newsletter(folder)


@pytest.fixture
def front() -> str:
    """Front matter of six lines, so that a body begins on line 7."""
    return FRONT


@pytest.fixture
def load(newsletter: Newsletter, kinds: dict[str, Kind]) -> Callable[[str | bytes], Issue]:
    """Load issue 7 from this text."""
    path = newsletter.path.parent / "0007.md"

    def run(text: str | bytes) -> Issue:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_issue(path, newsletter, kinds, check_segment)

    return run


@pytest.fixture
def mistakes(load: Callable[[str | bytes], Issue]) -> Callable[[str | bytes], list[str]]:
    """What is wrong with this text of issue 7, as `line:column: message`."""

    def run(text: str | bytes) -> list[str]:
        try:
            load(text)
        except ContentErrors as error:
            return [f"{each.line}:{each.column}: {each.message}" for each in error.mistakes]
        return []

    return run


@pytest.fixture
def body_mistakes(front: str, mistakes: Callable[[str | bytes], list[str]]) -> Callable[[str], list[str]]:
    """What is wrong with an issue of this body, which begins on line 7."""
    return lambda body: mistakes(front + body)
