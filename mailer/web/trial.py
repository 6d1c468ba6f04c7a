"""Where the links of a test letter lead: pages that say what a real one would do, and change nothing."""

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from mailer.errors import MailerError
from mailer.links import Purpose
from mailer.rendering.pipeline import preview_html
from mailer.web.site import Site

_POLICY = "sandbox; default-src 'none'; img-src https: data:; style-src 'unsafe-inline'; frame-ancestors 'none'"


def routes(site: Site) -> APIRouter:
    """`/t/<newsletter>/<token>`, by GET and by the one-click POST; and its `/view`, the issue as it is now."""
    router = APIRouter()

    @router.get("/t/{newsletter}/{token}", response_class=HTMLResponse)
    def explain(newsletter: str, token: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # the router calls it
        """What this link would do in a real letter."""
        return site.page(newsletter, "trial.html.j2", issue=_issue(site, newsletter, token))

    @router.post("/t/{newsletter}/{token}", response_class=HTMLResponse)
    def leave(newsletter: str, token: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # as above
        """A mail program's own button for leaving: answered as a real one, and nobody leaves."""
        return site.page(newsletter, "trial.html.j2", issue=_issue(site, newsletter, token))

    @router.get("/t/{newsletter}/{token}/view", response_class=HTMLResponse)
    def view(newsletter: str, token: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # as above
        """The issue in a browser, as it is now: only who has a test letter knows this address."""
        issue = _issue(site, newsletter, token)
        try:
            edition = site.workspace.edition(newsletter, issue)
        except MailerError as error:
            raise HTTPException(404) from error
        return HTMLResponse(preview_html(edition), headers={"Content-Security-Policy": _POLICY})

    return router


def _issue(site: Site, newsletter: str, token: str) -> int:
    issue = site.links.read(Purpose.TEST, newsletter, token)
    if issue is None or newsletter not in site.looks.slugs():
        raise HTTPException(404)
    return issue
