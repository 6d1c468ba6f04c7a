"""Whatever an author writes, wherever, arrives as it is: escaped in the HTML, literally in the text."""

import html as markup
import re
from dataclasses import replace
from datetime import date

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailer.issues.model import (
    Bullets,
    Dateline,
    Figure,
    Inlines,
    Issue,
    Item,
    Link,
    Paragraph,
    Personal,
    Quote,
    Section,
    Subheading,
    Text,
)
from mailer.rendering.outline import Outline
from mailer.rendering.pipeline import preview_html, preview_text, render_edition
from mailer.rendering.slots import clean
from mailer.rendering.theme import Theme

ANY = st.text(st.characters(), min_size=1, max_size=40)


def _said(text: str) -> Inlines:
    return (Text(text),)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(ANY, min_size=18, max_size=18))
@example(words=["\ud800"] * 18)
@example(words=["]]> <!-- {{ x }} {% y %} &amp; </style>"] * 18)
def test_any_words_anywhere_arrive_as_they_are(issue: Issue, theme: Theme, words: list[str]) -> None:
    (
        title,
        tagline,
        beat,
        subject,
        preheader,
        place,
        head,
        stand,
        para,
        sub,
        quote,
        entry,
        link,
        measure,
        value,
        item,
        blurb,
        by,
    ) = words
    newsletter = replace(issue.newsletter, title=title, tagline=tagline, beats=(beat,))
    sections = (
        Section("lead", 1, {"rating": 3}, headline=_said(head), standfirst=_said(stand), blocks=(Paragraph(_said(para)),)),
        Section("figures", 2, figures=(Figure(_said(measure), _said(value)),)),
        Section(
            "opinion", 3, {"byline": by}, headline=_said("x"),
            blocks=(
                Subheading(2, _said(sub)), Quote(_said(quote)), Bullets(ordered=True, entries=(_said(entry),)),
                Paragraph((Link("https://example.org/", _said(link)), Personal("first_name", para))),
            ),
        ),
        Section("tools", 4, headline=_said("y"), items=(Item(_said(item), "https://example.org/", _said(blurb)),)),
    )  # fmt: skip
    dateline = Dateline(date(2026, 3, 23), place)
    changed = replace(
        issue, newsletter=newsletter, subject=_said(subject), preheader=preheader, sections=sections, dateline=dateline
    )
    edition = render_edition(changed, theme)
    html, text = preview_html(edition), preview_text(edition)
    outline = Outline.read(html)
    assert outline.faults == []
    seen = _squeezed(
        markup.unescape(
            re.sub(
                r"<!--.*?-->|<style.*?</style>|<[a-zA-Z/!](?:[^\"'>]|\"[^\"]*\"|'[^']*')*>", " ", html, flags=re.DOTALL
            )
        )
    )
    twin = _squeezed(text)
    for word in words:
        assert _squeezed(clean(word)) in seen
        if word not in (subject, preheader):
            assert _squeezed(clean(word)) in twin
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", html + text)
    assert render_edition(changed, theme).digest == edition.digest


def _squeezed(text: str) -> str:
    return "".join(text.split())
