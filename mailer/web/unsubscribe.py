"""The page behind a letter's unsubscribe link, and the one-click POST of RFC 8058 to the same address."""

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from mailer.links import Purpose
from mailer.rendering.edition import Place
from mailer.rendering.slots import escape
from mailer.web import leaving
from mailer.web.evidence import evidence_of
from mailer.web.forms import Form
from mailer.web.site import Site


def routes(site: Site) -> APIRouter:
    """`/u/<newsletter>/<token>`, and `/u/<newsletter>` for whoever has no link of their own."""
    router = APIRouter()

    @router.get("/u/{newsletter}/{token}", response_class=HTMLResponse)
    def ask(newsletter: str, token: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # the router calls it
        """The page with one button. Programs that follow every link of a letter change nothing."""
        subscriber_id = site.links.read(Purpose.UNSUBSCRIBE, newsletter, token)
        if subscriber_id is None:
            return incomplete(site, newsletter)
        with site.reading() as connection:
            reader = leaving.look_up(connection, newsletter, subscriber_id, site.now())
        return _page(site, newsletter, subscriber_id, reader, "ask" if reader.subscribed else "left")

    @router.post("/u/{newsletter}/{token}", response_class=HTMLResponse)
    def act(request: Request, newsletter: str, token: str, form: Form) -> Response:  # pyright: ignore[reportUnusedFunction]  # as above
        """Leave, or with `action=undo` take it back. Answered 200 when it is durably written, never by a redirect."""
        subscriber_id = site.links.read(Purpose.UNSUBSCRIBE, newsletter, token)
        if subscriber_id is None:
            return incomplete(site, newsletter)
        now = site.now()
        action = form.get("action")
        if action not in {"leave", "undo"}:
            with site.transaction() as connection:
                leaving.leave(connection, newsletter, subscriber_id, source=leaving.ONE_CLICK, reason="", now=now)
            return PlainTextResponse("You are unsubscribed.\n")  # a mail program asked: nobody looks at a page
        with site.transaction() as connection:
            if action == "undo":
                evidence = evidence_of(request)
                leaving.take_back(connection, newsletter, subscriber_id, now=now, evidence=evidence)
            else:
                reason = escape(form.get("reason", ""), Place.TEXT)
                leaving.leave(connection, newsletter, subscriber_id, source=leaving.PAGE, reason=reason, now=now)
            reader = leaving.look_up(connection, newsletter, subscriber_id, now)
        state = "back" if action == "undo" and reader.subscribed else "left"
        return _page(site, newsletter, subscriber_id, reader, state)

    @router.get("/u/{newsletter}", response_class=HTMLResponse)
    def explain(newsletter: str) -> Response:  # pyright: ignore[reportUnusedFunction]  # as above
        """Where the links of an archive copy lead: nobody's own, so it can end nobody's subscription."""
        if newsletter not in site.looks.slugs():
            raise HTTPException(404)
        return site.page(newsletter, "explain.html.j2")

    return router


def incomplete(site: Site, newsletter: str) -> Response:
    """The same 404 for everything that we did not sign, whoever it may name; and the way to leave all the same."""
    return site.page(newsletter if newsletter in site.looks.slugs() else "", "incomplete.html.j2", status=404)


def _page(site: Site, newsletter: str, subscriber_id: int, reader: leaving.Reader, state: str) -> Response:
    preferences = site.links.preferences_url(newsletter, subscriber_id)
    return site.page(
        newsletter,
        "unsubscribe.html.j2",
        reader=reader,
        state=state,
        preferences=preferences,
        longest=leaving.LONGEST_REASON,
    )
