"""Runs of words: from markdown-it's tokens to the model's inline values, each mistake at its own place."""

import re
from dataclasses import dataclass

from markdown_it.tree import SyntaxTreeNode

from mailer.issues.markdown import markdown, plain
from mailer.issues.model import Code, Emphasis, Inline, Inlines, LineBreak, Link, Newsletter, Personal, Strong, Text
from mailer.issues.source import BRACES, CONTROL, Locate, Source, suggest
from mailer.issues.urls import LINKS, wrong_with

ALWAYS = ("first_name", "name", "email")
"""Personal fields that every subscriber has; the newsletter adds its own."""

_TAGS = {
    "b": "**bold**",
    "strong": "**bold**",
    "i": "*italics*",
    "em": "*italics*",
    "a": "[words](https://…)",
    "img": "![what it shows](https://…)",
    "br": "a backslash at the end of the line",
}


@dataclass(frozen=True)
class WordReader:
    """Reads runs of words for one issue and notes its mistakes in the source."""

    source: Source
    newsletter: Newsletter

    def parse(self, text: str) -> SyntaxTreeNode:
        """The tree of a section's Markdown."""
        return SyntaxTreeNode(markdown(self.newsletter.language).parse(text))

    def line(self, text: str, locate: Locate) -> Inlines:
        """A line that is no Markdown but may hold personal words: Text and Personal only."""
        self._jinja(text, locate)
        tree = SyntaxTreeNode(plain(self.newsletter.language).parseInline(text))
        return self.inlines(tree.children[0].children, locate) if tree.children else ()

    def impersonal(self, text: str, what: str, locate: Locate) -> str:
        """A line that is the same for all: the typographer's quotes, and a mistake for anything in braces."""
        if found := BRACES.search(text):
            self.source.mistake(locate(found.start()), f"{what} cannot hold '{found[0]}': it is the same for all")
            return ""
        return "".join(each.text for each in self.line(text, locate) if isinstance(each, Text))

    def inlines(self, nodes: list[SyntaxTreeNode], locate: Locate) -> Inlines:
        """The values of these nodes, runs of text joined."""
        run: list[Inline] = []
        tags = any(_opens(node) for node in nodes)
        for node in nodes:
            if node.type == "html_inline" and (_opens(node) or not tags):
                self._html(node, locate)
            value = self._inline(node, locate)
            if isinstance(value, Text) and run and isinstance(run[-1], Text):
                run[-1] = Text(run[-1].text + value.text)
            elif value is not None and value != Text(""):
                run.append(value)
        return tuple(run)

    def check_url(self, node: SyntaxTreeNode, key: str, schemes: tuple[str, ...], locate: Locate) -> str:
        """The address of a link or an image; "" and a mistake when it is none for a letter."""
        url = str(node.attrs.get(key, ""))
        if wrong := wrong_with(url, schemes):
            self.source.mistake(at(node, locate), wrong)
            return ""
        return url

    def _inline(self, node: SyntaxTreeNode, locate: Locate) -> Inline | None:  # noqa: PLR0911  # one way out for each kind
        match node.type:
            case "text":
                return self._text(node.content, locate)
            case "softbreak":
                return Text(" ")
            case "hardbreak":
                return LineBreak()
            case "strong":
                return Strong(self.inlines(node.children, locate))
            case "em":
                return Emphasis(self.inlines(node.children, locate))
            case "link":
                return self._link(node, locate)
            case "code_inline":
                return self._code(node, locate)
            case "personal":
                return self._personal(node, locate)
            case _:
                self._out_of_place(node, locate)
                return None

    def _text(self, text: str, locate: Locate) -> Text:
        if CONTROL.search(text) or "\n" in text:
            self.source.mistake(locate(0), "an entity here (&#…;) stands for a control character: delete it")
        return Text(text)

    def _link(self, node: SyntaxTreeNode, locate: Locate) -> Link:
        url = self.check_url(node, "href", LINKS, locate)
        children = self.inlines(node.children, locate)
        if not _visible(children):
            self.source.mistake(at(node, locate), "a link needs words: [words](https://…)")
        return Link(url, children)

    def _code(self, node: SyntaxTreeNode, locate: Locate) -> Code:
        if "{{" in node.content:
            self.source.mistake(at(node, locate), "a personal word cannot stand in `code`")
        return Code(node.content)

    def _personal(self, node: SyntaxTreeNode, locate: Locate) -> Personal | None:
        name, bar, fallback = (" ".join(part.split()) for part in str(node.meta["inside"]).partition("|"))
        known = (*ALWAYS, *self.newsletter.fields)
        where = at(node, locate)
        if not name:
            self.source.mistake(where, "a personal word is written {{ first_name | reader }}")
        elif name not in known:
            self.source.mistake(where, f"unknown personal field '{name}'{suggest(name, known)}")
        elif "|" in fallback:
            self.source.mistake(where, f"'{name}' takes one fallback: {{{{ {name} | reader }}}}")
        elif not fallback and (bar or name != "email"):
            self.source.mistake(where, f"'{name}' needs a fallback for those who gave none: {{{{ {name} | reader }}}}")
        else:
            return Personal(name, fallback)
        return None

    def _out_of_place(self, node: SyntaxTreeNode, locate: Locate) -> None:
        where = at(node, locate)
        match node.type:
            case "braces" if node.meta["braces"] == "{{":
                self.source.mistake(where, "'{{' is never closed: a personal word is written {{ first_name | reader }}")
            case "braces":
                self.source.mistake(where, "'}}' closes nothing: a personal word is written {{ first_name | reader }}")
            case "odd" if node.content == "<!":
                self.source.mistake(where, "raw HTML: an issue has no comments: delete it")
            case "odd":
                self.source.mistake(where, _broken_link(node.content))
            case "image":
                self.source.mistake(where, "an image stands alone in its paragraph, in a section that takes images")
            case _:
                pass  # html_inline is reported by its caller, who knows what surrounds it

    def _html(self, node: SyntaxTreeNode, locate: Locate) -> None:
        name = re.match(r"</?([a-zA-Z][a-zA-Z0-9-]*)", node.content)
        instead = (
            f"write {_TAGS.get(name[1].lower(), 'Markdown')} instead" if name else "it would not be seen: delete it"
        )
        shown = node.content if len(node.content) <= 30 else node.content[:29] + "…"  # noqa: PLR2004  # to know it again
        self.source.mistake(at(node, locate), f"raw HTML: {' '.join(shown.split())} ({instead})")

    def _jinja(self, text: str, locate: Locate) -> None:
        for found in re.finditer(r"\{[%#]", text):
            self.source.mistake(locate(found.start()), jinja(found[0]))


def jinja(mark: str) -> str:
    """The message about `{%` or `{#`."""
    return f"'{mark}': an issue is no template; personal words are written {{{{ first_name | reader }}}}"


def at(node: SyntaxTreeNode, locate: Locate) -> tuple[int, int]:
    """Where a node began."""
    return locate(int(node.meta.get("at", 0)))


def flat(nodes: list[SyntaxTreeNode]) -> str:
    """The bare words of these nodes, for a place that holds no markup."""
    words = (" " if each.type == "softbreak" else flat(each.children) or each.content for each in nodes)
    return "".join(words)


def _opens(node: SyntaxTreeNode) -> bool:
    return node.type == "html_inline" and not node.content.startswith("</")


def _broken_link(mark: str) -> str:
    if mark == "][":
        return "this link did not come off: no line '[name]: https://…' in this section says where it leads"
    return "this link did not come off: [words](https://…), without spaces in the address"


def _visible(inlines: Inlines) -> bool:
    return any(not isinstance(each, Text) or each.text.strip() for each in inlines)
