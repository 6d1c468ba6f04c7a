"""Tells whoever watches over the server whether the process lives, and whether it can work."""

from fastapi import APIRouter
from sqlalchemy import text
from starlette.responses import PlainTextResponse, Response

from mailer.errors import DatabaseError
from mailer.web.site import Site


def routes(site: Site) -> APIRouter:
    """`/health` and `/ready`."""
    router = APIRouter()

    @router.get("/health", response_class=PlainTextResponse)
    def health() -> Response:  # pyright: ignore[reportUnusedFunction]  # the router calls it
        """The process lives."""
        return PlainTextResponse("alive\n")

    @router.get("/ready", response_class=PlainTextResponse)
    def ready() -> Response:  # pyright: ignore[reportUnusedFunction]  # the router calls it
        """The database answers. 503 otherwise; why is in the log and not told to strangers."""
        try:
            with site.reading() as connection:
                connection.execute(text("SELECT 1"))
        except DatabaseError:
            return PlainTextResponse("the database does not answer\n", 503)
        return PlainTextResponse("ready\n")

    return router
