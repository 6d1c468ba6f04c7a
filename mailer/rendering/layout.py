"""Which sections share a row: columns, figures beside a lead, rules between rows. The same for the HTML and the text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mailer.errors import RenderError
from mailer.issues.kinds import Kind
from mailer.issues.model import Block, Paragraph, Quote, Section, Subheading, Text
from mailer.rendering.inlines import said


@dataclass(frozen=True)
class Row:
    """What one partial draws: a section, or consecutive ones of a kind with columns; perhaps another beside the first."""

    kind: str
    sections: tuple[Section, ...]
    label: str
    """The words over the row; empty: none."""
    aside: Section | None = None
    rule: Literal["above", "below", ""] = ""
    """Where the row draws its own rule, so that the rules are right with and without sections that are for some."""

    @property
    def only(self) -> str:
        """The segment that the row is for; empty: everyone."""
        return self.sections[0].only


def arrange(sections: Sequence[Section], kinds: Mapping[str, Kind], labels: Mapping[str, str]) -> tuple[Row, ...]:
    """The rows of an issue, in the order of its file. `labels` are the newsletter's own words over a kind.

    A section with `only` has a row to itself: it must be possible to take it out. Raises RenderError for a kind that is
    not among `kinds`: the issue was read for another theme.
    """
    rows: list[Row] = []
    for section in sections:
        kind = kinds.get(section.kind)
        if kind is None:
            raise RenderError(
                f"line {section.line}: the theme has no section kind {section.kind!r}",
                hint=f"It has {', '.join(sorted(kinds))}. See docs/themes.md for how to add one.",
            )
        last = rows[-1] if rows else None
        if last and _joins(section, kind, last):
            rows[-1] = replace(last, sections=(*last.sections, section))
        elif last and _stands_beside(section, kind, last):
            rows[-1] = replace(last, aside=section)
        else:
            rows.append(Row(section.kind, (section,), labels.get(section.kind, kind.label)))
    return _ruled(rows)


def _joins(section: Section, kind: Kind, last: Row) -> bool:
    return kind.columns > 1 and last.kind == section.kind and not section.only and not last.only


def _stands_beside(section: Section, kind: Kind, last: Row) -> bool:
    lead = last.sections[-1]
    begins_with_words = bool(lead.blocks) and isinstance(lead.blocks[0], Paragraph)
    return kind.beside == last.kind and begins_with_words and last.aside is None and not section.only and not last.only


def _ruled(rows: list[Row]) -> tuple[Row, ...]:
    """Everyone sees one rule between two rows, whichever rows they get: no rule follows the masthead's own."""
    first = next((number for number, row in enumerate(rows) if not row.only), len(rows))
    return tuple(
        replace(row, rule="above" if number > first else "below" if number < first else "")
        for number, row in enumerate(rows)
    )


def quoted(section: Section, marks: tuple[str, str]) -> Section:
    """The section with `marks` round each pull quote that its author did not put into quotation marks."""
    return replace(section, blocks=tuple(_quoted(block, marks) for block in section.blocks))


def _quoted(block: Block, marks: tuple[str, str]) -> Block:
    if not isinstance(block, Quote) or said(block.content).lstrip()[:1] in tuple("\"'“„‘‚«‹»›「『"):
        return block
    return Quote((Text(marks[0]), *block.content, Text(marks[1])))


def depths(section: Section) -> tuple[int, ...]:
    """For each block, how far below the section's headline its subheading stands (0 for other blocks).

    Without a headline the first subheading takes the headline's place. A level that was left out is closed up, since
    screen readers take a jump for a missing heading.
    """
    base = 1 if section.headline else 0
    previous = base - 1
    found: list[int] = []
    for block in section.blocks:
        if isinstance(block, Subheading):
            previous = min(block.level - 2 + base, previous + 1)
            found.append(previous)
        else:
            found.append(0)
    return tuple(found)
