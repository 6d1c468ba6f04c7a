"""What an issue says, as frozen values: the one content model behind the HTML and the text twin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

# --- inline content -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Text:
    """Literal words, typographer's quotes already in place; never markup."""

    text: str


@dataclass(frozen=True)
class Strong:
    """Words of weight."""

    children: "Inlines"


@dataclass(frozen=True)
class Emphasis:
    """Words said differently."""

    children: "Inlines"


@dataclass(frozen=True)
class Code:
    """Words to be typed."""

    text: str


@dataclass(frozen=True)
class Link:
    """Words that lead somewhere; the address is http(s) or mailto."""

    url: str
    children: "Inlines"


@dataclass(frozen=True)
class Personal:
    """A word of one reader, `{{ first_name | reader }}`: filled by a slot, never seen by a template."""

    name: str
    fallback: str


@dataclass(frozen=True)
class LineBreak:
    """A break within a paragraph."""


Inline = Text | Strong | Emphasis | Code | Link | Personal | LineBreak
Inlines = tuple[Inline, ...]

# --- blocks ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paragraph:
    """A paragraph."""

    content: Inlines


@dataclass(frozen=True)
class Subheading:
    """A heading inside a section: level 2 or 3 of its Markdown (level 1 is the section's headline)."""

    level: Literal[2, 3]
    content: Inlines


@dataclass(frozen=True)
class Quote:
    """A pull quote, where the author put it."""

    content: Inlines


@dataclass(frozen=True)
class Bullets:
    """A plain list inside prose; each entry is one run of words."""

    ordered: bool
    entries: tuple[Inlines, ...]


@dataclass(frozen=True)
class Image:
    """A picture by its https address; `alt` says in words what it shows."""

    url: str
    alt: str
    caption: Inlines = ()
    href: str = ""


@dataclass(frozen=True)
class Button:
    """One thing to do."""

    url: str
    label: str


Block = Paragraph | Subheading | Quote | Bullets | Image | Button

# --- sections -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """An entry of a numbered list with a title: a tool, a thing to read."""

    title: Inlines
    url: str
    blurb: Inlines


@dataclass(frozen=True)
class Figure:
    """A measure and its value."""

    label: Inlines
    value: Inlines


@dataclass(frozen=True)
class Section:
    """One `::: kind` of an issue, in the order of the file."""

    kind: str
    line: int
    attributes: Mapping[str, str | int] = field(default_factory=dict[str, str | int])
    only: str = ""
    """A segment expression: the section is for those whom it selects. Empty: for everyone."""
    headline: Inlines = ()
    standfirst: Inlines = ()
    blocks: tuple[Block, ...] = ()
    items: tuple[Item, ...] = ()
    figures: tuple[Figure, ...] = ()


# --- the issue and its newsletter -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Weather:
    """The weather of the dateline."""

    celsius: int
    sky: str


@dataclass(frozen=True)
class Dateline:
    """Where and on which day the issue was written."""

    date: date
    place: str = ""
    weather: Weather | None = None


@dataclass(frozen=True)
class Newsletter:
    """What never changes from issue to issue: `issues/<slug>/newsletter.yaml`."""

    slug: str
    path: Path
    title: str
    from_name: str
    from_email: str
    publisher: str
    postal_address: str
    theme: str
    language: str = "en-GB"
    timezone: str = "UTC"
    tagline: str = ""
    established: int | None = None
    beats: tuple[str, ...] = ()
    reply_to: str = ""
    site: str = ""
    fields: tuple[str, ...] = ()
    """Custom fields of a subscriber that an issue may use, beside name, first_name and email."""
    editable: Mapping[str, str] = field(default_factory=dict[str, str])
    """Those of the fields that readers may change themselves -> how they are called on their page."""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """Section kind -> the words over it, where the theme's own do not fit."""
    archive: Literal["listed", "noindex", "unlisted"] = "listed"
    """On the web: for everyone; not for search engines; or each issue by its own link alone."""


@dataclass(frozen=True)
class Issue:
    """One issue as its author wrote it."""

    newsletter: Newsletter
    path: Path
    number: int
    date: date
    subject: Inlines
    """Text and Personal only."""
    preheader: str
    sections: tuple[Section, ...]
    source_digest: str
    """SHA-256 of the issue's file and newsletter.yaml, in hexadecimal: tells whether either was edited."""
    dateline: Dateline | None = None
