"""Joining on the web: the form of a newsletter, and its HTML for other sites. `confirm` has the page that follows."""

import html
import re
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from mailer.consent import requests
from mailer.consent.marks import is_fresh, mailbox_mark, network_mark, stamp
from mailer.consent.requests import AN_HOUR, Full, Kind, NewRequest
from mailer.web.evidence import digest, evidence_of, host_of
from mailer.web.forms import Form
from mailer.web.pages import Look, Words
from mailer.web.site import Site
from subscribers.address import Address, parse
from subscribers.errors import BadAddress

_SITE = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?(?=/|\Z)")
_LONGEST = 320
"""Characters of an address that are looked at."""


def routes(site: Site) -> APIRouter:
    """`/subscribe/<newsletter>`, and its `/embed`."""
    router = APIRouter()

    @router.get("/subscribe/{newsletter}", response_class=HTMLResponse)
    def form(newsletter: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # the router calls it
        """The form."""
        return _form(site, _look(site, newsletter))

    @router.post("/subscribe/{newsletter}", response_class=HTMLResponse)
    def ask(request: Request, newsletter: str, form: Form) -> Response:  # pyright: ignore[reportUnusedFunction]  # as above
        """Write the request down. The answer is the same, byte for byte, whoever's address it is."""
        look = _look(site, newsletter)
        if form.get("website"):
            return site.page(look, "joined.html.j2")  # a trap that nobody sees and no person fills in
        via = _site_of(form.get("via") or request.headers.get("Origin", ""))
        try:
            address = parse(form.get("email", "")[:_LONGEST])
        except BadAddress:
            return _form(site, look, status=400, email=form.get("email", "")[:_LONGEST], note="bad", via=via)
        if not is_fresh(form.get("stamp", ""), newsletter, site.workspace.settings.keys(), site.now()):
            # From another site, whose HTML cannot hold a stamp; or of the day before yesterday.
            return _form(site, look, email=address.email, note="again", via=via)
        try:
            with site.transaction() as connection:
                requests.enter(connection, _request(site, look, address, request, via), site.now())
        except Full:
            return later(site, look)
        return site.page(look, "joined.html.j2")

    @router.get("/subscribe/{newsletter}/embed", response_class=HTMLResponse)
    def embed(newsletter: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # as above
        """The HTML of a form to paste into another site."""
        look = _look(site, newsletter)
        return site.page(look, "embed.html.j2", action=site.url("subscribe", newsletter))

    return router


def later(site: Site, look: Look | str) -> Response:
    """The answer to whoever is beyond a cap: 429, and to come back in an hour."""
    answer = site.page(look, "join_later.html.j2", status=429)
    answer.headers["Retry-After"] = f"{AN_HOUR.total_seconds():.0f}"
    return answer


def _look(site: Site, newsletter: str) -> Look:
    """Only a newsletter that is here can be joined."""
    look = site.looks.of(newsletter) if newsletter in site.looks.slugs() else None
    if look is None or look.newsletter is None:
        raise HTTPException(404)
    return look


def _form(site: Site, look: Look, *, status: int = 200, email: str = "", note: str = "", via: str = "") -> Response:
    key = site.workspace.settings.keys()[0]
    return site.page(
        look,
        "subscribe.html.j2",
        status=status,
        stamp=stamp(look.slug, key, site.now()),
        email=email,
        note=note,
        via=via,
    )


def _request(site: Site, look: Look, address: Address, request: Request, via: str) -> NewRequest:
    key = site.workspace.settings.keys()[0]
    text = consent_text(look)
    evidence = {
        **evidence_of(request),
        "form": site.url("subscribe", look.slug),
        "text": text,
        "text_version": digest(text),
        "language": look.spoken,
    }
    if via:
        evidence["via"] = via
    return NewRequest(
        id=site.workspace.number(),
        kind=Kind.JOIN,
        newsletter=look.slug,
        email=address.email,
        mailbox=mailbox_mark(address.key, key),
        network=network_mark(host_of(request), key),
        evidence=evidence,
    )


def consent_text(look: Look) -> str:
    """What the form says that one agrees to, as it is read."""
    return html.unescape(str(_spoken(look.folders, look.language).say("join.consent", title=look.title)))


@lru_cache(maxsize=64)
def _spoken(folders: tuple[Path, ...], language: str) -> Words:
    return Words(folders, language)


def _site_of(address: str) -> str:
    """The site whose page posted the form, without its path: where somebody was told what they agree to. Empty: ours."""
    found = _SITE.match(address)
    return found[0] if found else ""
