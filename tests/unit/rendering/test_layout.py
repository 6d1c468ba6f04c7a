"""Which sections share a row."""

from collections.abc import Callable

import pytest

from mailer.errors import RenderError
from mailer.issues.model import Bullets, Paragraph, Quote, Section, Subheading, Text
from mailer.rendering.layout import Row, arrange, depths, quoted
from mailer.rendering.theme import Theme

Make = Callable[..., Section]


@pytest.fixture
def make(section: Make) -> Make:
    return section


def test_figures_after_a_lead_stand_beside_it(make: Make, theme: Theme) -> None:
    lead, figures = make("a", kind="lead"), make("", kind="figures")
    assert arrange([lead, figures, figures], theme.kinds, {}) == (
        Row("lead", (lead,), "Lead Story", figures),
        Row("figures", (figures,), "", rule="above"),
    )


@pytest.mark.parametrize(
    ("lead", "figures"),
    [
        ({"only": "tag:pro"}, {}),
        ({}, {"only": "tag:pro"}),
        ({"blocks": ()}, {}),
        ({"blocks": (Subheading(2, (Text("x"),)),)}, {}),
        ({"kind": "prose"}, {}),
    ],
)
def test_figures_stand_alone_where_nothing_can_stand_beside_them(
    make: Make, theme: Theme, lead: dict[str, object], figures: dict[str, object]
) -> None:
    sections = [make("a", **{"kind": "lead", **lead}), make("", **{"kind": "figures", **figures})]
    assert [row.sections for row in arrange(sections, theme.kinds, {})] == [(sections[0],), (sections[1],)]


def test_columns_share_a_row_but_for_those_that_only_some_get(make: Make, theme: Theme) -> None:
    one, two, three, four = (make(word, kind="opinion") for word in ("1", "2", "3", "4"))
    some = make("5", kind="opinion", only="tag:pro")
    rows = arrange([one, two, three, some, four, make("6"), make("7")], theme.kinds, {"opinion": "Voices"})
    assert [(row.label, row.sections, row.only) for row in rows[:3]] == [
        ("Voices", (one, two, three), ""),
        ("Voices", (some,), "tag:pro"),
        ("Voices", (four,), ""),
    ]
    assert [len(row.sections) for row in rows[3:]] == [1, 1]


def test_everyone_sees_one_rule_between_two_rows(make: Make, theme: Theme) -> None:
    some = make("some", only="tag:pro")
    every = make("every")
    rows = arrange([some, some, every, some, every], theme.kinds, {})
    assert [row.rule for row in rows] == ["below", "below", "", "above", "above"]
    assert [row.rule for row in arrange([some, some], theme.kinds, {})] == ["below", "below"]


def test_a_kind_that_the_theme_does_not_have_is_an_error(make: Make, theme: Theme) -> None:
    with pytest.raises(RenderError, match="line 1: the theme has no section kind 'poll'") as caught:
        arrange([make("x", kind="poll")], theme.kinds, {})
    assert "button, deep-dive, figures" in caught.value.hint


def test_subheadings_leave_no_level_out(make: Make) -> None:
    blocks = tuple(
        Subheading(level, (Text("x"),)) if level else Paragraph(())
        for level in (3, 0, 3, 2, 3, 3, 2)  # type: ignore[arg-type]
    )
    assert depths(make("", blocks=blocks, headline=(Text("h"),))) == (1, 0, 2, 1, 2, 2, 1)
    assert depths(make("", blocks=blocks)) == (0, 0, 1, 0, 1, 1, 0)


@pytest.mark.parametrize(
    ("words", "quoted_words"),
    [("plain", "“plain”"), ("“marked”", "“marked”"), ("«marked»", "«marked»"), ('"typed"', '"typed"'), ("", "“”")],
)
def test_a_pull_quote_has_marks_once(make: Make, words: str, quoted_words: str) -> None:
    blocks = (Quote((Text(words),)), Bullets(ordered=False, entries=()))
    quote, bullets = quoted(make("", blocks=blocks), ("“", "”")).blocks
    assert isinstance(quote, Quote)
    assert "".join(word.text for word in quote.content if isinstance(word, Text)) == quoted_words
    assert bullets == blocks[1]
