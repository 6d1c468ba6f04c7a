"""Real servers for apps of tests, kept from one test to the next: to start one and to stop it takes longer than most tests."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, cast

from fastapi import FastAPI

from mailer.web.serving import listen, make_server

_Message = MutableMapping[str, Any]


class WebServer:
    """The server of `mailer serve` in a thread, on a port of its own. It answers for one app after the other."""

    def __init__(self) -> None:
        listening = listen("127.0.0.1", 0)
        self.port: int = listening.getsockname()[1]
        self._app: FastAPI | None = None
        self.under_way = 0
        """Requests that are not answered yet, or of which something is still being done."""
        self._loop: Future[asyncio.AbstractEventLoop] = Future()
        self._server = make_server(cast("FastAPI", self))  # an ASGI app, of which it needs no more
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]}, name="web server")
        self._thread.start()

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
    ) -> None:
        """Hand a request to the app."""
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                await receive()
                if phase == "startup":
                    self._loop.set_result(asyncio.get_running_loop())
                await send({"type": f"lifespan.{phase}.complete"})
            return
        assert self._app is not None
        self.under_way += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self.under_way -= 1

    @contextmanager
    def answering(self, app: FastAPI) -> Generator[None]:
        """The app lives for the length of the block, and answers. In the end no request of it is under way."""
        loop = self._loop.result()
        begun: Future[asyncio.Event] = Future()
        life = asyncio.run_coroutine_threadsafe(self._live(app, begun), loop)
        over = begun.result()
        try:
            yield
        finally:
            loop.call_soon_threadsafe(over.set)
            life.result()

    async def _live(self, app: FastAPI, begun: "Future[asyncio.Event]") -> None:
        over = asyncio.Event()
        try:
            async with app.router.lifespan_context(app):
                self._app = app
                begun.set_result(over)
                await over.wait()
                await self._quiet()
                self._app = None
        except BaseException as error:
            if not begun.done():
                begun.set_exception(error)
            raise

    async def _quiet(self) -> None:
        while self.under_way:  # noqa: ASYNC110  # asked rarely, and nobody else would have to tell
            await asyncio.sleep(0.001)

    def settle(self) -> None:
        """Wait for what is done after an answer: who has it already does not know whether it is in the log, too."""
        asyncio.run_coroutine_threadsafe(self._quiet(), self._loop.result()).result()

    def close(self) -> None:
        """Stop it."""
        self._server.should_exit = True
        self._thread.join()


class WebServers:
    """As many servers as one test needs at the same time."""

    def __init__(self) -> None:
        self._free: list[WebServer] = []

    @contextmanager
    def answering(self, app: FastAPI) -> Generator[WebServer]:
        """A server that answers for the app."""
        server = self._free.pop() if self._free else WebServer()
        try:
            with server.answering(app):
                yield server
        finally:
            self._free.append(server)

    def close(self) -> None:
        """Stop them all."""
        for server in self._free:
            server.close()
