"""Jinja to MJML to HTML: guards against what mrml does silently, and mistakes at their own place."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.errors import RenderError
from mailer.issues.model import Issue, Section, Text
from mailer.rendering.checks import check_edition
from mailer.rendering.frame import Frame, frame
from mailer.rendering.markup import to_html
from mailer.rendering.pipeline import Rendered, preview_html, preview_text, render_edition, render_stages
from mailer.rendering.theme import Theme, find_theme

PAGE = (
    '<mjml lang="{{{{ frame.language }}}}"><mj-head>{head}<mj-title>{{{{ frame.subject }}}}</mj-title></mj-head><mj-body>'
    '{{{{ sections }}}}<mj-section><mj-column><mj-text>{body}<a href="{{{{ links.unsubscribe }}}}">u</a>'
    '<a href="{{{{ links.preferences }}}}">p</a><a href="{{{{ links.view }}}}">v</a></mj-text></mj-column></mj-section>'
    "</mj-body></mjml>"
)

Render = Callable[..., str]


@pytest.fixture
def render(tmp_path: Path, issue: Issue, section: Callable[..., Section]) -> Render:
    """Renders one section of prose in a theme whose page has the given head and words; other files may be given."""

    def draw(
        head: str = "", body: str = "", *, page: str = "", files: dict[str, str] | None = None, **changes: object
    ) -> str:
        folder = tmp_path / "mine"
        folder.mkdir(exist_ok=True)
        (folder / "theme.yaml").write_text("light: {rule: '#111111'}\n")
        (folder / "_page.mjml.j2").write_text(page or PAGE.format(head=head, body=body))
        for name, text in (files or {}).items():
            (folder / name).write_text(text)
        given: dict[str, object] = {"sections": (section("words"),), **changes}
        edition = render_edition(replace(issue, **given), find_theme("mine", [tmp_path]))
        return preview_html(edition)

    return draw


@pytest.fixture
def around(issue: Issue, theme: Theme) -> Frame:
    return frame(issue, theme.words)


def test_no_reader_asks_google_for_a_font(render: Render) -> None:
    # <mj-text> without a font of its own is MJML's default, Ubuntu.
    html = render(body="words")
    assert "Ubuntu" in html
    assert "fonts.googleapis.com" not in html
    assert "<link" not in html


@pytest.mark.parametrize("space", [" ", "  ", "\t", " \n  ", "\n"])
def test_white_space_in_the_head_does_not_stop_mrml(render: Render, space: str) -> None:
    head = f"{space}<mj-attributes>{space}<mj-text color='#222222' />{space}</mj-attributes>{space}<mj-raw><meta></mj-raw>{space}"
    assert "color:#222222" in render(head)


def test_mjml_that_mrml_leaves_behind_is_an_error(render: Render, around: Frame) -> None:
    with pytest.raises(RenderError, match="MJML was left in the HTML: mj-foo"):
        to_html(
            "<mjml><mj-body><mj-section><mj-column><mj-foo>x</mj-foo></mj-column></mj-section></mj-body></mjml>", around
        )
    # A tag that Jinja puts together is hidden from the lint.
    with pytest.raises(RenderError, match="MJML was left in the HTML: mj-foo"):
        render(body="{{ '<mj-foo>x</mj-foo>' | safe }}")


def test_a_quote_in_the_subject_does_not_break_the_page(render: Render) -> None:
    html = render(subject=(Text('Say "hi" <b> & go'),))
    assert '<title>Say "hi" &lt;b&gt; &amp; go</title>' in html
    assert """aria-label='Say "hi" &lt;b&gt; &amp; go' aria-roledescription="email\"""" in html


def test_comments_of_a_theme_do_not_reach_readers(render: Render) -> None:
    html = render(body="<!-- a secret --><p>x</p>")
    assert "secret" not in html
    assert "<!--[if mso" in html


def test_the_preview_says_its_language_as_every_child_of_body_must(render: Render) -> None:
    html = render("\n<mj-preview>soon</mj-preview>\n")
    assert re.search(r'<body[^>]*><div lang="en-GB" dir="ltr" style="display:none;[^"]*">soon</div>', html)


def test_an_unknown_tag_of_a_theme_is_an_error_at_its_own_line(render: Render, tmp_path: Path) -> None:
    with pytest.raises(RenderError) as caught:
        render(files={"prose.mjml.j2": "{#\nabout: x\nparts: [text]\n#}\n<mj-setcion>\n<mj-text colour='red'>\n"})
    path = tmp_path / "mine" / "prose.mjml.j2"
    assert str(caught.value) == (
        f"{path}:5:1: unknown tag <mj-setcion>; did you mean mj-section?\n"
        f"{path}:6:1: unknown attribute colour of <mj-text>; did you mean color?"
    )
    assert "docs/themes.md" in caught.value.hint


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("{% if %}", ":2: Expected an expression"),
        ("{{ nothing }}", ":2: 'nothing' is undefined"),
        ("{{ frame.nothing }}", ":2: 'mailer.rendering.frame.Frame object' has no attribute 'nothing'"),
        ("{{ light.papre }}", ":2: 'dict object' has no attribute 'papre'"),
        ("{{ 1 / 0 }}", ":2: division by zero"),
        ("{{ frame.title + 1 }}", ":2: "),
        ("{{ frame.title | nofilter }}", ":2: No filter named 'nofilter'."),
        ("{% include 'missing.mjml.j2' %}", ":2: the theme 'mine' has no partial missing.mjml.j2"),
    ],
)
def test_a_mistake_in_jinja_is_an_error_at_its_own_line(
    render: Render, tmp_path: Path, body: str, message: str
) -> None:
    with pytest.raises(RenderError) as caught:
        render(body="\n" + body)
    assert str(caught.value).startswith(f"{tmp_path / 'mine' / '_page.mjml.j2'}{message}")


