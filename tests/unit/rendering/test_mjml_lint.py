"""Mistakes in a theme that mrml passes over in silence."""

from pathlib import Path

import pytest
from mjml import mjml2html

from mailer.errors import Mistake
from mailer.rendering.mjml_lint import lint
from mailer.rendering.theme import shipped_templates

PATH = Path("templates/mine/poll.mjml.j2")


def test_every_mistake_stands_at_its_line_and_column() -> None:
    source = (
        "{# a comment\n  <mj-foo> in it #}\n<mj-section>\n  <mj-colum>{% if a < b %}\n"
        '<mj-text colour="red" font-size="{{ "}" }}">{{ x }}</mj-text><mj-buton>\n'
    )
    assert lint(PATH, source) == [
        Mistake(PATH, 4, 3, "unknown tag <mj-colum>; did you mean mj-column?"),
        Mistake(PATH, 5, 1, "unknown attribute colour of <mj-text>; did you mean color?"),
        Mistake(PATH, 5, 62, "unknown tag <mj-buton>; did you mean mj-button?"),
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('<mj-include path="a" />', "unknown tag <mj-include>: use Jinja's {% include %}"),
        ('<mj-style inline="inline">', "unknown attribute inline of <mj-style>: mrml does not inline"),
        ('<mj-table role="presentation">', "unknown attribute role of <mj-table>: mrml drops it"),
        ("<mj-html-attributes>", "unknown tag <mj-html-attributes>: mrml does not know it"),
        ("<MJ-Text>", "<MJ-Text> must be lower case"),
        ('<mj-attributes><mj-body width="1px" /></mj-attributes>', "mrml ignores <mj-body> in <mj-attributes>"),
        ('<mj-attributes><mj-all colour="red" /></mj-attributes>', "unknown attribute colour of <mj-all>"),
        ('<mj-attributes></mj-attributes><mj-all color="red" />', "unknown tag <mj-all>"),
    ],
)
def test_each_has_its_reason(source: str, message: str) -> None:
    assert [str(mistake).startswith(f"{PATH}:1:") and message in mistake.message for mistake in lint(PATH, source)] == [
        True
    ]


def test_jinja_and_html_are_no_mistakes() -> None:
    source = (
        '<mj-attributes><mj-all padding="0" /><mj-class name="x" color="red" /></mj-attributes>'
        '<mj-text {% if a %}mj-class="x"{% endif %} css-class="{{ b }}"><p bogus="1">{{ "<mj-foo>" }}</p></mj-text>'
    )
    assert lint(PATH, source) == []


def test_mrml_says_nothing_of_what_is_found_here() -> None:
    # The day that mrml speaks up, the table may go.
    page = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"
    assert "<mj-foo>" in mjml2html(page.format("<mj-foo>x</mj-foo>"), fonts={})
    assert "x" in mjml2html(page.format('<mj-text colour="red">x</mj-text>'), fonts={})


@pytest.mark.parametrize("path", sorted(shipped_templates().glob("*/*.mjml.j2")), ids=lambda path: path.name)
def test_the_shipped_themes_are_clean(path: Path) -> None:
    assert lint(path, path.read_text()) == []
