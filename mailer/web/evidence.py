"""What of a request is kept as proof: who asked, with what; and which words they were shown."""

import hashlib

from fastapi import Request

from mailer.rendering.edition import Place
from mailer.rendering.slots import escape

_LONGEST_AGENT = 300


def evidence_of(request: Request) -> dict[str, str]:
    """IP and user agent. The user agent is a stranger's words: one line, without controls, and not long."""
    agent = escape(request.headers.get("User-Agent", "")[:_LONGEST_AGENT], Place.TEXT)
    return {"ip": host_of(request), "user_agent": agent}


def host_of(request: Request) -> str:
    """The address that the request came from; behind a trusted proxy that of the reader."""
    return request.client.host if request.client else ""


def digest(text: str) -> str:
    """Names a version of words: twelve hexadecimal digits of their SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]
