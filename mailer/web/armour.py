"""Stands before every route: limits what comes in, guards what goes out, and keeps tokens out of the log."""

import asyncio
import logging
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES = 64 * 1024
EVENT_BYTES = 256 * 1024
"""What SNS posts to `/events/…` at the most."""
HEAD_BYTES = 16 * 1024
"""Of the address and all headers together."""
BODY_SECONDS = 10.0
"""How long a whole body may take."""

_GUARDS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the address of a page may hold a token
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}
"""Where a route says nothing else."""

_logger = logging.getLogger("mailer.web")
_access = logging.getLogger("mailer.web.access")


class Armour:
    """ASGI in, ASGI out. `prefix` is the path of MAILER_BASE_URL: a proxy may take it off, or leave it on.

    `broken` makes the page for a mistake in the program.
    """

    def __init__(
        self, app: ASGIApp, *, prefix: str, clock: Callable[[], float], broken: Callable[[], Response]
    ) -> None:
        self._app = app
        self._broken = broken
        self._prefix = prefix
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            # The life of the app itself. A WebSocket finds no route, and is refused by the router.
            await self._app(scope, receive, send)
            return
        inner = dict(scope)
        inner["path"] = self._within(scope["path"])
        heads_only = scope["method"] == "HEAD"
        if heads_only:
            inner["method"] = "GET"
        answer = _Answer(send, heads_only=heads_only)
        began = self._clock()
        try:
            try:
                async with asyncio.timeout(BODY_SECONDS):  # no task of its own, as wait_for makes
                    body = await _body(inner, receive)
            except HeadTooLarge:
                await answer.refuse(431, "There is more in front of this than is read here.")
            except TooLarge:
                await answer.refuse(413, "This is more than is read here.")
            except TimeoutError:
                await answer.refuse(408, "This took too long to arrive.")
            else:
                await self._guarded(inner, _replay(body, receive), answer)
        finally:
            milliseconds = 1000 * (self._clock() - began)
            _access.info("%s %s %d %.0fms", scope["method"], shown(inner), answer.status, milliseconds)

    async def _guarded(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            await self._app(scope, receive, answer.send)
        except Exception:  # whatever a route did not foresee: the reader gets a page with all its guards
            _logger.exception("a mistake in the program")
            if answer.status:
                raise  # half of an answer is out: the server cuts the connection
            await self._broken()(scope, receive, answer.send)

    def _within(self, path: str) -> str:
        if self._prefix and (path == self._prefix or path.startswith(self._prefix + "/")):
            path = path.removeprefix(self._prefix)
        # Some programs add one to a link; a letter's way to leave must not end there.
        return path.removesuffix("/") or "/"


class TooLarge(Exception):
    """A request beyond the limit."""


class HeadTooLarge(TooLarge):
    """Its head alone is."""


class _Answer:
    """The way out: guards every answer, and remembers its status."""

    def __init__(self, send: Send, *, heads_only: bool) -> None:
        self._send = send
        self._heads_only = heads_only
        self.status = 0

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _GUARDS.items():
                headers.setdefault(name, value)
        elif self._heads_only and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await self._send(message)

    async def refuse(self, status: int, words: str) -> None:
        """Answer before the request was read; what is still to come of it is not waited for."""
        content = f"{words}\n".encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(content)).encode()),
            (b"connection", b"close"),
        ]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": content})


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The whole body, before anything looks into it. Raises TooLarge, without reading what says so beforehand."""
    most = EVENT_BYTES if scope["path"].startswith("/events/") else BODY_BYTES
    if len(scope["raw_path"]) + sum(len(name) + len(value) for name, value in scope["headers"]) > HEAD_BYTES:
        raise HeadTooLarge
    headers = dict(scope["headers"])
    announced = headers.get(b"content-length", b"0")
    if not announced.isdigit() or int(announced) > most:
        raise TooLarge
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        if len(body) > most:
            raise TooLarge
        if not message.get("more_body", False):
            break
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """`receive` for the app: the body that was read, then whatever comes."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


def shown(scope: Scope) -> str:
    """The request's path as the log may have it: its route, with the newsletter and the number, and no token."""
    route = scope.get("route")
    if route is None:
        return "(no such page)"
    words: str = getattr(route, "path", "?")
    for name in ("newsletter", "number"):
        value = scope.get("path_params", {}).get(name)
        if value is not None:
            words = words.replace(f"{{{name}}}", _printable(str(value)))
    return words


def _printable(text: str) -> str:
    return "".join(each if each.isalnum() or each in "-_" else "?" for each in text[:80])
