"""One section: from its Markdown to the parts of a Section, against what its kind takes and needs."""

from typing import Literal

from markdown_it.tree import SyntaxTreeNode

from mailer.issues.kinds import PARTS, Kind
from mailer.issues.lists import read_bullets, read_items
from mailer.issues.model import Block, Button, Figure, Image, Inlines, Item, LineBreak, Paragraph, Quote, Subheading
from mailer.issues.places import Markup
from mailer.issues.source import BRACES
from mailer.issues.urls import LINKS, PICTURES
from mailer.issues.words import at, flat

_COLUMNS = 2

_REFUSED = {
    "code_block": "indented by four spaces this is code, which a letter has no place for",
    "fence": "a letter has no place for blocks of code: `code` stands inside a line",
    "hr": "rules are the theme's: end the section and begin another instead",
}


class Blocks:
    """The parts of one section, filled block by block."""

    def __init__(self, markup: Markup, kind: Kind) -> None:
        self._markup = markup
        self._kind = kind
        self.headline: Inlines = ()
        self.standfirst: Inlines = ()
        self.blocks: list[Block] = []
        self.items: tuple[Item, ...] = ()
        self.figures: tuple[Figure, ...] = ()
        self._found: set[str] = set()

    def read(self) -> None:
        """Read the whole section; what is wrong is noted at its place."""
        for node in self._markup.tree().children:
            match node.type:
                case "heading":
                    self._heading(node)
                case "paragraph":
                    self._paragraph(node)
                case "blockquote":
                    self._blockquote(node)
                case "bullet_list" | "ordered_list":
                    self._list(node)
                case "table":
                    self._table(node)
                case _:
                    self._refuse(node)

    def missing(self) -> list[str]:
        """The parts that the kind needs and the section has not, by their names."""
        return sorted(self._kind.needs - self._found, key=list(PARTS).index)

    # --- blocks -----------------------------------------------------------------------------------------------------

    def _heading(self, node: SyntaxTreeNode) -> None:
        level = int(node.tag[1])
        if node.markup in ("=", "-"):
            self._markup.mistake(node, "a line under words makes a heading in Markdown: write '## Words', or '# Words'")
            return
        words = self._markup.inlines(node)
        if not words and not self._markup.run(node)[0]:
            self._markup.mistake(node, "this heading is empty")
        if level == 1:
            again = "headline" in self._found
            if not self._take("headline", node):
                return
            if again:
                self._markup.mistake(node, "a section has one headline: write '## Words' for a heading inside it")
            elif self._found - {"headline"}:
                self._markup.mistake(node, "the headline stands first in its section")
            else:
                self.headline = words
        elif level in (2, 3):
            self._add("text", node, Subheading(_level(level), words))
        else:
            self._markup.mistake(node, "headings have three levels: '#' the headline, '##' and '###' inside the text")

    def _paragraph(self, node: SyntaxTreeNode) -> None:
        nodes, _ = self._markup.run(node)
        only = nodes[0] if len(nodes) == 1 else None
        if only and only.type == "image":
            self._image(node, only, None)
        elif only and only.type == "link" and [each.type for each in only.children] == ["image"]:
            self._image(node, only.children[0], only)
        elif only and only.type == "link" and "button" in self._kind.parts:
            self._button(node, only)
        else:
            self._add("text", node, Paragraph(self._markup.inlines(node)))

    def _image(self, node: SyntaxTreeNode, image: SyntaxTreeNode, link: SyntaxTreeNode | None) -> None:
        words, (_, locate) = self._markup.words, self._markup.run(node)
        where = at(image, locate)
        url = words.check_url(image, "src", PICTURES, locate)
        href = words.check_url(link, "href", LINKS, locate) if link else ""
        alt = flat(image.children).strip()
        if BRACES.search(image.content):
            words.source.mistake(where, "an image's words are the same for all: no {{ … }}")
        elif not alt:
            words.source.mistake(where, "an image says in words what it shows: ![these words](https://…)")
        caption = words.line(str(image.attrs.get("title", "")), lambda _: where)
        alt = words.impersonal(alt, "an image", lambda _: where)
        self._add("image", node, Image(url, alt, caption, href))

    def _button(self, node: SyntaxTreeNode, link: SyntaxTreeNode) -> None:
        words, (nodes, locate) = self._markup.words, self._markup.run(node)
        words.inlines(nodes, locate)
        where = at(link, locate)
        if any(each.type == "personal" for each in link.walk()):
            words.source.mistake(
                where, "a link alone in its paragraph is a button, which says the same to all: no {{ … }}"
            )
        label = words.impersonal(flat(link.children).strip(), "a button", lambda _: where)
        self._add("button", node, Button(str(link.attrs.get("href", "")), label))

    def _blockquote(self, node: SyntaxTreeNode) -> None:
        takes = self._kind.parts
        leads = not self._found - {"headline"}
        if "standfirst" in takes and leads:
            self._take("standfirst", node)
            self.standfirst = self._quoted(node)
        elif "quote" in takes or "standfirst" not in takes:
            self._add("quote", node, Quote(self._quoted(node)))
        else:
            self._markup.mistake(node, "a standfirst stands right under the headline, once")

    def _quoted(self, node: SyntaxTreeNode) -> Inlines:
        words: Inlines = ()
        for each in node.children:
            if each.type == "paragraph":
                words = (*words, LineBreak(), *self._markup.inlines(each)) if words else self._markup.inlines(each)
            else:
                self._markup.mistake(each, "after '>' stand words only")
        if not node.children:
            self._markup.mistake(node, "this '>' has no words")
        return words

    def _list(self, node: SyntaxTreeNode) -> None:
        kind = self._kind
        if node.type == "ordered_list" and "items" in kind.parts:
            if "items" in self._found and node.attrs.get("start", 1) == 1:
                self._markup.mistake(node, "a section has one numbered list")
            self._take("items", node)
            self.items += read_items(self._markup, kind.name, node)
        elif "text" not in kind.parts and "items" in kind.parts:
            self._found.add("items")
            self._markup.mistake(node, f"'{kind.name}' takes a numbered list: 1. **Title** and a few words under it")
        else:
            self._add("text", node, read_bullets(self._markup, node))

    def _table(self, node: SyntaxTreeNode) -> None:
        if not self._take("figures", node):
            return
        if self.figures:
            self._markup.mistake(node, "a section has one table")
        head, *body = node.children
        rows = [row for part in body for row in part.children]
        wide = f"a table has {_COLUMNS} columns, a measure and its value"
        if len(head.children[0].children) != _COLUMNS:
            self._markup.mistake(node, wide)
            return
        if not rows:
            self._markup.mistake(node, "this table has no rows under its heading")
        self._markup.row(head.children[0])
        for row in rows:
            label, value = self._markup.row(row)
            if (cells := self._markup.cells(row)) > _COLUMNS:
                self._markup.mistake(row, f"{wide}; this row has {cells} (a bar inside a cell is written \\|)")
            elif not all(cell.children[0].content for cell in row.children):
                self._markup.mistake(row, "a figure has both a measure and its value")
            else:
                self.figures += (Figure(label, value),)

    # --- what the kind takes ----------------------------------------------------------------------------------------

    def _take(self, part: str, node: SyntaxTreeNode) -> bool:
        """Note that the section has this part, or that its kind takes none."""
        self._found.add(part)
        if part in self._kind.parts:
            return True
        takes = ", ".join(PARTS[each].noun for each in PARTS if each in self._kind.parts)
        self._markup.mistake(
            node, f"'{self._kind.name}' takes no {PARTS[part].noun}{self._advice(node)} (only {takes})"
        )
        return False

    def _add(self, part: str, node: SyntaxTreeNode, block: Block) -> None:
        if not self._take(part, node):
            return
        if self.items or self.figures:
            # A Section keeps its list apart from its words, so the order would be lost without a sound.
            what = "list" if self.items else "table"
            advice = "; indent them by three spaces if they belong to the entry above" if self.items else ""
            self._markup.mistake(node, f"words stand above the section's {what}{advice}")
        self.blocks.append(block)

    def _advice(self, node: SyntaxTreeNode) -> str:
        if node.type == "paragraph" and "|" in flat(node.children) and "figures" in self._kind.parts:
            self._found.add("figures")
            return ": a table has a row '| --- | --- |' under its first"
        if node.type == "paragraph" and self.items:
            return " after its list: indent the words of an entry by three spaces"
        return ""

    def _refuse(self, node: SyntaxTreeNode) -> None:
        self._markup.mistake(node, _REFUSED.get(node.type, "this is nothing that a letter has a place for"))


def _level(level: int) -> Literal[2, 3]:
    return 2 if level == 2 else 3  # noqa: PLR2004  # a heading's level is its number