def test_a_mistake_in_an_included_file_is_named_there(render: Render, tmp_path: Path) -> None:
    with pytest.raises(RenderError) as caught:
        render(body="{% include '_part.mjml.j2' %}", files={"_part.mjml.j2": "\n\n{{ oops }}"})
    assert str(caught.value) == f"{tmp_path / 'mine' / '_part.mjml.j2'}:3: 'oops' is undefined"


def test_a_partial_that_includes_itself_is_an_error(render: Render) -> None:
    with pytest.raises(RenderError, match="recursion"):
        render(body="{% include '_part.mjml.j2' %}", files={"_part.mjml.j2": "{% include '_part.mjml.j2' %}"})


def test_a_partial_in_another_encoding_is_an_error(render: Render, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "_part.mjml.j2").write_bytes("Grüße".encode("latin-1"))
    with pytest.raises(RenderError, match=r"the partial _part\.mjml\.j2 is not UTF-8"):
        render(body="{% include '_part.mjml.j2' %}")


def test_a_workspace_adds_a_kind_with_one_file(tmp_path: Path, issue: Issue, section: Callable[..., Section]) -> None:
    folder = tmp_path / "morning-post"
    folder.mkdir()
    (folder / "poll.mjml.j2").write_text(
        "{#\nabout: A question.\nlabel: Your turn\nattributes: {kicker: text}\nparts: [headline, text]\n#}\n"
        '{% import "_parts.mjml.j2" as parts %}\n'
        '<mj-section css-class="sheet"><mj-column>{{ parts.top(rule) }}'
        '<mj-text><p class="kicker">{{ label }}</p><h2 class="headline">{{ section.headline }}</h2></mj-text>'
        "{{ parts.blocks(section.blocks, 2) }}{{ parts.bottom(rule) }}</mj-column></mj-section>\n"
    )
    poll = section("Which one?", kind="poll", headline=(Text("A question"),))
    edition = render_edition(replace(issue, sections=(poll,)), find_theme("morning-post", [tmp_path]))
    assert check_edition(edition) == []
    assert '<p class="kicker" style=' in preview_html(edition)
    assert "YOUR TURN" in preview_text(edition)


def test_mjml_that_mrml_refuses_is_shown_with_the_place(render: Render) -> None:
    with pytest.raises(RenderError) as caught:
        render(page="<mjml>\n<mj-head>\n<mj-title>ééé</mj-title>\n{{ sections }}</mj-head>\n<mj-body></mj-body></mjml>")
    lines = str(caught.value).splitlines()
    assert re.fullmatch(r"the MJML is not well formed: .* \(line 4 of the MJML\)", lines[0])
    assert lines[1:] == ['  <mj-section css-class="sheet">', "   ^"]


def test_mjml_that_ends_too_early_is_an_error_though_mrml_gives_no_place(around: Frame) -> None:
    with pytest.raises(RenderError, match="the MJML is not well formed: "):
        to_html("<mjml><mj-body><mj-section>", around)


def test_a_page_that_forgets_the_sections_is_an_error(render: Render, section: Callable[..., Section]) -> None:
    with pytest.raises(RenderError, match="rendering lost the section that is only for tag:pro"):
        render(
            page=PAGE.format(head="", body="").replace("{{ sections }}", ""),
            sections=(section("x", only="tag:pro"),),
        )


def test_sections_inside_a_wrapper_are_refused_when_one_is_for_some(
    render: Render, section: Callable[..., Section]
) -> None:
    page = PAGE.format(head="", body="").replace("{{ sections }}", "<mj-wrapper>{{ sections }}</mj-wrapper>")
    assert "words" in render(page=page)
    with pytest.raises(RenderError, match="inside a comment or a tag"):
        render(page=page, sections=(section("x", only="tag:pro"),))


def test_a_template_that_changed_on_disk_is_drawn_anew(render: Render) -> None:
    assert "first" in render(body="first")
    assert "second" in render(body="second")


def test_one_theme_is_compiled_once(issue: Issue, theme: Theme, rendered: Rendered) -> None:
    again = render_stages(issue, theme)
    assert list(again.milliseconds) == ["jinja", "mjml", "premailer", "text", "split"]
    assert again == rendered
