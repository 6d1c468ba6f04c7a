"""Issue in, edition out: once for everybody, with slots for what differs."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from mailer.errors import RenderError
from mailer.issues.load import load_issue
from mailer.issues.model import (
    Dateline,
    Issue,
    Section,
    Text,
    Weather,
)
from mailer.issues.newsletter import load_newsletter
from mailer.rendering.checks import check_edition
from mailer.rendering.edition import Edition, Letterhead, Only, Place, Slot, walk
from mailer.rendering.outline import Outline
from mailer.rendering.pipeline import SAMPLE_LINKS, Rendered, preview_html, preview_text, render_edition, render_stages
from mailer.rendering.slots import fill
from mailer.rendering.theme import Theme

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def fifty_four(theme: Theme) -> Issue:
    """The issue that is sent."""
    folder = ROOT / "issues" / "ai-morning-post"
    return load_issue(folder / "0054.md", load_newsletter(folder), theme.kinds, lambda _: None)


def test_issue_54_says_everything_that_it_has_to_say(fifty_four: Issue, theme: Theme) -> None:
    edition = render_edition(fifty_four, theme)
    assert check_edition(edition) == []
    page = " ".join(Outline.read(preview_html(edition)).paragraphs)
    text = " ".join(preview_text(edition).split())
    for fact in (
        "The AI Morning Post", "20 December 2025", "Est. 2025", "Issue #54", "Your Daily AI Intelligence Briefing",
        "Artificial Intelligence • Machine Learning • Future Tech",
        "Monday, 23 March 2026 | Manchester, United Kingdom | 6 °C Cloudy", "7/10", "The Scale Spectrum",
        "nanoGPT Parameters 124M", "GPT-4 Est. Parameters 1.7T+", "Size Reduction 99.9%", "Editor’s Column",
        "Guest Column", "Tools of the Week", "nanoGPT 124M", "ScoreVision ONNX", "PUMA Keras Model", "OpenBB Terminal",
        "Weekend Reading", "The Economics of Edge AI: Why Small Models Win Big",
        "Model Gardens vs. Model Zoos: Architectural Patterns for Multi-Model Systems",
        "Privacy-Preserving AI: Beyond Federated Learning", "Unsubscribe", "Change your preferences", "View in browser",
        fifty_four.newsletter.publisher, fifty_four.newsletter.postal_address,
    ):  # fmt: skip
        assert fact in page
        assert fact in text
    assert "Lead Story 7/10" in page
    assert "LEAD STORY 7/10" in text
    assert "Deep Dive / Analysis" in page
    assert "DEEP DIVE / ANALYSIS" in text


def test_issue_54_is_small_and_asks_nobody_for_anything(fifty_four: Issue, theme: Theme) -> None:
    html = preview_html(render_edition(fifty_four, theme))
    assert len(html.encode()) < 80_000
    assert "<img" not in html
    assert "@import" not in html
    assert set(re.findall(r"https?://[^\s\"'<>]+", html)) == {*SAMPLE_LINKS.values(), "http://www.w3.org/1999/xhtml"}


def test_an_edition_is_made_of_the_issue_and_says_who_sends_it(rendered: Rendered, issue: Issue) -> None:
    edition = rendered.edition
    assert (edition.issue, edition.source_digest) == (54, issue.source_digest)
    assert edition.letterhead == Letterhead(
        "ai-morning-post",
        "The AI Morning Post",
        "The AI Morning Post",
        "post@example.org",
        "editor@example.org",
        "en-GB",
    )
    assert edition.subject == ("Good morning, ", Slot("first_name", Place.HEADER, "reader"), ": small models")
    assert edition.segments == ("tag:pro",)
    assert edition.slots == {"first_name", "unsubscribe_url", "preferences_url", "view_url"}
    assert Edition.from_json(edition.to_json()) == edition


def test_each_slot_is_escaped_for_where_it_stands(rendered: Rendered) -> None:
    slots = {piece for piece in walk(rendered.edition.html) if isinstance(piece, Slot)}
    assert slots == {Slot("first_name", Place.HTML, "reader")} | {Slot(name, Place.ATTRIBUTE) for name in SAMPLE_LINKS}
    texts = {piece for piece in walk(rendered.edition.text) if isinstance(piece, Slot)}
    assert {slot.place for slot in texts} == {Place.TEXT}
    assert {slot.name for slot in texts} == {slot.name for slot in slots}


def test_the_subject_in_the_page_says_the_fallback_and_nobodys_name(rendered: Rendered) -> None:
    html = fill(rendered.edition.html, {**SAMPLE_LINKS, "first_name": "Ada"}, {"tag:pro"})
    assert "<title>Good morning, reader: small models</title>" in html
    assert 'aria-label="Good morning, reader: small models"' in html
    assert "Thank you, Ada. Only supporters" in html


def test_a_subject_with_quotes_and_brackets_stays_one_attribute(issue: Issue, theme: Theme) -> None:
    subject = (Text("\"><script>x</script> & 'y'"),)
    edition = render_edition(replace(issue, subject=subject, preheader='<b>"bold"</b> & so on'), theme)
    assert check_edition(edition) == []
    html = preview_html(edition)
    assert "<title>\"&gt;&lt;script&gt;x&lt;/script&gt; &amp; 'y'</title>" in html
    assert '&lt;b&gt;"bold"&lt;/b&gt; &amp; so on' in html


def test_nothing_personal_is_in_an_edition_before_it_is_filled(rendered: Rendered) -> None:
    literal = "".join(piece for piece in walk(rendered.edition.html) if isinstance(piece, str))
    assert "@@" not in literal
    assert "example.org/unsubscribe" not in literal
    assert "@@0054abcd_" in rendered.mjml


def test_a_value_cannot_do_anything_but_be_read(rendered: Rendered) -> None:
    values = {
        "first_name": '<script>x</script>" onload="y\r\n',
        "unsubscribe_url": 'https://example.org/u?a=1&b="><script>',
        "preferences_url": "https://example.org/p",
        "view_url": "https://example.org/v",
    }
    html = fill(rendered.edition.html, values, rendered.edition.segments)
    assert Outline.read(html).faults == []
    assert "Thank you, &lt;script&gt;x&lt;/script&gt;" in html
    assert 'href="https://example.org/u?a=1&amp;b=&quot;&gt;&lt;script&gt;"' in html
    assert fill(rendered.edition.subject, values, ()) == 'Good morning, <script>x</script>" onload="y: small models'


def test_a_section_for_some_is_a_whole_in_both_parts_and_goes_without_a_trace(
    rendered: Rendered, issue: Issue, theme: Theme
) -> None:
    edition = rendered.edition
    some = [piece for piece in edition.html if isinstance(piece, Only)]
    assert [piece.segment for piece in some] == ["tag:pro"]
    html = fill(some[0].pieces, {}, ())
    assert html.startswith("<!--[if mso | IE]><table")
    assert html.endswith("</td></tr></table><![endif]-->")
    assert html.count("<!--[if") == html.count("<![endif]-->")
    assert "Only supporters" in html
    bare = render_edition(replace(issue, sections=tuple(each for each in issue.sections if not each.only)), theme)
    assert fill(edition.html, SAMPLE_LINKS, ()) == preview_html(bare)
    assert fill(edition.text, SAMPLE_LINKS, ()) == preview_text(bare)


@pytest.mark.parametrize("place", range(4))
def test_a_section_for_some_may_stand_anywhere(
    issue: Issue, theme: Theme, section: Callable[..., Section], place: int
) -> None:
    every = [section("Every one", headline=(Text("One"),)), section("and all"), section("of you")]
    some = section("Only some", only="tag:pro", headline=(Text("Some"),))
    edition = render_edition(replace(issue, sections=(*every[:place], some, *every[place:])), theme)
    assert check_edition(edition) == []
    bare = render_edition(replace(issue, sections=tuple(every)), theme)
    assert fill(edition.html, SAMPLE_LINKS, ()) == preview_html(bare)
    assert fill(edition.text, SAMPLE_LINKS, ()) == preview_text(bare)


@pytest.mark.parametrize(
    "kind", ["lead", "figures", "deep-dive", "opinion", "tools", "reading", "image", "button", "prose"]
)
def test_every_kind_may_be_for_some_and_stands_alone(issue: Issue, theme: Theme, kind: str) -> None:
    given = next(each for each in issue.sections if each.kind == kind)
    for first in (True, False):
        everyone = next(each for each in issue.sections if each.kind == "reading")
        some = replace(given, only="tag:pro")
        sections = (some, everyone) if first else (everyone, some)
        edition = render_edition(replace(issue, sections=sections), theme)
        assert check_edition(edition) == []
    assert check_edition(render_edition(replace(issue, sections=(replace(given, only=""),)), theme)) == []


def test_the_same_issue_gives_the_same_edition(issue: Issue, theme: Theme, rendered: Rendered) -> None:
    assert render_edition(issue, theme).digest == rendered.edition.digest


def test_another_word_gives_another_edition(issue: Issue, theme: Theme, rendered: Rendered) -> None:
    assert render_edition(replace(issue, preheader="Another."), theme).digest != rendered.edition.digest


def test_the_stages_are_timed_by_the_clock_that_is_handed_in(issue: Issue, theme: Theme) -> None:
    ticks = iter(range(6))
    rendered = render_stages(issue, theme, clock=lambda: next(ticks) / 10)
    assert rendered.milliseconds == pytest.approx(
        {"jinja": 100, "mjml": 100, "premailer": 100, "text": 100, "split": 100}
    )


@pytest.mark.parametrize(
    ("language", "direction", "dateline"),
    [
        ("en-US", "ltr", "Monday, March 23, 2026"),
        ("de", "ltr", "Montag, 23. März 2026"),
        ("pt-BR", "ltr", "segunda-feira, 23 de março de 2026"),
        ("he", "rtl", "יום שני, 23 במרץ 2026"),
    ],
)
def test_dates_and_direction_follow_the_language(
    issue: Issue, theme: Theme, language: str, direction: str, dateline: str
) -> None:
    edition = render_edition(replace(issue, newsletter=replace(issue.newsletter, language=language)), theme)
    assert check_edition(edition) == []
    html = preview_html(edition)
    assert f'<html lang="{language}" dir="{direction}"' in html
    assert dateline in html
    assert dateline in preview_text(edition)


def test_frost_is_written_as_the_language_writes_it(issue: Issue, theme: Theme) -> None:
    cold = Dateline(date(2026, 1, 5), weather=Weather(-3, "Snow"))
    assert "Monday, 5 January 2026 | -3 °C Snow" in preview_text(render_edition(replace(issue, dateline=cold), theme))


def test_an_unknown_language_is_an_error_with_the_way_out(issue: Issue, theme: Theme) -> None:
    with pytest.raises(RenderError, match="no language 'xx-YY-zz' is known") as caught:
        render_edition(replace(issue, newsletter=replace(issue.newsletter, language="xx-YY-zz")), theme)
    assert "newsletter.yaml" in caught.value.hint


@pytest.mark.parametrize("words", ["{titel}", "{", "{0}", "{title.x}", None])
def test_words_of_a_theme_that_cannot_be_filled_are_an_error(issue: Issue, theme: Theme, words: str | None) -> None:
    changed = dict(theme.words)
    del changed["why"]
    if words is not None:
        changed["why"] = words
    with pytest.raises(RenderError, match="'why'"):
        render_edition(issue, replace(theme, words=changed))


def test_a_newsletter_that_says_little_is_still_whole(issue: Issue, theme: Theme) -> None:
    bare = replace(issue.newsletter, tagline="", established=None, beats=(), reply_to="", site="")
    edition = render_edition(replace(issue, newsletter=bare, dateline=None), theme)
    assert check_edition(edition) == []
    assert "You get it because you subscribed with this address." in preview_text(edition)
