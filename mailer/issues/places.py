"""Where the words of a block stand in the file: from an offset in what markdown-it hands over to line and column."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from mailer.issues.markdown import LONGEST
from mailer.issues.model import Inlines
from mailer.issues.source import Locate, Place
from mailer.issues.words import WordReader

Numbered = Sequence[tuple[int, str]]
"""Lines with their numbers in the file."""


def locate_words(lines: Numbered, first: int, content: str) -> Locate:
    """The places of a paragraph's or heading's words, which begin on the line at index `first`.

    markdown-it drops what a block has around its words (a list's number, `>`, `#`, indentation), so each of its lines
    is looked for in the file's line, from the right: what is dropped stands at the left, but for a heading's `##`.
    """
    parts = content.split("\n")
    starts: list[Place] = []
    for index, part in enumerate(parts):
        number, line = lines[min(first + index, len(lines) - 1)]
        words = part.strip()
        found = line.rfind(words)
        column = found if found >= 0 else len(line) - len(line.lstrip())
        starts.append((number, column + 1 - (len(part) - len(part.lstrip()))))

    def locate(offset: int) -> Place:
        for (number, column), part in zip(starts, parts, strict=True):
            if offset <= len(part):
                return number, max(column + offset, 1)
            offset -= len(part) + 1
        return starts[-1]

    return locate


def locate_cells(line: tuple[int, str], cells: Sequence[str]) -> list[Locate]:
    """The places of the words of a table's row, cell by cell."""
    number, text = line
    position = 0
    found: list[Locate] = []
    for cell in cells:
        written = cell.replace("|", "\\|")
        position = max(text.find(written, position), position)
        found.append(lambda offset, start=position: (number, start + 1 + offset))
        position += len(written)
    return found


@dataclass(frozen=True)
class Markup:
    """The Markdown of one section: its tree, and where each node of it stands in the file."""

    lines: Numbered
    words: WordReader

    def tree(self) -> SyntaxTreeNode:
        """The blocks."""
        return self.words.parse("\n".join(line for _, line in self.lines))

    def place(self, node: SyntaxTreeNode) -> Place:
        """Where a block begins."""
        return self.words.source.indent(self.lines[self._index(node)][0])

    def mistake(self, node: SyntaxTreeNode, message: str) -> None:
        """Note a mistake where a block begins."""
        self.words.source.mistake(self.place(node), message)

    def run(self, node: SyntaxTreeNode) -> tuple[list[SyntaxTreeNode], Locate]:
        """The inline nodes of a paragraph or heading, and their places."""
        inline = node.children[0] if node.children else None
        if inline is None:
            return [], lambda _: self.place(node)
        if long := inline.meta.get("long"):
            self.mistake(node, f"a paragraph of {long:,} characters; one has at most {LONGEST:,}")
        return inline.children, locate_words(self.lines, self._index(node), inline.content)

    def inlines(self, node: SyntaxTreeNode) -> Inlines:
        """The words of a paragraph or heading."""
        return self.words.inlines(*self.run(node))

    def row(self, node: SyntaxTreeNode) -> list[Inlines]:
        """The words of a table's row, cell by cell."""
        inline = [cell.children[0] for cell in node.children]
        places = locate_cells(self.lines[self._index(node)], [each.content for each in inline])
        return [self.words.inlines(each.children, place) for each, place in zip(inline, places, strict=True)]

    def cells(self, node: SyntaxTreeNode) -> int:
        """How many cells a table's row has in the file; markdown-it drops those beyond the heading's."""
        return len(re.split(r"(?<!\\)\|", self.lines[self._index(node)][1].strip().strip("|")))

    def _index(self, node: SyntaxTreeNode) -> int:
        # A block without a map does not exist in markdown-it's own rules; the section's first line is near enough.
        return min(node.map[0], len(self.lines) - 1) if node.map else 0
