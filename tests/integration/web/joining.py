"""What a reader does on the form, and what comes of it: for the tests of joining."""

import json
import re
from email import message_from_bytes
from email.message import Message
from email.policy import default as modern

import httpx
from sqlalchemy import text

from mailer.wiring.notices import Notices

from .conftest import SLUG, Web

FORM = f"/subscribe/{SLUG}"


def stamp(web: Web, form: str = FORM) -> str:
    return re.findall(r'name="stamp" value="([^"]+)"', web.client.get(form).text)[0]


def ask(web: Web, email: str = "ada@example.org", **fields: str) -> httpx.Response:
    return web.client.post(FORM, data={"email": email, "stamp": stamp(web), **fields})


def attend(web: Web) -> None:
    """What the thread beside the pages does."""
    Notices(web.workspace).attendance(stopped=lambda: False).once()


def letters(web: Web) -> list[Message]:
    found = web.workspace.settings.outbox.glob("notice/*.eml")
    return [
        message_from_bytes(path.read_bytes(), policy=modern)
        for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)
    ]


def link(letter: Message) -> str:
    part = letter.get_payload(0)
    assert isinstance(part, Message)
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return re.findall(r"<(https://[^>]+)>", content.decode().replace("\r\n", ""))[0]


def joined(web: Web, email: str = "ada@example.org") -> str:
    """Ask, and give back the link of the notice."""
    ask(web, email)
    attend(web)
    return link(letters(web)[-1])


def consents(web: Web) -> list[tuple[str, str, dict[str, str]]]:
    with web.workspace.reading() as connection:
        rows = connection.execute(text("SELECT action, source, evidence FROM consent_event ORDER BY id")).all()
    return [(row[0], row[1], json.loads(row[2]) if isinstance(row[2], str) else row[2]) for row in rows]


def status(web: Web, email: str = "ada@example.org") -> str | None:
    with web.workspace.reading() as connection:
        return connection.execute(
            text(
                "SELECT status FROM subscription s JOIN subscriber p ON p.id = s.subscriber_id WHERE p.email_key = :key"
            ),
            {"key": email.lower()},
        ).scalar_one_or_none()
