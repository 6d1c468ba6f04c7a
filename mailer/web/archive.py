"""The archive: an issue in the browser, a front page for each newsletter and for all, and an Atom feed."""

import hashlib
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from babel.dates import format_date
from fastapi import APIRouter, Path, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from mailer.web import pages
from mailer.web.pages import Look
from mailer.web.shelf import Entry, Shelf
from mailer.web.site import Site

_FEED_ENTRIES = 20
_FRESH = "public, max-age=300"

_ISSUE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""A letter's styles stand in its elements. It may show pictures and lead elsewhere, and nothing more."""

Number = Annotated[int, Path(ge=0, le=999_999_999)]


def routes(site: Site) -> APIRouter:
    """`/`, `/issues/<newsletter>`, its feed, and `/issues/<newsletter>/<number>`."""
    router = APIRouter()
    shelf = Shelf(site)

    @router.get("/", response_class=HTMLResponse)
    def everything(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]  # the router calls it
        """The newsletters that are here; the only one's own front page, if there is no other."""
        looks = [site.looks.of(slug) for slug in site.looks.slugs()]
        shown = [look for look in looks if look.newsletter and look.newsletter.archive != "unlisted"]
        if len(looks) == 1:
            return front(request, looks[0].slug)
        with site.reading() as connection:
            newest = {look.slug: shelf.entries(connection, look.slug, most=1) for look in shown}
        rows = [(look, [_row(site, look, entry) for entry in newest[look.slug]]) for look in shown]
        answer = site.page(site.looks.plain(), "newsletters.html.j2", rows=rows)
        return _public(
            request, answer, indexed=all(look.newsletter.archive == "listed" for look in shown if look.newsletter)
        )

    @router.get("/issues/{newsletter}", response_class=HTMLResponse)
    def front(request: Request, newsletter: str) -> Response:
        """The newsletter's issues, the newest first."""
        look = _look(site, newsletter)
        entries = ()
        if _kept(look) != "unlisted":
            with site.reading() as connection:
                entries = shelf.entries(connection, newsletter)
        rows = [_row(site, look, entry) for entry in entries]
        answer = site.page(look, "archive.html.j2", rows=rows, feed=_feed_path(site, look))
        return _public(request, answer, indexed=_kept(look) == "listed")

    @router.get("/issues/{newsletter}/feed.xml", response_class=Response)
    def feed(request: Request, newsletter: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # as above
        """The newest issues as an Atom feed (RFC 4287)."""
        look = _look(site, newsletter)
        if _kept(look) == "unlisted":
            raise HTTPException(404)
        with site.reading() as connection:
            entries = shelf.entries(connection, newsletter, most=_FEED_ENTRIES)
        given = {
            "rows": [(entry, site.url("issues", newsletter, str(entry.number))) for entry in entries],
            "home": site.url("issues", newsletter),
            "itself": site.url("issues", newsletter, "feed.xml"),
        }
        content = pages.draw(look, "feed.xml.j2", given)
        answer = Response(content, media_type="application/atom+xml")
        return _public(request, answer, indexed=_kept(look) == "listed")

    @router.get("/issues/{newsletter}/{number}", response_class=HTMLResponse)
    def issue(request: Request, newsletter: str, number: Number) -> Response:  # pyright: ignore[reportUnusedFunction]  # as above
        """The issue as everyone may read it: its link may be passed on, and acts for nobody."""
        if "\0" in newsletter:  # PostgreSQL refuses to look for it, which is no fault of the database
            raise HTTPException(404)
        look = site.looks.of(newsletter)
        listed = _kept(look) != "unlisted"
        with site.reading() as connection:
            found = shelf.copy(connection, newsletter, number)
            around = shelf.entries(connection, newsletter) if found and listed else ()
        if found is None:
            raise HTTPException(404)
        copy, published_at = found
        given = {
            "copy": copy,
            "published": published_at.isoformat(),
            "url": site.url("issues", newsletter, str(number)),
            "path": site.path,
            "feed": _feed_path(site, look),
            "indexed": _kept(look) == "listed",
            "older": max((each.number for each in around if each.number < number), default=None),
            "newer": min((each.number for each in around if each.number > number), default=None),
        }
        content = copy.page(
            pages.draw(look, "_issue_head.html.j2", given), pages.draw(look, "_issue_bar.html.j2", given)
        )
        answer = HTMLResponse(content, headers={"Content-Security-Policy": _ISSUE_POLICY})
        answer.headers["Last-Modified"] = format_datetime(published_at, usegmt=True)
        return _public(request, answer, indexed=_kept(look) == "listed")

    return router


def _look(site: Site, newsletter: str) -> Look:
    """The look of a newsletter that is here. Raises 404."""
    if newsletter not in site.looks.slugs():
        raise HTTPException(404)
    return site.looks.of(newsletter)


def _kept(look: Look) -> str:
    """How the newsletter keeps its archive; one whose files are broken or gone shows nothing but single issues."""
    return look.newsletter.archive if look.newsletter else "unlisted"


def _feed_path(site: Site, look: Look) -> str:
    return "" if _kept(look) == "unlisted" else site.path("issues", look.slug, "feed.xml")


def _row(site: Site, look: Look, entry: Entry) -> tuple[Entry, str, str]:
    """An entry, where it is read, and its day as the page's language writes it, in the newsletter's own time zone."""
    zone = ZoneInfo(look.newsletter.timezone) if look.newsletter else None
    day: datetime = entry.published_at.astimezone(zone)
    words = format_date(day, "long", locale=look.spoken.replace("-", "_"))
    return entry, site.path("issues", entry.newsletter, str(entry.number)), words


def _public(request: Request, answer: Response, *, indexed: bool) -> Response:
    """The answer for everyone: kept for five minutes by whoever likes, and not sent again to whoever has it."""
    tag = f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:32]}"'
    answer.headers.update(
        {"Cache-Control": _FRESH, "ETag": tag, "X-Robots-Tag": "all" if indexed else "noindex, nofollow"}
    )
    known = {each.strip().removeprefix("W/") for each in request.headers.get("If-None-Match", "").split(",")}
    if tag in known:
        kept = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
        return Response(status_code=304, headers=kept)
    return answer
