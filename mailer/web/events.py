"""`POST /events/ses`: where SNS posts what became of letters, for those who have it do so over HTTPS."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from mailer.web.site import Site


def routes(site: Site) -> APIRouter:
    """`/events/ses`. Raises SettingsError when MAILER_SES_TOPIC_ARNS names something else than topics."""
    router = APIRouter()
    posted = site.workspace.posted_events(site)

    @router.post("/events/ses", response_class=PlainTextResponse, responses={403: {"description": "It is refused."}})
    async def events(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]  # the router calls it
        """Take in a message of SNS."""
        content = await request.body()  # no longer than the armour lets pass
        message_type = request.headers.get("x-amz-sns-message-type", "")
        # It asks the database, and at times Amazon: in a thread, as the other handlers.
        status = await run_in_threadpool(posted.handle, content, message_type)
        return PlainTextResponse("" if status == 200 else "refused\n" if status == 403 else "try again\n", status)  # noqa: PLR2004  # HTTP's own numbers

    return router
