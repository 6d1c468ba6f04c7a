"""Lists of a section: numbered items with titles, and the plain lists of prose."""

from markdown_it.tree import SyntaxTreeNode

from mailer.issues.model import Bullets, Inline, Inlines, Item, LineBreak, Link, Strong, Text
from mailer.issues.places import Markup

_TITLE = "begins with its title in bold: 1. **Title** or 1. **[Title](https://…)**"
_INDENTED = "indented that far it would be code: indent the words of an entry by three spaces"


def read_items(markup: Markup, kind: str, node: SyntaxTreeNode) -> tuple[Item, ...]:
    """The entries of a numbered list whose every entry has a title."""
    _check_start(markup, node)
    return tuple(item for entry in node.children if (item := _item(markup, kind, entry)))


def read_bullets(markup: Markup, node: SyntaxTreeNode) -> Bullets:
    """A plain list: each entry is one run of words."""
    ordered = node.type == "ordered_list"
    if ordered:
        _check_start(markup, node)
    entries: list[Inlines] = []
    for entry in node.children:
        first, *more = entry.children or [None]
        if first is None:
            markup.mistake(entry, "this entry of the list is empty")
        elif first.type != "paragraph":
            markup.mistake(first, _stray(first))
        else:
            entries.append(markup.inlines(first))
        for extra in more:
            if extra is not None:
                markup.mistake(extra, _stray(extra))
    return Bullets(ordered, tuple(entries))


def _item(markup: Markup, kind: str, entry: SyntaxTreeNode) -> Item | None:
    if not entry.children or entry.children[0].type != "paragraph":
        markup.mistake(entry, f"an entry of '{kind}' {_TITLE}")
        return None
    head, *below = entry.children
    nodes, locate = markup.run(head)
    values = markup.words.inlines(nodes, locate)
    title = _title(values[0]) if values else None
    if title is None:
        markup.mistake(entry, f"an entry of '{kind}' {_TITLE}")
        return None
    words, url = title
    if any(isinstance(each, Link) for each in words):
        markup.mistake(entry, "a title's link covers the whole title: **[Title](https://…)**")
    blurb = _trimmed(values[1:])
    for each in below:
        if each.type != "paragraph":
            markup.mistake(each, _stray(each))
        elif blurb:
            markup.mistake(each, "an entry has one blurb: join these words to those above")
        else:
            blurb = markup.inlines(each)
    return Item(words, url, blurb)


def _title(value: Inline) -> tuple[Inlines, str] | None:
    """The words and the address of `**[Title](url)**`, `[**Title**](url)` or `**Title**`."""
    match value:
        case Strong((Link(url, words),)) | Link(url, (Strong(words),)):
            return words, url
        case Strong(words):
            return words, ""
        case _:
            return None


def _trimmed(words: Inlines) -> Inlines:
    """The blurb that stands on its title's line, without the colon or dash between the two."""
    while words and isinstance(words[0], LineBreak):
        words = words[1:]
    if words and isinstance(words[0], Text):
        first = words[0].text.lstrip(" :—–-")
        words = (Text(first), *words[1:]) if first else words[1:]
    return words


def _check_start(markup: Markup, node: SyntaxTreeNode) -> None:
    start = node.attrs.get("start", 1)
    if start != 1:
        advice = (
            f"it continues one above, indent what is between by three spaces; if {start} is a word, write '{start}\\.'"
        )
        markup.mistake(node, f"a numbered list begins with 1, this one with {start}: if {advice}")


def _stray(node: SyntaxTreeNode) -> str:
    match node.type:
        case "code_block":
            return _INDENTED
        case "paragraph":
            return "an entry of a list is one paragraph: join these words to those above"
        case "bullet_list" | "ordered_list":
            return "a list cannot stand inside a list"
        case _:
            return "an entry of a list holds words only"
