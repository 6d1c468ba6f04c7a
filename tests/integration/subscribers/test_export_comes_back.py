"""An export of ours, imported into an empty book, makes the same book: standings, moments, proofs, suppressions."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import false, select

from mailer.database.engine import Database
from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.exports import as_csv, as_json_lines
from subscribers.imports import records as imports
from subscribers.imports.at_once import import_file
from subscribers.imports.undoing import Undoing
from subscribers.lifecycle import Actor, SuppressionReason
from subscribers.records import field_names, records
from subscribers.tables import consent_events, subscriber_tags, subscribers, subscriptions, suppressions

from .import_desk import Desk

NEWS = "news"
NOW = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
TABLES = (subscribers, subscriptions, subscriber_tags, consent_events, suppressions)

_text = st.sampled_from(["", "Ada", "=1+1", "'=x", "'", "-", "Zoë, “x”", "@home", "a\\b"])
_people = st.lists(
    st.tuples(
        st.sampled_from(["ada@example.org", "Bob@example.org", "cy@example.org", "di@example.org"]),
        _text,
        st.lists(st.sampled_from(["beta", "vip", "=tag"]), max_size=2),
        st.dictionaries(st.sampled_from(["city", "Plan"]), _text.filter(bool), max_size=2),
        st.sampled_from(["unconfirmed", "subscribed", "left", "complained", "bounced", "undeliverable", "left-all"]),
    ),
    max_size=4,
    unique_by=lambda person: person[0],
)


def _enter(connection: Any, people: Sequence[tuple[str, str, list[str], dict[str, str], str]]) -> None:
    for email, name, tags, fields, standing in people:
        source = "" if standing == "unconfirmed" else "a form"
        more: dict[str, Any] = {
            "name": name,
            "tags": tags,
            "fields": fields,
            "source": source,
            "hashes": [],
            "now": NOW,
        }
        done = book.subscribe(connection, parse(email), NEWS, actor=Actor.OPERATOR, **more)
        if standing == "left":
            book.unsubscribe(connection, done.subscriber_id, NEWS, source="/", now=LATER, evidence={"ip": "::1"})
        elif standing not in ("subscribed", "unconfirmed"):
            reason = SuppressionReason(standing)
            suppressing.suppress(connection, parse(email).key, reason, note="=why", now=LATER)


def _export(connection: Any, kind: str) -> str:
    lines = as_csv(records(connection, NEWS), field_names(connection, NEWS))
    return "".join(lines if kind == "csv" else as_json_lines(records(connection, NEWS)))


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_an_export_comes_back_as_it_was_and_can_be_taken_back(database: Database, tmp_path: Path, kind: str) -> None:
    @settings(deadline=None, max_examples=25 if database.path else 10, suppress_health_check=[HealthCheck.nested_given])
    @given(_people)
    def does(people: list[Any]) -> None:
        path = tmp_path / f"export.{kind}"
        with database.engine.connect().execution_options(mailer_writes=True) as connection:
            connection.begin()
            _enter(connection, people)
            path.write_text(_export(connection, kind), encoding="utf-8", newline="")
            connection.rollback()
            if not path.stat().st_size:
                return
            connection.begin()
            now = LATER + timedelta(days=1)
            found = import_file(connection, path, NEWS, consent_source="", hasher=lambda _: [], now=now)
            assert found.summary.refused == {}
            # Their proofs come along, so a consent source is not needed; the figures say so.
            assert found.summary.subscribed == sum(standing == "subscribed" for *_, standing in people)
            assert sorted(_export(connection, kind).splitlines()) == sorted(path.read_bytes().decode().splitlines())
            assert found.import_id is not None
            undoing, after = Undoing(imports.to_undo(connection, found.import_id), false()), 0
            while not (done := undoing.undo(connection, after, 2, now)).ended:
                after = done.after
            assert [connection.execute(select(table)).all() for table in TABLES] == [[]] * len(TABLES)
            connection.rollback()

    does()


@pytest.mark.parametrize(("source", "status"), [("", "unconfirmed"), ("a form of theirs", "subscribed")])
def test_a_proof_of_another_newsletter_subscribes_nobody_to_this_one(
    desk: Desk, tmp_path: Path, source: str, status: str
) -> None:
    desk.enter("ada")
    book.unsubscribe(desk.connection, desk.enter("bob"), NEWS, source="link", now=LATER)
    path = tmp_path / "export.csv"
    path.write_text(_export(desk.connection, "csv"), encoding="utf-8", newline="")
    for table in TABLES:
        desk.connection.execute(table.delete())
    found = import_file(desk.connection, path, "daily", consent_source=source, hasher=lambda _: [], now=LATER)
    mine = subscriptions.c
    here = select(subscribers.c.email, mine.newsletter, mine.status).join_from(subscriptions, subscribers)
    assert sorted(tuple(each) for each in desk.connection.execute(here)) == [
        ("ada@example.org", "daily", status),
        ("bob@example.org", "daily", "unsubscribed"),
    ]
    assert (found.summary.added, found.summary.subscribed) == (1, int(bool(source)))
    proofs = select(consent_events.c.action, consent_events.c.source).where(consent_events.c.newsletter == "daily")
    assert [tuple(each) for each in desk.connection.execute(proofs)] == [("attested", source)][: bool(source)]


def test_whom_an_export_of_ours_says_not_to_mail_is_not_mailed_for_another_newsletter_either(
    desk: Desk, tmp_path: Path
) -> None:
    reasons = (SuppressionReason.OPERATOR, SuppressionReason.UNDELIVERABLE)
    for reason in reasons:
        desk.enter(reason.value)
        key = f"{reason.value}@example.org"
        suppressing.suppress(desk.connection, key, reason, note="said so", now=LATER)
    path = tmp_path / "export.csv"
    path.write_text(_export(desk.connection, "csv"), encoding="utf-8", newline="")
    for table in TABLES:
        desk.connection.execute(table.delete())
    import_file(desk.connection, path, "daily", consent_source="a form", hasher=lambda _: [], now=LATER)
    mine = select(suppressions.c.address_key, suppressions.c.reason)
    assert {tuple(each) for each in desk.connection.execute(mine)} == {
        (f"{reason.value}@example.org", reason.value) for reason in reasons
    }
