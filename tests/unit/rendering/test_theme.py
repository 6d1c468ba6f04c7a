"""Finding a theme, and what its palettes promise."""

import itertools
from pathlib import Path

import pytest

from mailer.errors import NotFound, RenderError
from mailer.rendering.theme import Theme, find_theme, shipped_templates


def test_the_shipped_theme_is_found_with_what_every_theme_has(theme: Theme) -> None:
    assert theme.folders == (shipped_templates() / "morning-post", shipped_templates() / "_shared")
    assert sorted(theme.kinds) == [
        "button", "deep-dive", "figures", "image", "lead", "opinion", "prose", "reading", "tools",
    ]  # fmt: skip


def test_a_workspace_changes_and_adds_single_files_colours_and_words(tmp_path: Path) -> None:
    mine = tmp_path / "morning-post"
    mine.mkdir()
    (mine / "poll.mjml.j2").write_text("{#\nabout: A question.\nparts: [text]\n#}\n")
    (mine / "theme.yaml").write_text("light: {accent: '#004400'}\nwords: {unsubscribe: Abmelden}\n")
    theme, shipped = find_theme("morning-post", [tmp_path]), find_theme("morning-post", [])
    assert theme.folders == (mine, *shipped.folders)
    assert set(theme.kinds) - set(shipped.kinds) == {"poll"}
    assert theme.light == {**shipped.light, "accent": "#004400"}
    assert theme.dark == shipped.dark
    assert theme.words == {**shipped.words, "unsubscribe": "Abmelden"}


def test_a_page_in_the_workspace_makes_a_theme_of_its_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "_page.mjml.j2").write_text("<mjml></mjml>")
    theme = find_theme("mine", [tmp_path])
    assert theme.folders == (mine, shipped_templates() / "_shared")
    assert sorted(theme.kinds) == ["button", "image", "prose"]


@pytest.mark.parametrize("name", ["morning-pst", "_shared", "../templates/morning-post", "", "pages"])
def test_a_theme_that_is_not_there_is_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "pages").mkdir()
    with pytest.raises(NotFound) as caught:
        find_theme(name, [tmp_path])
    assert str(caught.value).startswith(f"no theme {name!r}")
    assert caught.value.hint.startswith("Themes: morning-post. Looked in ")
    assert str(tmp_path) in caught.value.hint


def test_what_was_probably_meant_is_said() -> None:
    with pytest.raises(NotFound, match="did you mean 'morning-post'"):
        find_theme("morningpost", [])


def test_a_theme_yaml_in_another_encoding_is_named(tmp_path: Path) -> None:
    mine = tmp_path / "morning-post"
    mine.mkdir()
    (mine / "theme.yaml").write_bytes("words: {why: Grüße}".encode("latin-1"))
    with pytest.raises(RenderError, match=r"theme\.yaml: cannot be read"):
        find_theme("morning-post", [tmp_path])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("light: [", ":1:9: this is not YAML"),
        ("light: \x00", ": this is not YAML"),
        ("- light", ": this is not a mapping"),
        ("lihgt: {paper: '#fff'}", ": 'lihgt' does not belong here"),
        ("light: '#fff'", ": 'light' does not belong here, or is not a mapping"),
    ],
)
def test_a_broken_theme_yaml_is_named(tmp_path: Path, text: str, message: str) -> None:
    mine = tmp_path / "morning-post"
    mine.mkdir()
    (mine / "theme.yaml").write_text(text)
    with pytest.raises(RenderError) as caught:
        find_theme("morning-post", [tmp_path])
    assert str(caught.value).startswith(f"{mine / 'theme.yaml'}{message}")


TEXTS = ("ink", "soft", "accent")
SURFACES = ("desk", "paper", "tint")


@pytest.mark.parametrize("name", ["light", "dark"])
@pytest.mark.parametrize(("text", "surface"), [*itertools.product(TEXTS, SURFACES), ("paper", "accent")])
def test_every_text_is_readable_on_every_surface(theme: Theme, name: str, text: str, surface: str) -> None:
    palette = {"light": theme.light, "dark": theme.dark}[name]
    assert _contrast(palette[text], palette[surface]) >= 4.5  # WCAG 2.2, 1.4.3


@pytest.mark.parametrize("name", ["light", "dark"])
def test_rules_are_seen_and_nothing_glares(theme: Theme, name: str) -> None:
    palette = {"light": theme.light, "dark": theme.dark}[name]
    assert _contrast(palette["rule"], palette["paper"]) >= 3  # WCAG 2.2, 1.4.11
    assert not {"#000000", "#ffffff", "#000", "#fff"} & set(palette.values())


def test_the_contrast_is_that_of_wcag() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
