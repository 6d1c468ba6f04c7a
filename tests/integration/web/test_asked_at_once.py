"""An import asks people while the form does, and while another import does: no mailbox gets two letters."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from mailer.consent import decide, inviting
from mailer.database.engine import Database

from ...waiting import until  # noqa: TID252  # tests are not a package
from .conftest import KEY, SLUG, Opening, Web
from .joining import ask


@pytest.fixture
def web(open_web: Opening, tmp_path: Path) -> Web:
    """The web side; nothing runs beside it."""
    return open_web(outbox=str(tmp_path / "outbox"))


def _invite(web: Web, number: int, import_id: int) -> None:
    with web.workspace.transaction() as connection:
        inviting.alone(connection)
        _ask_by_notice(web, connection, number, import_id)


def _ask_by_notice(web: Web, connection: Connection, number: int, import_id: int) -> None:
    people = [(number, "ada@example.org")]
    key, draw, now = KEY.encode(), web.workspace.number, web.clock()
    inviting.invite(connection, SLUG, people, import_id=import_id, key=key, draw=draw, now=now)


def _decide(web: Web) -> None:
    ask(web)
    with web.workspace.transaction() as connection:
        decide(connection, web.workspace.erasure_hashes, web.workspace.number, web.clock())


@pytest.mark.parametrize("other", ["form", "import"])
def test_no_mailbox_gets_two_letters_from_two_who_ask_at_once(web: Web, database: Database, other: str) -> None:
    number = web.person(consent="")
    with ThreadPoolExecutor(1) as pool:
        with web.workspace.transaction() as connection:
            inviting.alone(connection)
            _ask_by_notice(web, connection, number, 1)
            beside = pool.submit(_decide, web) if other == "form" else pool.submit(_invite, web, number, 2)
            if database.path is None:
                until(lambda: beside.done() or _waits(database))
        beside.result()
    with web.workspace.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM notice")).scalar_one() == 1


def _waits(database: Database) -> bool:
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with database.reading() as connection:
        return bool(connection.execute(text(waits)).scalar_one())
