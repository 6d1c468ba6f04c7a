"""Lets an app answer at a port until it is asked to stop; the only module that knows uvicorn's server."""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from mailer.errors import MailerError

HEAD_SECONDS = 10.0
"""How long the head of a request may take to arrive: a server has room for so many slow ones."""

_HEAD_BYTES = 16 * 1024
_KEEP_ALIVE_SECONDS = 5
_LAST_SECONDS = 15
"""How long requests that are under way may take when the server is asked to stop."""
_MOST_CONNECTIONS = 512


class Impatient(H11Protocol):
    """Hangs up on whoever takes HEAD_SECONDS for a request's head; uvicorn itself would wait for ever."""

    _impatience: asyncio.TimerHandle | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.access_log = False  # it would write down tokens, and is on by itself wherever logging is set up

    def connection_made(self, transport: Any) -> None:
        """Somebody is there: they have until HEAD_SECONDS."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Something came."""
        super().data_received(data)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._calm()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if not self._between_requests():
            self._calm()
        elif self._impatience is None:
            self._impatience = self.loop.call_later(HEAD_SECONDS, self._hang_up)

    def _hang_up(self) -> None:
        self._impatience = None
        if self._between_requests() and not self.transport.is_closing():
            self.transport.close()

    def _calm(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None

    def _between_requests(self) -> bool:
        cycle: Any = self.cycle
        return cycle is None or bool(cycle.response_complete)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes any free one. Raises MailerError when it cannot."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family, backlog=256)
    except (OSError, OverflowError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise MailerError(
            f"cannot listen at {host}:{port}: {why}",
            hint="another program may have it; --port 0 takes any free one",
        ) from error
    # What it accepts inherits this. asyncio does it for its own sockets alone; without it, the second part of an answer
    # waits up to 40 ms for the first one to be acknowledged, on every connection that is kept.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def make_server(app: FastAPI) -> uvicorn.Server:
    """A server for the app; `run(sockets=[…])` answers until a signal, or until `should_exit` is set."""
    # Forwarded headers are the app's business, which asks a setting; uvicorn believes this machine by itself. Its own
    # access log would write down tokens.
    config = uvicorn.Config(
        app,
        http=Impatient,
        ws="none",
        lifespan="on",
        loop="asyncio",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_LAST_SECONDS,
        h11_max_incomplete_event_size=_HEAD_BYTES,
    )
    return uvicorn.Server(config)


def serve(app: FastAPI, listening: socket.socket, ready: Callable[[], None]) -> None:
    """Answer until SIGINT or SIGTERM; requests that are under way are answered first. `ready` is called before the first.

    The signal is raised again when all is done: the caller says what it then means.
    """
    server = make_server(app)
    ready()
    server.run(sockets=[listening])


def set_up_logging(level: int = logging.INFO) -> None:
    """Log to standard error: what went wrong, and a line for each request without anything personal in it."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name, least in (("mailer", level), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(least)
        logger.propagate = False
