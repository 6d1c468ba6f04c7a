"""The letters as an inbox shows them: rendered, at a phone's width, as text, their headers and their source.

No page has a script, and a letter's own HTML stands in a frame that could not run one: letters are a stranger's words.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from urllib.parse import parse_qs, urlencode

from mailer.local_ses.inbox_style import STYLE
from mailer.local_ses.letters import AcceptedLetter
from mailer.local_ses.refusals import not_found

_ON_A_PAGE = 50
_SEARCHED = 20_000
_LETTER = re.compile(r"/_local/letters/(\d{1,9})(?:/(phone|text|headers|source|html|message))?")
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'self'"
_LETTER_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; font-src data:; base-uri 'none'"
)
_SCHEMES = ("light", "dark")
_PREFERS = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
_VIEWS = {"": "Rendered", "phone": "On a phone", "text": "Text", "headers": "Headers", "source": "Source"}
_BADGES = {
    "BOUNCE": ("bounced", "bad"),
    "COMPLAINT": ("complained", "bad"),
    "REJECT": ("rejected", "bad"),
    "RENDERING_FAILURE": ("never sent", "bad"),
    "DELIVERY_DELAY": ("delayed", ""),
}


@dataclass(frozen=True)
class Page:
    """What a browser gets."""

    content: bytes
    kind: str
    policy: str
    """Its Content-Security-Policy."""


def page(letters: Sequence[AcceptedLetter], path: str, query: str) -> Page:
    """The page at a path below `/_local/`. Raises Refusal (NotFoundException) where there is none."""
    asked = parse_qs(query)
    if path == "/_local/":
        to = asked.get("to", [""])[0].strip()
        number = asked.get("before", [""])[0]
        before = int(number) if number.isdecimal() and len(number) < 10 else len(letters)  # noqa: PLR2004  # digits of a letter's number
        title = f"Letters to {to}" if to else "Letters"
        return _html(title, _list(letters, min(before, len(letters)), to))
    match = _LETTER.fullmatch(path)
    if match is None or int(match[1]) >= len(letters):
        raise not_found(f"There is no {path} here.")
    number, view, letter = int(match[1]), match[2] or "", letters[int(match[1])]
    scheme = asked.get("scheme", [""])[0]
    scheme = scheme if scheme in _SCHEMES else ""
    if view == "html":
        return Page(_in_scheme(letter.html, scheme).encode(), "text/html; charset=utf-8", _LETTER_POLICY)
    if view == "message":
        return Page(letter.content or b"", "text/plain; charset=utf-8", _LETTER_POLICY)
    return _html(letter.subject or "Letter", _letter(number, letter, len(letters), view, scheme))


def _in_scheme(html: str, scheme: str) -> str:
    """A letter as a reader sees it who prefers light or dark.

    A frame with a strange page in it takes the browser's own preference, whatever the page around it says.
    """
    if not scheme:
        return html
    return _PREFERS.sub(lambda found: "(min-width:0)" if found[1].lower() == scheme else "(max-width:0)", html)


# --- the list -------------------------------------------------------------------------------------------------------


def _list(letters: Sequence[AcceptedLetter], before: int, to: str) -> str:
    numbers = _found(letters, before, to)
    shown = numbers[:_ON_A_PAGE]
    rows = "".join(_row(number, letters[number]) for number in shown)
    noun = "letter" if len(letters) == 1 else "letters"
    search = (
        '<form action="/_local/" role="search"><label>Recipient<input type="search" name="to" '
        f'value="{escape(to)}" autocomplete="off"></label><button>Find</button></form>'
    )
    title = f"<h1>{len(letters):,} {noun} accepted</h1>"
    if not rows:
        rows = '<p class="empty">None yet. They appear here as soon as somebody sends one; reload the page.</p>'
        if letters:
            rows = f'<p class="empty">No letter to {escape(to)} among the latest {_SEARCHED:,}.</p>'
    else:
        rows = f"<ol>{rows}</ol>"
    links: list[str] = []
    if before < len(letters) or to:
        links.append('<a href="/_local/">Latest letters</a>')
    if len(numbers) > _ON_A_PAGE:
        older = urlencode({"before": shown[-1]} | ({"to": to} if to else {}))
        links.append(f'<a href="/_local/?{escape(older)}" rel="next">Older letters</a>')
    pages = f'<nav class="pages" aria-label="Pages">{"".join(links)}</nav>' if links else ""
    return f'<div class="head">{title}{search}</div><div class="sheet">{rows}</div>{pages}'


def _found(letters: Sequence[AcceptedLetter], before: int, to: str) -> list[int]:
    """The numbers of the letters on a page and one more, if there is one; the latest first."""
    numbers: list[int] = []
    for number in range(before - 1, max(-1, before - 1 - _SEARCHED), -1):
        if len(numbers) > _ON_A_PAGE:
            break
        if not to or to.lower() in letters[number].recipient.lower():
            numbers.append(number)
    return numbers


def _row(number: int, letter: AcceptedLetter) -> str:
    return (
        f'<li><a href="/_local/letters/{number}"><span>{escape(letter.recipient)}</span>'
        f'<span class="subject">{escape(letter.subject) or _missing(letter)}</span>'
        f"<span>{_badges(letter)} {_time(letter, '%H:%M:%S')}</span></a></li>"
    )


# --- one letter -----------------------------------------------------------------------------------------------------


def _letter(number: int, letter: AcceptedLetter, count: int, view: str, scheme: str) -> str:
    around = [
        f'<a href="/_local/letters/{number + 1}" rel="prev">Newer</a>' if number + 1 < count else "",
        f'<a href="/_local/letters/{number - 1}" rel="next">Older</a>' if number else "",
    ]
    links = " · ".join(['<a href="/_local/">All letters</a>', *filter(None, around)])
    head = (
        f'<nav class="head" aria-label="Letters"><span>{links}</span></nav>'
        f"<h1>{escape(letter.subject) or _missing(letter)}</h1>{_facts(letter)}"
    )
    if letter.content is None:
        return head
    views = {name: title for name, title in _VIEWS.items() if letter.html or name not in {"", "phone"}}
    view = view if view in views else next(iter(views))
    return f'{head}<div class="sheet">{_tabs(number, views, view, scheme)}{_view(number, letter, view, scheme)}</div>'


def _facts(letter: AcceptedLetter) -> str:
    facts = {
        "From": escape(letter.sender),
        "To": escape(letter.recipient) + _badges(letter),
        "Accepted": f"{_time(letter, '%Y-%m-%d %H:%M:%S')} UTC, by {letter.operation}",
    }
    if letter.failure:
        facts["Never sent"] = escape(letter.failure)
    more = {
        "Message id": letter.message_id,
        "Tags": ", ".join(f"{name}={value}" for name, value in letter.tags.items()) or "none",
        "Configuration set": letter.configuration_set or "none: no event tells of this letter",
        "Events": ", ".join(_words(*told) for told in letter.told) or "none",
    }
    shown = _definitions({name: escape(value) for name, value in more.items()})
    return f"{_definitions(facts)}<details><summary>Tags, events and id</summary>{shown}</details>"


def _definitions(facts: dict[str, str]) -> str:
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items()) + "</dl>"


def _words(kind: str, detail: str) -> str:
    words = kind.replace("_", " ").lower()
    return f"{words} ({detail})" if detail else words


def _tabs(number: int, views: dict[str, str], view: str, scheme: str) -> str:
    def link(name: str, title: str, chosen: str, current: bool) -> str:  # noqa: FBT001  # a local helper
        path = f"/_local/letters/{number}" + (f"/{name}" if name else "")
        here = ' aria-current="page"' if current else ""
        return f'<a href="{path}{f"?scheme={chosen}" if chosen else ""}"{here}>{title}</a>'

    tabs = "".join(link(name, title, scheme, name == view) for name, title in views.items())
    if view in {"", "phone"}:
        schemes = "".join(link(view, each.title(), each, each == scheme) for each in _SCHEMES)
        tabs += f'<span class="right">{schemes}</span>'
    return f'<nav class="views" aria-label="Views of the letter">{tabs}</nav>'


def _view(number: int, letter: AcceptedLetter, view: str, scheme: str) -> str:
    chosen = f"?scheme={scheme}" if scheme else ""
    frame = f'sandbox="" referrerpolicy="no-referrer" src="/_local/letters/{number}/html{chosen}"'
    match view:
        case "":
            return f'<iframe title="The letter" {frame}></iframe>'
        case "phone":
            return f'<div class="hand"><iframe title="The letter on a phone" {frame}></iframe></div>'
        case "text":
            return f"<pre>{escape(letter.text)}</pre>"
        case "headers":
            return _table(letter.headers)
        case _:
            alone = f'<a href="/_local/letters/{number}/message">The source alone</a>'
            return f"<pre>{alone}\n\n{escape((letter.content or b'').decode(errors='replace'))}</pre>"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows)
    return f"<table>{cells}</table>"


def _missing(letter: AcceptedLetter) -> str:
    if letter.failure:
        return '<em class="quiet">never sent</em>'
    return '<em class="quiet">no subject</em>' if letter.kept else '<em class="quiet">no longer kept</em>'


def _badges(letter: AcceptedLetter) -> str:
    kinds = dict.fromkeys(kind for kind, _ in letter.told if kind in _BADGES)
    return "".join(f'<b class="badge {_BADGES[kind][1]}">{_BADGES[kind][0]}</b>' for kind in kinds)


def _time(letter: AcceptedLetter, form: str) -> str:
    moment = datetime.fromtimestamp(letter.accepted_at, UTC)
    return f'<time datetime="{moment.isoformat(timespec="seconds")}">{moment.strftime(form)}</time>'


def _html(title: str, body: str) -> Page:
    content = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} – local SES</title><style>{STYLE}</style></head><body>"
        '<header><a class="mark" href="/_local/">Local SES</a>'
        '<span class="quiet">Letters are accepted here, and none is sent on.</span></header>'
        f"<main>{body}</main></body></html>"
    )
    return Page(content.encode(), "text/html; charset=utf-8", _PAGE_POLICY)
