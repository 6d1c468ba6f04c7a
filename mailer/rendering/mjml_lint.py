"""Unknown tags and attributes in a theme, at their own file and line: mrml draws both without a word."""

import difflib
import re
from html.parser import HTMLParser
from pathlib import Path

from mailer.errors import Mistake

_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_BORDER = "border border-top border-right border-bottom border-left border-radius"
_FONT = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform"
_BACKGROUND = (
    "background-color background-url background-repeat background-size background-position background-position-x "
    "background-position-y"
)
_SECTION = f"{_BACKGROUND} {_BORDER} {_PADDING} direction full-width text-align"
_ICON = "icon-align icon-width icon-height icon-wrapped-url icon-wrapped-alt icon-unwrapped-url icon-unwrapped-alt icon-position"
_SOCIAL = f"{_PADDING} align border-radius {_FONT} icon-size icon-height icon-padding text-padding vertical-align"

# MJML 5.4's components without those that mrml 6.0 refuses or ignores; facts measured against both.
_BODY: dict[str, str] = {
    "mj-body": "width background-color",
    "mj-wrapper": _SECTION,
    "mj-section": _SECTION,
    "mj-group": "background-color direction vertical-align width",
    "mj-column": f"{_BORDER} {_PADDING} background-color direction vertical-align width inner-background-color "
    "inner-border inner-border-top inner-border-right inner-border-bottom inner-border-left inner-border-radius",
    "mj-text": f"{_PADDING} {_FONT} align container-background-color height vertical-align",
    "mj-button": f"{_PADDING} {_BORDER} {_FONT} align background-color container-background-color height href "
    "inner-padding name rel target text-align title vertical-align width",
    "mj-divider": f"{_PADDING} align border-color border-style border-width container-background-color width",
    "mj-image": f"{_PADDING} {_BORDER} align alt container-background-color fluid-on-mobile font-size height href "
    "max-height name rel sizes src srcset target title usemap width",
    "mj-spacer": f"{_PADDING} {_BORDER} container-background-color height",
    "mj-table": f"{_PADDING} {_FONT} align border cellpadding cellspacing container-background-color table-layout "
    "vertical-align width",
    "mj-hero": f"{_PADDING} mode height background-url background-width background-height background-position "
    "border-radius background-color inner-background-color inner-padding inner-padding-top inner-padding-right "
    "inner-padding-bottom inner-padding-left vertical-align",
    "mj-social": f"{_SOCIAL} border container-background-color inner-padding mode table-layout",
    "mj-social-element": f"{_SOCIAL} alt background-color border href icon-position name rel sizes src srcset target title",
    "mj-navbar": f"{_PADDING} align base-url hamburger ico-align ico-close ico-color ico-font-family ico-font-size "
    "ico-line-height ico-open ico-padding ico-padding-top ico-padding-right ico-padding-bottom ico-padding-left "
    "ico-text-decoration ico-text-transform",
    "mj-navbar-link": f"{_PADDING} {_FONT} href name rel target",
    "mj-accordion": f"{_PADDING} {_ICON} border container-background-color font-family",
    "mj-accordion-element": f"{_ICON} background-color border font-family",
    "mj-accordion-title": f"{_PADDING} background-color color font-family font-size font-weight",
    "mj-accordion-text": f"{_PADDING} background-color color font-family font-size font-weight letter-spacing line-height",
    "mj-carousel": f"{_PADDING} align border-radius container-background-color icon-width left-icon right-icon "
    "tb-border tb-border-radius tb-hover-border-color tb-selected-border-color tb-width thumbnails",
    "mj-carousel-image": "alt border-radius href rel src target tb-border tb-border-radius thumbnails-src title",
}
_HEAD: dict[str, str] = {
    "mjml": "lang dir",
    "mj-head": "",
    "mj-attributes": "",
    "mj-breakpoint": "width",
    "mj-font": "name href",
    "mj-preview": "",
    "mj-raw": "",
    "mj-style": "",
    "mj-title": "",
}
_ANYWHERE = {"css-class", "mj-class"}
KNOWN: dict[str, frozenset[str]] = {
    **{tag: frozenset(attributes.split()) for tag, attributes in _HEAD.items()},
    **{tag: frozenset(attributes.split()) | _ANYWHERE for tag, attributes in _BODY.items()},
}
"""Tag -> its attributes."""
_ANY = frozenset[str]().union(*KNOWN.values())
_DEFAULTS = {"mj-all": _ANY, "mj-class": _ANY | {"name"}}

_WHY = {
    "mj-include": "use Jinja's {% include %}, which names the file and line of a mistake",
    "mj-html-attributes": "mrml does not know it",
    "mj-style inline": "mrml does not inline; begin the sheet with /*inline*/ and premailer does",
    "mj-table role": "mrml drops it; write a plain <table role=…> in <mj-text>",
}

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


def lint(path: Path, source: str) -> list[Mistake]:
    """Every unknown mj- tag and attribute of a template, at its line and column."""
    walk = _Walk(path)
    # Jinja's constructs become blanks of the same shape, so that every line and column stays.
    walk.feed(_JINJA.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), source))
    walk.close()
    return walk.mistakes


class _Walk(HTMLParser):
    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=False)
        self.mistakes: list[Mistake] = []
        self._path = path
        self._in_defaults = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "mj-attributes":
            self._in_defaults = True
        if not tag.startswith("mj"):
            return
        written = (self.get_starttag_text() or "")[1 : len(tag) + 1]
        known = _DEFAULTS.get(tag) if self._in_defaults else None
        known = KNOWN.get(tag) if known is None else known
        if written != tag:
            self._note(f"<{written}> must be lower case, or mrml takes it for HTML: <{tag}>")
        elif known is None:
            self._note(f"unknown tag <{tag}>" + (self._why(tag) or _meant(tag, KNOWN)))
        elif self._in_defaults and tag == "mj-body":
            self._note("mrml ignores <mj-body> in <mj-attributes>: put its attributes on <mj-body> itself")
        else:
            for name, _ in attrs:
                if name not in known:
                    self._note(
                        f"unknown attribute {name} of <{tag}>" + (self._why(f"{tag} {name}") or _meant(name, known))
                    )

    def handle_endtag(self, tag: str) -> None:
        if tag == "mj-attributes":
            self._in_defaults = False

    def _note(self, message: str) -> None:
        line, offset = self.getpos()
        self.mistakes.append(Mistake(self._path, line, offset + 1, message))

    @staticmethod
    def _why(what: str) -> str:
        return f": {_WHY[what]}" if what in _WHY else ""


def _meant(word: str, known: frozenset[str] | dict[str, frozenset[str]]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
