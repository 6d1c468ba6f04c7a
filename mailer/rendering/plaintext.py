"""The text twin, written from the content model and not from the HTML: 72 columns, whole addresses, tables in columns."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from mailer.issues.model import (
    Block,
    Bullets,
    Button,
    Figure,
    Image,
    Inlines,
    Item,
    Paragraph,
    Quote,
    Section,
    Subheading,
)
from mailer.rendering.edition import Place, Slot
from mailer.rendering.frame import Frame
from mailer.rendering.inlines import said, to_text, with_address
from mailer.rendering.layout import Row
from mailer.rendering.slots import clean
from mailer.rendering.tokens import Tokens

COLUMNS = 72

_RULE = "-" * COLUMNS


def write_text(frame: Frame, rows: Sequence[Row], tokens: Tokens) -> str:
    """The same words and links as the HTML, in its order. Lines end with a line feed; addresses are never broken."""
    view, unsubscribe, preferences = (
        tokens.slot(Slot(name, Place.TEXT)) for name in ("view_url", "unsubscribe_url", "preferences_url")
    )
    parts = [_masthead(frame, view)]
    for row in rows:
        text = "\n\n".join(_row(row, tokens))
        text = f"{_ruled(text, row.rule)}\n\n"
        if row.only:
            opening, closing = tokens.only(row.only)
            text = f"{opening}{text}{closing}"
        parts.append(text)
    footer = (
        frame.published,
        frame.postal_address,
        frame.why,
        with_address(frame.unsubscribe, unsubscribe),
        with_address(frame.preferences, preferences),
        with_address(frame.browser, view),
    )
    parts += [f"{_RULE}\n\n", "\n".join(wrap(line) for line in footer), "\n"]
    return "".join(parts)


def _ruled(text: str, rule: str) -> str:
    if rule == "above":
        return f"{_RULE}\n\n{text}"
    return f"{text}\n\n{_RULE}" if rule == "below" else text


def _masthead(frame: Frame, view: str) -> str:
    ears = " | ".join(part for part in (frame.established, frame.edition, frame.number) if part)
    top = (
        wrap(with_address(f"{frame.trouble} {frame.view}", view)),
        "",
        ears,
        "",
        *(line for line in (wrap(frame.title), wrap(frame.tagline), wrap(" • ".join(frame.beats))) if line),
        "=" * COLUMNS,
    )
    dateline = (wrap(" | ".join(frame.dateline)), "=" * COLUMNS) if frame.dateline else ()
    return "\n".join((*top, *dateline)) + "\n\n"


def _row(row: Row, tokens: Tokens) -> Iterator[str]:
    first = row.sections[0]
    yield from _kicker(row, first)
    for section in row.sections:
        yield from _section(section, tokens)
    if row.aside:
        yield from _section(row.aside, tokens)


def _kicker(row: Row, section: Section) -> Iterator[str]:
    words = " / ".join(clean(str(word)) for word in (row.label, section.attributes.get("kicker")) if word)
    rating = section.attributes.get("rating")
    if rating is not None:
        words = f"{words}  {rating}/10".strip()
    if words:
        yield wrap(words.upper())


def _section(section: Section, tokens: Tokens) -> Iterator[str]:
    if byline := section.attributes.get("byline"):
        yield wrap(clean(str(byline)))
    if section.headline:
        yield _underlined(section.headline, "=", tokens)
    if section.standfirst:
        yield wrap(to_text(section.standfirst, tokens))
    for block in section.blocks:
        yield from _block(block, tokens)
    if section.figures:
        yield _figures(section.figures, tokens)
    for number, item in enumerate(section.items, 1):
        yield _item(f"{number:02}", item, tokens)


def _underlined(heading: Inlines, line: str, tokens: Tokens) -> str:
    # The fallbacks' width, not that of the tokens.
    width = max((len(part) for part in wrap(said(heading)).splitlines()), default=0)
    return f"{wrap(to_text(heading, tokens))}\n{line * width}"


def _block(block: Block, tokens: Tokens) -> Iterator[str]:
    match block:
        case Paragraph(content):
            yield wrap(to_text(content, tokens))
        case Subheading(_, content):
            yield _underlined(content, "-", tokens)
        case Quote(content):
            yield wrap(to_text(content, tokens), "    ")
        case Bullets(ordered, entries):
            yield "\n".join(_entries(ordered, entries, tokens))
        case Image():
            yield from _image(block, tokens)
        case Button(url, label):
            yield wrap(with_address(clean(label), clean(url)))


def _entries(ordered: bool, entries: Iterable[Inlines], tokens: Tokens) -> Iterator[str]:  # noqa: FBT001  # the model's own
    for number, entry in enumerate(entries, 1):
        mark = f"{number}. " if ordered else "* "
        yield wrap(to_text(entry, tokens), " " * len(mark), mark)


def _image(image: Image, tokens: Tokens) -> Iterator[str]:
    words = f"[{clean(image.alt)}]" if image.alt else ""
    if image.href:
        words = with_address(words, clean(image.href)).strip()
    if words:
        yield wrap(words)
    if image.caption:
        yield wrap(to_text(image.caption, tokens))


def _figures(figures: Iterable[Figure], tokens: Tokens) -> str:
    cells = [(_one_line(figure.label, tokens), _one_line(figure.value, tokens)) for figure in figures]
    labels, values = (max(len(cell[column]) for cell in cells) for column in (0, 1))
    if 2 + labels + 3 + values > COLUMNS:
        return "\n".join(wrap(f"{label}: {value}", "    ", "  ") for label, value in cells)
    return "\n".join(f"  {label:<{labels}}   {value:>{values}}" for label, value in cells)


def _item(number: str, item: Item, tokens: Tokens) -> str:
    lines = [wrap(_one_line(item.title, tokens), "    ", f"{number}  ")]
    if item.blurb:
        lines.append(wrap(to_text(item.blurb, tokens), "    "))
    if item.url:
        lines.append(f"    <{clean(item.url)}>")
    return "\n".join(lines)


def _one_line(inlines: Inlines, tokens: Tokens) -> str:
    return " ".join(to_text(inlines, tokens).split())


def wrap(text: str, indent: str = "", first: str | None = None) -> str:
    """`text` in lines of at most COLUMNS, but for addresses: whole, on a line of their own where they are long.

    `indent` begins each line, `first` the first one instead. A line break in `text` stays one.
    """
    lines: list[str] = []
    for line in text.split("\n"):
        begin = first if first is not None and not lines else indent
        lines += list(_wrapped(line, begin, indent)) or [begin.rstrip()]
    return "\n".join(lines)


def _wrapped(line: str, begin: str, indent: str) -> Iterator[str]:
    for whole in textwrap.wrap(
        line, COLUMNS, initial_indent=begin, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ):
        if len(whole) <= COLUMNS or "://" in whole or "@@" in whole:
            yield whole
        else:
            # Words without spaces, as Chinese and Japanese write them.
            yield from textwrap.wrap(whole, COLUMNS, subsequent_indent=indent, drop_whitespace=False)
