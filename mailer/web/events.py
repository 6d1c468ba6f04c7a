"""`POST /events/ses`: where SNS posts what became of letters, for those who have it do so over HTTPS."""

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from mailer.web.site import Site
from mailer.wiring.intake import Intake

_AT_ONCE = 4
"""Of the threads that pages are made in: strangers who post here, and have us ask Amazon, must not keep readers waiting."""


def routes(site: Site) -> APIRouter:
    """`/events/ses`. Raises SettingsError when MAILER_SES_TOPIC_ARNS names something else than topics."""
    router = APIRouter()
    posted = Intake(site.workspace).posted_events(site)
    limiter = CapacityLimiter(_AT_ONCE)

    @router.post("/events/ses", response_class=PlainTextResponse, responses={403: {"description": "It is refused."}})
    async def events(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]  # the router calls it
        """Take in a message of SNS."""
        content = await request.body()  # no longer than the armour lets pass
        message_type = request.headers.get("x-amz-sns-message-type", "")
        # It asks the database, and at times Amazon: in a thread, as the other handlers.
        status = await to_thread.run_sync(posted.handle, content, message_type, limiter=limiter)
        return PlainTextResponse("" if status == 200 else "refused\n" if status == 403 else "try again\n", status)  # noqa: PLR2004  # HTTP's own numbers

    return router
