"""What a reader does behind the link of a letter, and what is there afterwards."""

import json
import re
from email import message_from_bytes
from email.message import Message
from email.policy import default as modern
from pathlib import Path
from shutil import copytree

import httpx
from sqlalchemy import text

from mailer.wiring.notices import Notices
from subscribers.address import parse
from subscribers.lifecycle import SuppressionReason
from subscribers.suppressing import suppress

from .conftest import SLUG, Opening, Web, write_newsletter

OTHER = "other-news"


def two_newsletters(open_web: Opening, tmp_path: Path) -> Web:
    """Two newsletters; notices go to an outbox."""
    web = open_web(outbox=str(tmp_path / "outbox"))
    issues = web.workspace.root / "issues"
    copytree(issues / SLUG, issues / OTHER)
    write_newsletter(web.workspace.root, OTHER, title="Other News")
    write_newsletter(web.workspace.root, fields="[city, plan]", editable="{city: Your city}")
    return web


def page(web: Web, number: int) -> str:
    return web.workspace.links.preferences_url(SLUG, number)


def post(web: Web, number: int, action: str, **fields: str) -> httpx.Response:
    return web.client.post(page(web, number), data={"action": action, **fields})


def attend(web: Web) -> None:
    Notices(web.workspace).attendance(stopped=lambda: False).once()


def letters(web: Web) -> list[Message]:
    found = sorted(web.workspace.settings.outbox.glob("notice/*.eml"), key=lambda path: path.stat().st_mtime_ns)
    return [message_from_bytes(path.read_bytes(), policy=modern) for path in found]


def link(letter: Message) -> str:
    part = letter.get_payload(0)
    assert isinstance(part, Message)
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return re.findall(r"<(https://[^>]+)>", content.decode().replace("\r\n", ""))[0]


def row(web: Web, number: int) -> tuple[str, str, dict[str, str]]:
    with web.workspace.reading() as connection:
        found = connection.execute(
            text("SELECT email, name, fields FROM subscriber WHERE id = :id"), {"id": number}
        ).one()
    return found[0], found[1], json.loads(found[2]) if isinstance(found[2], str) else found[2]


def actions(web: Web, number: int) -> list[str]:
    with web.workspace.reading() as connection:
        rows = connection.execute(
            text("SELECT action FROM consent_event WHERE subscriber_id = :id ORDER BY id"), {"id": number}
        )
        return list(rows.scalars())


def moving(web: Web, number: int, email: str) -> str:
    post(web, number, "move", email=email)
    attend(web)
    return link(letters(web)[-1])


def suppressed(web: Web, email: str, reason: SuppressionReason) -> None:
    with web.workspace.transaction() as connection:
        suppress(connection, parse(email).key, reason, note="", now=web.clock())
