"""The letters as an inbox shows them: rendered, at a phone's width, as text, their headers and their source.

No page has a script, and a letter's own HTML stands in a frame that could not run one: letters are a stranger's words.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from urllib.parse import parse_qs

from mailer.local_ses.letters import AcceptedLetter
from mailer.local_ses.refusals import not_found
from mailer.local_ses.simulator import box

_ON_A_PAGE = 100
_LETTER = re.compile(r"/_local/letters/(\d{1,9})(/html|/source)?")
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'"
_LETTER_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; font-src data:; base-uri 'none'"
)

_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:72rem;padding:1rem}
h1{font-size:1.4rem;overflow-wrap:anywhere}
ol{list-style:none;padding:0}
li{border-top:1px solid #8886}
li a{display:grid;grid-template-columns:16rem 1fr 6rem;gap:1rem;padding:.6rem .2rem;color:inherit;text-decoration:none}
li a:hover,li a:focus{background:#8882}
li span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.quiet{opacity:.7}
table{border-collapse:collapse}
th{text-align:left;vertical-align:top;white-space:nowrap;padding-right:1rem;font-weight:600}
td{overflow-wrap:anywhere}
summary{cursor:pointer;font-weight:600;padding:.5rem 0}
pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:1rem;border:1px solid #8886;margin:0}
iframe{border:1px solid #8886;background:#fff;width:100%;height:80vh;box-sizing:border-box}
iframe.phone{max-width:377px;height:667px}
@media(max-width:40rem){li a{grid-template-columns:1fr;gap:0}}
"""


@dataclass(frozen=True)
class Page:
    """What a browser gets."""

    content: bytes
    kind: str
    policy: str
    """Its Content-Security-Policy."""


def page(letters: Sequence[AcceptedLetter], path: str, query: str) -> Page:
    """The page at a path below `/_local/`. Raises Refusal (NotFoundException) where there is none."""
    if path == "/_local/":
        asked = parse_qs(query).get("before", [""])[0]
        before = int(asked) if asked.isdecimal() and len(asked) < 10 else len(letters)  # noqa: PLR2004  # digits of a letter's number
        return _html("Letters", _list(letters, min(before, len(letters))))
    match = _LETTER.fullmatch(path)
    if match is None or int(match[1]) >= len(letters):
        raise not_found(f"There is no {path} here.")
    number, letter = int(match[1]), letters[int(match[1])]
    if match[2] == "/html":
        return Page(letter.html.encode(), "text/html; charset=utf-8", _LETTER_POLICY)
    if match[2] == "/source":
        return Page(letter.content or b"", "text/plain; charset=utf-8", _LETTER_POLICY)
    return _html(letter.subject or "Letter", _letter(number, letter))


def _list(letters: Sequence[AcceptedLetter], before: int) -> str:
    first = max(0, before - _ON_A_PAGE)
    rows = "".join(_row(number, letters[number]) for number in range(before - 1, first - 1, -1))
    older = f'<p><a href="/_local/?before={first}">Older letters</a></p>' if first else ""
    nothing = "" if letters else "<p>None yet. They appear here as soon as somebody sends one; reload the page.</p>"
    noun = "letter" if len(letters) == 1 else "letters"
    return f"<h1>{len(letters):,} {noun} accepted</h1>{nothing}<ol>{rows}</ol>{older}"


def _row(number: int, letter: AcceptedLetter) -> str:
    return (
        f'<li><a href="/_local/letters/{number}"><span>{escape(letter.recipient)}</span>'
        f"<span>{escape(letter.subject) or _missing(letter)}</span>"
        f'<span class="quiet">{_time(letter):%H:%M:%S}</span></a></li>'
    )


def _letter(number: int, letter: AcceptedLetter) -> str:
    facts = {
        "From": letter.sender,
        "To": letter.recipient,
        "Accepted": f"{_time(letter):%Y-%m-%d %H:%M:%S} UTC, by {letter.operation}, as {letter.message_id}",
        "Tags": ", ".join(f"{name}={value}" for name, value in letter.tags.items()) or "none",
        "Configuration set": letter.configuration_set or "none",
    }
    if letter.failure:
        facts["Never sent"] = letter.failure
    elif box(letter.recipient) not in {"", "success"}:
        facts["Mailbox simulator"] = box(letter.recipient)
    head = f'<p><a href="/_local/">All letters</a></p><h1>{escape(letter.subject) or _missing(letter)}</h1>{_table(facts.items())}'
    if letter.content is None:
        return head
    frame = f'sandbox="" referrerpolicy="no-referrer" src="/_local/letters/{number}/html"'
    shown = ""
    if letter.html:
        shown = (
            f'<details open><summary>Rendered</summary><iframe title="The letter" {frame}></iframe></details>'
            f'<details><summary>On a phone</summary><iframe class="phone" title="The letter on a phone" {frame}></iframe></details>'
        )
    return (
        f"{head}{shown}"
        f"<details{'' if shown else ' open'}><summary>Text</summary><pre>{escape(letter.text)}</pre></details>"
        f"<details><summary>Headers</summary>{_table(letter.headers)}</details>"
        f'<details><summary>Source</summary><p><a href="/_local/letters/{number}/source">Alone</a></p>'
        f"<pre>{escape(letter.content.decode(errors='replace'))}</pre></details>"
    )


def _table(rows: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{cells}</table>"


def _missing(letter: AcceptedLetter) -> str:
    if letter.failure:
        return '<em class="quiet">never sent</em>'
    return '<em class="quiet">no subject</em>' if letter.kept else '<em class="quiet">no longer kept</em>'


def _time(letter: AcceptedLetter) -> datetime:
    return datetime.fromtimestamp(letter.accepted_at, UTC)


def _html(title: str, body: str) -> Page:
    content = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )
    return Page(content.encode(), "text/html; charset=utf-8", _PAGE_POLICY)
