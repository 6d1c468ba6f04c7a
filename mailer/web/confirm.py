"""The pages behind notices' buttons: with a button of their own, because programs follow every link of a letter."""

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from mailer.consent import joining, moving
from mailer.consent.requests import Kind
from mailer.links import Purpose
from mailer.web.evidence import evidence_of
from mailer.web.site import Site


def routes(site: Site) -> APIRouter:
    """`/c/<newsletter>/<token>` confirms a subscription, `/m/<newsletter>/<token>` a new address."""
    router = APIRouter()

    @router.get("/c/{newsletter}/{token}", response_class=HTMLResponse)
    def ask(newsletter: str, token: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # the router calls it
        """The page with one button. A GET confirms nothing."""
        request_id = _named(site, Purpose.CONFIRM, newsletter, token)
        with site.reading() as connection:
            is_open = joining.is_open(connection, Kind.JOIN, newsletter, request_id, site.now())
        if not is_open:
            return _over(site, newsletter)
        return site.page(newsletter, "confirm.html.j2", state="ask", preferences="")

    @router.post("/c/{newsletter}/{token}", response_class=HTMLResponse)
    def confirm(request: Request, newsletter: str, token: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # as above
        """Subscribe them; answered when it is durably written."""
        request_id = _named(site, Purpose.CONFIRM, newsletter, token)
        with site.transaction() as connection:
            subscriber_id = joining.confirm(
                connection,
                newsletter,
                request_id,
                evidence=evidence_of(request),
                hashes=site.workspace.erasure_hashes,
                now=site.now(),
            )
        if subscriber_id is None:
            return _over(site, newsletter)
        preferences = site.links.preferences_url(newsletter, subscriber_id)
        return site.page(newsletter, "confirm.html.j2", state="done", preferences=preferences)

    @router.get("/m/{newsletter}/{token}", response_class=HTMLResponse)
    def ask_to_move(newsletter: str, token: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # as above
        """The page with one button. A GET moves nothing."""
        request_id = _named(site, Purpose.MOVE, newsletter, token)
        with site.reading() as connection:
            is_open = joining.is_open(connection, Kind.MOVE, newsletter, request_id, site.now())
        if not is_open:
            return _over(site, newsletter)
        return site.page(newsletter, "move.html.j2", state="ask", preferences="")

    @router.post("/m/{newsletter}/{token}", response_class=HTMLResponse)
    def move(request: Request, newsletter: str, token: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # as above
        """Let letters go to the new address; the old one is told."""
        request_id = _named(site, Purpose.MOVE, newsletter, token)
        workspace = site.workspace
        with site.transaction() as connection:
            subscriber_id = moving.confirm(
                connection,
                newsletter,
                request_id,
                evidence=evidence_of(request),
                hashes=workspace.erasure_hashes,
                number=workspace.number,
                now=site.now(),
            )
        if subscriber_id is None:
            return _over(site, newsletter)
        preferences = site.links.preferences_url(newsletter, subscriber_id)
        return site.page(newsletter, "move.html.j2", state="done", preferences=preferences)

    return router


def _named(site: Site, purpose: Purpose, newsletter: str, token: str) -> int:
    """The number of the request. The same 404 for everything that we did not sign."""
    request_id = site.links.read(purpose, newsletter, token)
    if request_id is None:
        raise HTTPException(404)
    return request_id


def _over(site: Site, newsletter: str) -> Response:
    return site.page(newsletter, "confirm.html.j2", status=410, state="over", preferences="")
