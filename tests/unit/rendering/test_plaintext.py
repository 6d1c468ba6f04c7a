"""The text twin: whole lines, whole addresses."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.issues.model import Button, Figure, Image, Issue, Link, Paragraph, Personal, Section, Text
from mailer.rendering.pipeline import Rendered, preview_text, render_edition
from mailer.rendering.plaintext import COLUMNS, wrap
from mailer.rendering.theme import Theme

TWIN = Path(__file__).parents[2] / "fixtures" / "rendering" / "twin.txt"


def test_the_whole_twin_is_as_it_is_kept(rendered: Rendered) -> None:
    assert rendered.text == TWIN.read_text()


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=400),
    st.sampled_from(["", "    ", "* "]),
)
def test_no_line_is_longer_than_its_columns_and_no_word_is_lost(text: str, first: str) -> None:
    wrapped = wrap(text, " " * len(first), first)
    assert all(len(line) <= COLUMNS for line in wrapped.split("\n") if "://" not in line and "@@" not in line)
    assert "".join(wrapped.split()) == "".join((first + text).split())


def test_an_address_is_never_broken() -> None:
    url = "https://example.org/" + "long/" * 30
    assert wrap(f"Read this <{url}> now.").split("\n") == ["Read this", f"<{url}>", "now."]


@pytest.fixture
def lines(issue: Issue, theme: Theme, section: Callable[..., Section]) -> Callable[..., list[str]]:
    """The lines of one section."""

    def write(**changes: object) -> list[str]:
        only = replace(issue, sections=(section("", **changes),))
        text = preview_text(render_edition(only, theme))
        return text.split("=" * COLUMNS)[2].split("-" * COLUMNS)[0].strip("\n").split("\n")

    return write


def test_figures_stand_in_columns_or_one_under_the_other_when_they_are_wide(lines: Callable[..., list[str]]) -> None:
    figures = [("Parameters", "124M"), ("日本", "1.7T+")]
    narrow = tuple(Figure((Text(label),), (Text(value),)) for label, value in figures)
    wide = (Figure((Text("A measure " * 5),), (Text("and its value " * 3),)),)
    assert lines(kind="figures", blocks=(), figures=narrow) == ["  Parameters    124M", "  日本           1.7T+"]
    assert lines(kind="figures", blocks=(), figures=wide) == [
        "  A measure A measure A measure A measure A measure: and its value and",
        "    its value and its value",
    ]


def test_what_leads_somewhere_says_where(lines: Callable[..., list[str]]) -> None:
    blocks = (
        Paragraph(
            (
                Link("https://example.org/a", (Text("here"),)),
                Text(" and "),
                Link("https://b.example", (Text("https://b.example"),)),
            )
        ),
        Paragraph((Link("mailto:a@example.org", (Text("a@example.org"),)),)),
        Button("https://example.org/go", "Go"),
        Image("https://example.org/x.png", "A dog", caption=(Text("Rex"),), href="https://example.org/rex"),
        Image("https://example.org/x.png", ""),
    )
    assert lines(blocks=blocks) == [
        "here <https://example.org/a> and <https://b.example>",
        "",
        "<mailto:a@example.org>",
        "",
        "Go <https://example.org/go>",
        "",
        "[A dog] <https://example.org/rex>",
        "",
        "Rex",
    ]


def test_a_headline_is_underlined_as_long_as_it_reads(lines: Callable[..., list[str]]) -> None:
    headline = (Text("For "), Personal("first_name", "you"))
    assert lines(headline=headline, blocks=()) == ["For you", "======="]


def test_chinese_is_broken_where_there_are_no_spaces() -> None:
    assert [len(line) for line in wrap("字" * 100).split("\n")] == [COLUMNS, 28]
