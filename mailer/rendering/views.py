"""Sections as templates see them: every word already escaped HTML, so that a partial only arranges."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from mailer.issues.model import Block, Bullets, Button, Image, Paragraph, Quote, Section, Subheading
from mailer.rendering.inlines import to_html
from mailer.rendering.layout import Row, depths
from mailer.rendering.slots import clean
from mailer.rendering.tokens import Tokens


@dataclass(frozen=True)
class BlockView:
    """A block: `name` says which one, `words` is its content (a picture's caption, a button's label)."""

    name: Literal["paragraph", "subheading", "quote", "bullets", "image", "button"]
    words: Markup = field(default_factory=Markup)
    depth: int = 0
    """Of a subheading: how far below the section's headline it stands."""
    ordered: bool = False
    entries: tuple[Markup, ...] = ()
    url: str = ""
    alt: str = ""
    href: str = ""


@dataclass(frozen=True)
class ItemView:
    """An entry of a numbered list."""

    number: str
    title: Markup
    url: str
    blurb: Markup


@dataclass(frozen=True)
class FigureView:
    """A measure and its value."""

    label: Markup
    value: Markup


@dataclass(frozen=True)
class SectionView:
    """A section."""

    kind: str
    attributes: Mapping[str, str | int]
    headline: Markup
    standfirst: Markup
    blocks: tuple[BlockView, ...]
    items: tuple[ItemView, ...]
    figures: tuple[FigureView, ...]

    @property
    def length(self) -> int:
        """About how long its words are, in characters: which of two columns is the taller one."""
        return len(self.headline) * 2 + sum(len(block.words) + 40 for block in self.blocks)


@dataclass(frozen=True)
class RowView:
    """What one partial draws; see layout.Row."""

    kind: str
    sections: tuple[SectionView, ...]
    label: str
    aside: SectionView | None
    rule: Literal["above", "below", ""]


def view_row(row: Row, tokens: Tokens) -> RowView:
    """The row with its words as HTML; personal words become tokens."""
    return RowView(
        kind=row.kind,
        sections=tuple(_section(section, tokens) for section in row.sections),
        label=clean(row.label),
        aside=_section(row.aside, tokens) if row.aside else None,
        rule=row.rule,
    )


def _section(section: Section, tokens: Tokens) -> SectionView:
    return SectionView(
        kind=section.kind,
        attributes={
            name: clean(value) if isinstance(value, str) else value for name, value in section.attributes.items()
        },
        headline=to_html(section.headline, tokens),
        standfirst=to_html(section.standfirst, tokens),
        blocks=tuple(
            _block(block, depth, tokens) for block, depth in zip(section.blocks, depths(section), strict=True)
        ),
        items=tuple(
            ItemView(f"{number:02}", to_html(item.title, tokens), clean(item.url), to_html(item.blurb, tokens))
            for number, item in enumerate(section.items, 1)
        ),
        figures=tuple(
            FigureView(to_html(figure.label, tokens), to_html(figure.value, tokens)) for figure in section.figures
        ),
    )


def _block(block: Block, depth: int, tokens: Tokens) -> BlockView:
    match block:
        case Paragraph(content):
            return BlockView("paragraph", to_html(content, tokens))
        case Subheading(_, content):
            return BlockView("subheading", to_html(content, tokens), depth=depth)
        case Quote(content):
            return BlockView("quote", to_html(content, tokens))
        case Bullets(ordered, entries):
            return BlockView("bullets", ordered=ordered, entries=tuple(to_html(entry, tokens) for entry in entries))
        case Image(url, alt, caption, href):
            return BlockView("image", to_html(caption, tokens), url=clean(url), alt=clean(alt), href=clean(href))
        case Button(url, label):
            return BlockView("button", Markup.escape(clean(label)), url=clean(url))
