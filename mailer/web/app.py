"""Puts the web side together: routes, armour, and what runs beside them. Another part adds itself to ROUTES."""

import threading
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from mailer.web import archive, confirm, events, health, join, preferences, trial, unsubscribe
from mailer.web.armour import Armour
from mailer.web.attending import attend
from mailer.web.faults import add_faults, broken
from mailer.web.site import THREADS, Site
from mailer.wiring import Workspace

ROUTES: tuple[Callable[[Site], APIRouter], ...] = (
    health.routes,
    unsubscribe.routes,
    archive.routes,
    join.routes,
    confirm.routes,
    preferences.routes,
    trial.routes,
    events.routes,
)
"""Each part's `routes(site)`: its handlers are plain functions, which run in threads and use `site.transaction()`."""

Beside = Callable[[Site, threading.Event], None]
"""What runs in a thread of its own for the life of the app, until the event is set."""

BESIDE: tuple[Beside, ...] = (attend,)

_ANSWERS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The request cannot be read."},
    404: {"description": "There is no such page."},
    503: {"description": "The database is busy; `Retry-After` says when to ask again."},
}


def make_app(
    workspace: Workspace, *, clock: Callable[[], float] = time.monotonic, beside: Sequence[Beside] = BESIDE
) -> FastAPI:
    """The app of a workspace; it closes its database when its life ends.

    Raises SettingsError without a key, DatabaseError for a database that cannot be opened.
    """
    site = Site(workspace, clock)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncGenerator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        stop = threading.Event()
        threads = [threading.Thread(target=each, args=(site, stop), name=each.__name__) for each in beside]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()
            site.close()

    # No schema and no docs on the web: tests ask `app.openapi()`.
    app = FastAPI(title="mailer", openapi_url=None, lifespan=life, redirect_slashes=False, responses=_ANSWERS)
    try:
        for routes in ROUTES:
            app.include_router(routes(site))
        add_faults(app, site)
        prefix = urlsplit(workspace.settings.base_url).path.rstrip("/")
        app.add_middleware(Armour, prefix=prefix, clock=clock, broken=partial(broken, site))
        proxies = [each.strip() for each in workspace.settings.trusted_proxies.split(",") if each.strip()]
        if proxies:
            app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=proxies)
    except BaseException:
        # A setting that a part cannot work with: its life never begins, so it would never end either.
        site.close()
        raise
    app.state.site = site
    return app
