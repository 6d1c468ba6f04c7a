"""Forgetting: who never confirmed, and what of a request is not needed any more."""

from typing import Any

import pytest
from sqlalchemy import text

from mailer.wiring.notices import Notices

from .conftest import Opening, Web
from .joining import consents, joined, status


@pytest.fixture
def web(open_web: Opening, tmp_path: Any) -> Web:
    """The web side, whose notices go to an outbox of its own; nothing runs beside it."""
    return open_web(outbox=str(tmp_path / "outbox"))


def _forget(web: Web) -> None:
    Notices(web.workspace).attendance(stopped=lambda: False).clean()


def _traces(web: Web, email: str) -> int:
    with web.workspace.reading() as connection:
        return sum(
            email in " ".join(map(str, row))
            for table in ("subscriber", "consent_event", "consent_request")
            for row in connection.execute(text(f"SELECT * FROM {table}"))  # noqa: S608  # names of ours
        )


def test_whoever_never_confirms_is_forgotten(web: Web) -> None:
    joined(web)
    web.clock.later(days=7)
    _forget(web)
    assert (status(web), _traces(web, "ada@example.org")) == (None, 0)
    web.clock.later(days=31)
    _forget(web)
    with web.workspace.reading() as connection:
        tables = ("consent_request", "notice", "subscriber")
        left = [connection.execute(text(f"SELECT count(*) FROM {each}")).scalar_one() for each in tables]  # noqa: S608  # names of ours
    assert left == [0, 0, 0]


def test_whoever_was_here_before_is_not_forgotten(web: Web) -> None:
    web.person("ada@example.org", consent="")
    web.person("bob@example.org")
    for email in ("ada@example.org", "bob@example.org"):
        joined(web, email)
    web.clock.later(days=7)
    _forget(web)
    assert (status(web, "bob@example.org"), _traces(web, "bob@example.org") > 0) == ("subscribed", True)


def test_of_a_confirmed_request_the_consent_stays_and_nothing_else(web: Web) -> None:
    web.client.post(joined(web))
    with web.workspace.reading() as connection:
        rows = connection.execute(text("SELECT state, email, evidence FROM consent_request")).all()
    assert [(row[0], row[1], row[2] in ("{}", {})) for row in rows] == [("confirmed", "", True)]
    web.clock.later(days=40)
    _forget(web)
    assert (status(web), len(consents(web))) == ("subscribed", 2)
