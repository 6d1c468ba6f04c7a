"""Notices are rendered as issues are, in the reader's language, and say nothing of anybody."""

import string
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.errors import RenderError
from mailer.issues.model import Newsletter
from mailer.rendering.edition import Place, Slot, walk
from mailer.rendering.notice import LINK, render_notice
from mailer.rendering.notice_words import LANGUAGES, notice_words
from mailer.rendering.slots import fill
from mailer.rendering.testing import mark_as_test
from mailer.rendering.theme import Theme, find_theme, shipped_templates

NEWSLETTER = Newsletter(
    slug="news",
    path=Path("issues/news/newsletter.yaml"),
    title="Zoë’s <News> & Views",
    from_name="News",
    from_email="news@example.org",
    publisher="Example Press",
    postal_address="1 Example Street",
    theme="morning-post",
)
URL = 'https://news.example.org/c/news/"><script>'
KINDS = ("confirm", "move", "moved")


def _theme(folder: Path | None = None) -> Theme:
    return find_theme("morning-post", [folder] if folder else [shipped_templates()])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en-GB", "de", "de-AT", "fr", "ar"])
def test_a_notice_is_a_whole_page_and_a_twin_with_the_postal_address(kind: str, language: str) -> None:
    edition = render_notice(replace(NEWSLETTER, language=language), _theme(), kind, days=7)
    html = fill(edition.html, {LINK: URL}, ())
    text = fill(edition.text, {LINK: URL}, ())
    assert html.startswith("<!DOCTYPE html>")
    assert "1 Example Street" in html
    assert "1 Example Street" in text
    assert "Zoë’s &lt;News&gt; &amp; Views" in html
    assert "Zoë’s <News> & Views" in text
    assert "<script>" not in html
    assert ('dir="rtl"' in html) == (language == "ar")
    assert "prefers-color-scheme:dark" in html


@pytest.mark.parametrize("kind", KINDS)
def test_its_only_slot_is_its_link(kind: str) -> None:
    edition = render_notice(NEWSLETTER, _theme(), kind, days=7)
    slots = {piece for part in (edition.html, edition.text) for piece in walk(part) if isinstance(piece, Slot)}
    links = {Slot(LINK, Place.ATTRIBUTE), Slot(LINK, Place.TEXT)}
    assert slots == (links if kind != "moved" else set())


def test_german_readers_are_spoken_to_in_german() -> None:
    edition = render_notice(replace(NEWSLETTER, language="de-AT"), _theme(), "confirm", days=7)
    assert edition.subject == ("Bitte bestätigen Sie Ihr Abonnement: Zoë’s <News> & Views",)


def test_every_language_says_the_same_things_with_the_same_facts() -> None:
    def facts(words: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(words) if name}

    english = {key: facts(words) for key, words in LANGUAGES["en"].items()}
    assert all({key: facts(words) for key, words in own.items()} == english for own in LANGUAGES.values())


def test_a_workspace_says_it_in_its_own_words(tmp_path: Path) -> None:
    theme = tmp_path / "morning-post"
    theme.mkdir()
    (theme / "theme.yaml").write_text("words: {notice_confirm_button: Oui}", encoding="utf-8")
    edition = render_notice(NEWSLETTER, _theme(tmp_path), "confirm", days=7)
    assert ">Oui<" in "".join(piece for piece in edition.html if isinstance(piece, str)).replace(" ", "").replace(
        "\n", ""
    )


def test_words_that_cannot_be_filled_are_named(tmp_path: Path) -> None:
    theme = tmp_path / "morning-post"
    theme.mkdir()
    (theme / "theme.yaml").write_text('words: {notice_confirm_first: "Dear {name}"}', encoding="utf-8")
    with pytest.raises(RenderError, match="notice_confirm_first"):
        render_notice(NEWSLETTER, _theme(tmp_path), "confirm", days=7)


def test_a_language_that_nobody_wrote_falls_back_to_english() -> None:
    assert notice_words("sw", {})["notice_confirm_button"] == "Confirm my subscription"


def test_a_test_says_so_in_its_subject_and_on_top_of_both_parts() -> None:
    edition = render_notice(NEWSLETTER, _theme(), "confirm", days=7)
    marked = mark_as_test(replace(edition, issue=54))
    words = "This is a test of issue 54."
    html, text = fill(marked.html, {}, ()), fill(marked.text, {}, ())
    assert fill(marked.subject, {}, ()).startswith("[Test] Please confirm")
    assert html.index("<body") < html.index(words) < html.index("Zoë’s", html.index("<body"))
    assert text.startswith(f"[{words}")


def test_a_subject_that_begins_with_a_personal_word_is_marked_too() -> None:
    edition = render_notice(NEWSLETTER, _theme(), "confirm", days=7)
    slot = Slot("first_name", Place.HEADER, "reader")
    assert mark_as_test(replace(edition, subject=(slot, ", hello"))).subject == ("[Test] ", slot, ", hello")
