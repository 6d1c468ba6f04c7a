"""Markdown as this house writes it: no HTML, no code blocks; `{{ … }}` is read; every token knows where it began."""

import re
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.parser_inline import RuleFuncInlineType
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, autolink, backtick, html_inline, image, link

LONGEST = 10_000
"""Characters of a paragraph. The typographer's time grows with their square: a megabyte of quotes would take hours."""

_QUOTES: dict[str, str | list[str]] = {
    # Double and single quotes by language, as in Unicode's CLDR (characters/delimiters).
    "cs": "„“‚‘",
    "de": "„“‚‘",
    "es": "«»“”",
    "fi": "””’’",
    "fr": ["«\xa0", "\xa0»", "‹\xa0", "\xa0›"],
    "it": "«»“”",
    "pl": "„”«»",
    "ru": "«»„“",
    "sv": "””’’",
}
_ENGLISH = "“”‘’"
_PERSONAL = re.compile(r"\{\{([^{}]*)\}\}")


@lru_cache(maxsize=8)
def markdown(language: str) -> MarkdownIt:
    """The parser of sections. Tokens `personal` and `odd` carry `at`, their offset in the run of words."""
    # HTML is parsed only to be found and refused; HTML blocks are left off, so that no line hides behind one.
    parser = MarkdownIt("commonmark", {"html": True, "typographer": True, "quotes": _quotes(language)})
    parser.enable(["table", "smartquotes"]).disable("html_block")
    for name, rule in (("link", link), ("image", image), ("autolink", autolink), ("html_inline", html_inline)):
        parser.inline.ruler.at(name, _located(rule))
    parser.inline.ruler.at("backticks", _located(backtick))
    parser.inline.ruler.before("backticks", "personal", _personal)
    parser.inline.ruler.push("odd", _odd)
    parser.core.ruler.before("inline", "long", _long)
    parser.validateLink = lambda url: True  # noqa: ARG005  # a bad address is to be reported, not left as text
    return parser


@lru_cache(maxsize=8)
def plain(language: str) -> MarkdownIt:
    """The parser of a line that is no Markdown, such as the subject: quotes and personal words only."""
    parser = MarkdownIt("zero", {"typographer": True, "quotes": _quotes(language)})
    parser.enable("smartquotes")
    parser.inline.ruler.push("personal", _personal)
    return parser


def _quotes(language: str) -> str | list[str]:
    return _QUOTES.get(language.replace("_", "-").split("-")[0].lower(), _ENGLISH)


def _located(rule: RuleFuncInlineType) -> RuleFuncInlineType:
    """The same rule, whose tokens say where it matched."""

    def run(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # markdown-it's own signature
        start, count = state.pos, len(state.tokens)
        matched = rule(state, silent)
        if matched and not silent:
            for token in state.tokens[count:]:
                if token.type != "text":  # may be what stood before: the rule's first token flushed it
                    token.meta.setdefault("at", start)
        return matched

    return run


def _long(state: StateCore) -> None:
    """Empty every run of words that is too long to look into; its token says how long it was."""
    for token in state.tokens:
        if token.type == "inline" and len(token.content) > LONGEST:
            token.meta = {"long": len(token.content)}
            token.content = ""


def _personal(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # markdown-it's own signature
    """`{{ first_name | reader }}`, and braces that are none."""
    if not state.src.startswith(("{{", "}}"), state.pos):
        return False
    found = _PERSONAL.match(state.src, state.pos, state.posMax)
    if not silent:
        token = state.push("personal" if found else "braces", "", 0)
        # The content is never shown: it tells the typographer that a quote after it closes.
        token.content = "x"
        token.meta = {"at": state.pos, "inside": found[1] if found else "", "braces": state.src[state.pos :][:2]}
    state.pos = found.end() if found else state.pos + 2
    return True


def _odd(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # markdown-it's own signature
    """What is left of a link or of HTML that did not come off; its author means something else than these letters."""
    if silent or not state.src.startswith(("](", "][", "<!--"), state.pos):
        return False
    token = state.push("odd", "", 0)
    token.meta = {"at": state.pos}
    token.content = state.src[state.pos : state.pos + 2]
    state.pos += 2
    return True
