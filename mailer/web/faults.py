"""What a reader is told when something is not there, or does not work."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from mailer.errors import DatabaseBusy, DatabaseError
from mailer.web.site import BUSY_SECONDS, Site

_logger = logging.getLogger("mailer.web")

_AGAIN_SECONDS = 60  # a database that is down is not mended in five seconds


def add_faults(app: FastAPI, site: Site) -> None:
    """Answer every error with a page in the newsletter's look and language; nothing of the cause is in it."""

    def not_found(request: Request, _error: Exception) -> Response:
        return _page(site, 404, "missing", request)

    def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 400
        headers = error.headers if isinstance(error, HTTPException) else None
        answer = _page(site, status, "missing" if status == 404 else "refused", request)  # noqa: PLR2004  # HTTP's own number
        answer.headers.update(headers or {})
        return answer

    def unreadable(request: Request, error: Exception) -> Response:
        places = error.errors() if isinstance(error, RequestValidationError) else ()
        in_path = any(place["loc"][:1] == ("path",) for place in places)
        return not_found(request, error) if in_path else _page(site, 400, "refused", request)

    def busy(request: Request, _error: Exception) -> Response:
        answer = _page(site, 503, "busy", request)
        answer.headers["Retry-After"] = f"{BUSY_SECONDS:.0f}"
        return answer

    def down(request: Request, error: Exception) -> Response:
        _logger.error("%s", error)
        answer = _page(site, 503, "busy", request)
        answer.headers["Retry-After"] = str(_AGAIN_SECONDS)
        return answer

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(RequestValidationError, unreadable)
    app.add_exception_handler(DatabaseBusy, busy)
    app.add_exception_handler(DatabaseError, down)


def broken(site: Site) -> Response:
    """The page for a mistake in the program."""
    return _page(site, 500, "broken")


def _page(site: Site, status: int, words: str, request: Request | None = None) -> Response:
    newsletter: str = request.path_params.get("newsletter", "") if request else ""
    look = site.looks.of(newsletter) if newsletter in site.looks.slugs() else site.looks.plain()
    return site.page(look, "fault.html.j2", status=status, words=words)
