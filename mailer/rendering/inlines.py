"""Inline content of the model as HTML, as plain text, and as words with the fallbacks said."""

from markupsafe import Markup, escape

from mailer.issues.model import Code, Emphasis, Inline, Inlines, LineBreak, Link, Personal, Strong, Text
from mailer.rendering.edition import Place, Slot
from mailer.rendering.slots import clean
from mailer.rendering.tokens import Tokens


def to_html(inlines: Inlines, tokens: Tokens) -> Markup:
    """Escaped HTML; a personal word is a token."""
    return Markup("").join(_html(inline, tokens) for inline in inlines)


def _html(inline: Inline, tokens: Tokens) -> Markup:  # noqa: PLR0911  # one for each kind of word
    match inline:
        case Text(text):
            return escape(clean(text))
        case Strong(children):
            return Markup("<strong>{}</strong>").format(to_html(children, tokens))
        case Emphasis(children):
            return Markup("<em>{}</em>").format(to_html(children, tokens))
        case Code(text):
            return Markup('<code class="code">{}</code>').format(clean(text))
        case Link(url, children):
            return Markup('<a class="link" href="{}">{}</a>').format(clean(url), to_html(children, tokens))
        case Personal(name, fallback):
            return Markup(tokens.slot(Slot(name, Place.HTML, clean(fallback))))  # noqa: S704  # a token holds no markup
        case LineBreak():
            return Markup("<br>")


def to_text(inlines: Inlines, tokens: Tokens) -> str:
    """Plain words; a link's address stands behind its words in angle brackets, a break is a line break."""
    return "".join(_text(inline, tokens) for inline in inlines)


def _text(inline: Inline, tokens: Tokens) -> str:
    match inline:
        case Text(text) | Code(text):
            return clean(text)
        case Strong(children) | Emphasis(children):
            return to_text(children, tokens)
        case Link(url, children):
            return with_address(to_text(children, tokens), clean(url))
        case Personal(name, fallback):
            return tokens.slot(Slot(name, Place.TEXT, clean(fallback)))
        case LineBreak():
            return "\n"


def with_address(words: str, url: str) -> str:
    """`words <url>`, as mail programs find links in plain text; the address alone where it is the words."""
    return f"<{url}>" if words.strip() in (url, url.removeprefix("mailto:")) else f"{words} <{url}>"


def said(inlines: Inlines) -> str:
    """The words alone, with every fallback: for places that have no slots, such as `<title>`."""
    return "".join(_said(inline) for inline in inlines)


def _said(inline: Inline) -> str:
    match inline:
        case Text(text) | Code(text):
            return clean(text)
        case Strong(children) | Emphasis(children) | Link(_, children):
            return said(children)
        case Personal(_, fallback):
            return clean(fallback)
        case LineBreak():
            return " "
