"""Marks an edition as a test, so that nobody takes the letter for the issue itself."""

import re
from dataclasses import replace

from mailer.rendering.edition import Edition, Skeleton

_BODY = re.compile(r"<body\b[^>]*>")
_STRIP = (
    '<div lang="en" dir="ltr" style="background-color:#fff3c4;color:#1c1a17;padding:12px 16px;text-align:center;'
    'font-family:Arial,Helvetica,sans-serif;font-size:15px;line-height:1.5">{words}</div>'
)


def mark_as_test(edition: Edition) -> Edition:
    """The same edition with `[Test]` before its subject, and a line on top of the letter that says what it is."""
    words = f"This is a test of issue {edition.issue}. Its links for leaving and preferences do nothing."
    return replace(
        edition,
        subject=_before(edition.subject, "[Test] "),
        html=_after_body(edition.html, _STRIP.format(words=words)),
        text=_before(edition.text, f"[{words}]\n\n"),
    )


def _before(skeleton: Skeleton, words: str) -> Skeleton:
    if skeleton and isinstance(skeleton[0], str):
        return (words + skeleton[0], *skeleton[1:])
    return (words, *skeleton)


def _after_body(skeleton: Skeleton, strip: str) -> Skeleton:
    first = skeleton[0] if skeleton else ""
    found = _BODY.search(first) if isinstance(first, str) else None
    if found is None or not isinstance(first, str):
        return _before(skeleton, strip)
    return (first[: found.end()] + strip + first[found.end() :], *skeleton[1:])
