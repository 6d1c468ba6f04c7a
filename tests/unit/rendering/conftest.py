"""An issue built by hand, with every kind of section, and the shipped theme: what the tests of rendering share."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mailer.issues.model import (
    Bullets,
    Button,
    Code,
    Dateline,
    Emphasis,
    Figure,
    Image,
    Inlines,
    Issue,
    Item,
    LineBreak,
    Link,
    Newsletter,
    Paragraph,
    Personal,
    Quote,
    Section,
    Strong,
    Subheading,
    Text,
    Weather,
)
from mailer.rendering.pipeline import Rendered, render_stages
from mailer.rendering.theme import Theme, find_theme

NEWSLETTER = Newsletter(
    slug="ai-morning-post",
    path=Path("issues/ai-morning-post/newsletter.yaml"),
    title="The AI Morning Post",
    from_name="The AI Morning Post",
    from_email="post@example.org",
    publisher="Example Press Ltd",
    postal_address="1 Example Street, Manchester M1 1AA, United Kingdom",
    theme="morning-post",
    tagline="Your Daily AI Intelligence Briefing",
    established=2025,
    beats=("Artificial Intelligence", "Machine Learning", "Future Tech"),
    reply_to="editor@example.org",
    site="https://post.example.org/",
)


def words(text: str) -> Inlines:
    return (Text(text),)


LEAD = Section(
    kind="lead",
    line=9,
    attributes={"rating": 7},
    headline=words("Small models leave the data centre"),
    standfirst=words("Compact language models draw attention, and with them the wish to run everything at home."),
    blocks=(
        Paragraph((Text("A model of 124 million weights & no likes – "), Emphasis(words("none")), Text(" – trends."))),
        Paragraph(words("It fits on a laptop. Whoever runs it there sends nothing away.")),
    ),
)
FIGURES = Section(
    kind="figures",
    line=20,
    headline=words("The Scale Spectrum"),
    figures=(
        Figure(words("nanoGPT Parameters"), words("124M")),
        Figure(words("GPT-4 Est. Parameters"), words("1.7T+")),
        Figure(words("Size Reduction"), words("99.9%")),
    ),
)
DEEP_DIVE = Section(
    kind="deep-dive",
    line=30,
    attributes={"kicker": "Analysis"},
    headline=words("Why the future may be smaller"),
    blocks=(
        Paragraph(
            (Text("Serving is dear; see "), Link("https://example.org/cost?a=1&b=2", words("the sums")), Text("."))
        ),
        Subheading(2, words("What it costs")),
        Paragraph((Text("More than "), Strong(words("$100,000")), Text(" a month, says "), Code("bill.py"), Text("."))),
        Quote(words("“Not the biggest model: the one that fits.”")),
        Paragraph((Text("One line,"), LineBreak(), Text("then another."))),
        Bullets(ordered=False, entries=(words("cheap"), words("private"))),
        Bullets(ordered=True, entries=(words("measure"), words("choose"))),
    ),
)
OPINIONS = (
    Section(
        kind="opinion",
        line=50,
        attributes={"byline": "Editor’s Column"},
        headline=words("Everyone’s machine"),
        blocks=(
            Paragraph(words("What runs at home cannot be switched off from afar, and that is worth a lot of money.")),
        ),
    ),
    Section(
        kind="opinion",
        line=56,
        attributes={"byline": "Guest Column"},
        headline=words("Who tests all these?"),
        blocks=(Paragraph(words("Forty thousand downloads, and not one word of documentation.")),),
    ),
)
TOOLS = Section(
    kind="tools",
    line=62,
    headline=words("Tools of the Week"),
    standfirst=words("Four that are worth an hour."),
    items=tuple(
        Item(words(title), f"https://example.org/{number}", words(f"What {title} is good for, in a line or two."))
        for number, title in enumerate(("nanoGPT 124M", "ScoreVision ONNX", "PUMA Keras Model", "OpenBB Terminal"))
    ),
)
READING = Section(
    kind="reading",
    line=80,
    headline=words("Weekend Reading"),
    items=(Item(words("The economics of the edge"), "", words("Where the money goes.")), Item(words("Zoos"), "", ())),
)
PROSE = Section(
    kind="prose",
    line=90,
    only="tag:pro",
    headline=(Text("For you, "), Personal("first_name", "reader")),
    blocks=(
        Paragraph((Text("Thank you, "), Personal("first_name", "reader"), Text(". Only supporters read this."))),
        Image("https://example.org/a.png", "A laptop", caption=words("At home"), href="https://example.org/laptop"),
        Button("https://example.org/go", "Go there"),
    ),
)
PICTURE = Section(kind="image", line=95, blocks=(Image("https://example.org/b.png", "A rack of machines"),))
ACTION = Section(kind="button", line=98, blocks=(Button("https://example.org/join", "Join"),))

SECTIONS = (LEAD, FIGURES, DEEP_DIVE, *OPINIONS, TOOLS, PROSE, READING, PICTURE, ACTION)

ISSUE = Issue(
    newsletter=NEWSLETTER,
    path=Path("issues/ai-morning-post/0054.md"),
    number=54,
    date=date(2025, 12, 20),
    subject=(Text("Good morning, "), Personal("first_name", "reader"), Text(": small models")),
    preheader="Compact models, dear clouds, four tools and two columns.",
    sections=SECTIONS,
    source_digest="0054abcd" * 8,
    dateline=Dateline(date(2026, 3, 23), "Manchester, United Kingdom", Weather(6, "Cloudy")),
)


@pytest.fixture(scope="session")
def issue() -> Issue:
    """An issue with every kind of section; `prose` is only for tag:pro."""
    return ISSUE


@pytest.fixture(scope="session")
def theme() -> Theme:
    """The shipped theme."""
    return find_theme("morning-post", ())


@pytest.fixture(scope="session")
def rendered(issue: Issue, theme: Theme) -> Rendered:
    """`issue` in `theme`."""
    return render_stages(issue, theme)


@pytest.fixture(scope="session")
def section() -> Callable[..., Section]:
    """Makes a section of prose that says `text`, changed as asked."""

    def make(text: str, **changes: Any) -> Section:
        given: dict[str, Any] = {"kind": "prose", "line": 1, "blocks": (Paragraph(words(text)),), **changes}
        return Section(**given)

    return make
