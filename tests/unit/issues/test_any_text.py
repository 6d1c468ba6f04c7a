"""Whatever stands in an issue's file: it is an issue, or there are mistakes at places inside the file."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailer.errors import ContentErrors
from mailer.issues.model import Issue

Load = Callable[[str | bytes], Issue]

GOOD = """\
---
number: 7
date: 2025-12-20
dateline: {date: 2026-03-23, place: "Manchester, United Kingdom", weather: {celsius: 6, sky: Cloudy}}
subject: "Hello {{ first_name | reader }}, it's 'here'"
preheader: What an inbox shows after the subject line
---

::: lead {rating=7 kicker="Top"}
# The *headline*

> A standfirst

Words with [a link](https://example.org/?a=1&b=2), `code` and {{ town | your town }}.

> A pull quote\\
> on two lines
:::

::: figures
| Measure | Value |
| ------- | ----: |
| One     |  124M |
:::

::: opinion {byline="Editor's" only="tag:pro"}
# H
words
:::

::: tools
# H

1. **[One](https://example.org)**

   Its blurb

2. **Two**: its blurb
:::

::: prose
- a
- b

![A fox](https://example.org/fox.png "A 'caption'")

[Read on](https://example.org)
:::
"""

PIECES = st.sampled_from(
    [
        *"\n\n\n\t #>*_`[](){}<>|!\\&-+=:'\"%1a", *"é\x00\x92\u2028\ufeff\U0001f600", "\r\n", "---\n", ":::", "::: ", "::: lead\n", "::: tools {",
        "{{", "}}", "{{ name | x }}", "{%", "{#", "](", "![", "](https://example.org)", "<b>", "<!--", "-->", "1. ",
        "**", "> ", "# ", "| a | b |\n", "| - | - |\n", "    ", "```\n", "&#x2028;", "&#0;", "&nbsp;", "\n\n", "\n:::\n",
        "number: ", "&a ", "*a", "!!str ", "%YAML", "? ", "<<: ", "\\U", "\\ud800", "[[[", "=?", "?=",
    ]
)  # fmt: skip


def check(load: Load, folder: Path, data: bytes) -> None:
    """Load the bytes; an exception other than ContentErrors, or a place outside the file, fails."""
    try:
        issue = load(data)
    except ContentErrors as error:  # an issue is a good answer too, so this is no `pytest.raises`
        mistakes = error.mistakes
    else:
        assert issue.number == 7
        assert issue.sections
        return
    text = data.removeprefix(b"\xef\xbb\xbf").decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    assert mistakes
    for mistake in mistakes:
        assert mistake.path == folder / "0007.md"
        assert 1 <= mistake.line <= len(lines)
        assert 1 <= mistake.column <= len(lines[mistake.line - 1]) + 1
        assert mistake.message.isprintable()
        assert 0 < len(mistake.message) <= 300


quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_the_issue_that_is_spoiled_here_is_good(load: Load) -> None:
    assert len(load(GOOD).sections) == 5


@quick
@given(st.binary(max_size=300))
def test_any_bytes_are_an_issue_or_mistakes_inside_the_file(load: Load, folder: Path, data: bytes) -> None:
    check(load, folder, data)


@quick
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_body_is_an_issue_or_mistakes_inside_the_file(load: Load, folder: Path, front: str, body: str) -> None:
    check(load, folder, (front + body).encode())


@quick
@given(st.lists(PIECES, max_size=25).map("".join), st.sampled_from(["lead", "figures", "tools", "note", "prose", "x"]))
def test_any_section_is_a_section_or_mistakes(load: Load, folder: Path, front: str, words: str, kind: str) -> None:
    check(load, folder, f"{front}::: {kind}\n{words}\n:::\n".encode())


@quick
@given(st.lists(PIECES, max_size=20).map("".join))
@example('subject: "\\UFFFFFFFF"')
@example("a: &a [*a, *a]\nb: *a")
@example("? ? ? a")
@example("'a\n\nb': c")
@example('"\\e[31m": c')
def test_any_front_matter_is_read_or_mistakes(load: Load, folder: Path, facts: str) -> None:
    check(load, folder, f"---\n{facts}\n---\n::: prose\nx\n:::\n".encode())


@quick
@given(
    st.lists(
        st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), st.lists(PIECES, max_size=3).map("".join)),
        min_size=1,
        max_size=4,
    )
)
def test_a_spoiled_issue_is_an_issue_or_mistakes_inside_the_file(
    load: Load, folder: Path, edits: list[tuple[int, int, str]]
) -> None:
    text = GOOD
    for start, length, words in edits:
        text = text[:start] + words + text[start + length :]
    check(load, folder, text.encode())


@pytest.mark.parametrize("piece", ["[", '"', "{{", "*a ", "<"])
def test_a_paragraph_that_no_one_would_read_is_not_looked_into(
    piece: str, load: Load, folder: Path, front: str
) -> None:
    check(load, folder, f"{front}::: note\n{piece * 300_000}\n:::\n".encode())
