"""Of any file: an import does what entering its rows one by one would, again it changes nothing, and their order does not matter."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from mailer.database.engine import Database
from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.errors import BadAddress, BadValue, Unlawful
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.tables import consent_events, subscribers, subscriptions, suppressions

from .plain_files import FORM, NEWS, NOW, counts, everybody, hasher, load

_emails = st.sampled_from(
    [
        *("ada@example.org", "Ada@example.org", "bob@example.org", "left@example.org", "bounced@example.org"),
        *("erased@example.org", "unconfirmed@example.org", "nobody", ""),
    ]
)
_file_rows = st.lists(
    st.tuples(
        _emails, st.sampled_from(["", "Ada", "Bo b", "x\0"]), st.sampled_from(["", "beta", "beta;vip", "vip,new"])
    ),
    max_size=12,
)
_sources = st.sampled_from([FORM, None])


def _fill(connection: Connection) -> None:
    """A book with one person in every standing."""
    for name in ("ada", "left", "bounced", "erased", "unconfirmed"):
        address = parse(f"{name}@example.org")
        source = "" if name == "unconfirmed" else FORM
        hashes = hasher(address.key)
        done = book.subscribe(connection, address, NEWS, actor=Actor.OPERATOR, source=source, hashes=hashes, now=NOW)
        match name:
            case "left":
                book.unsubscribe(connection, done.subscriber_id, NEWS, source="", now=NOW)
            case "bounced":
                suppressing.suppress(connection, address.key, SuppressionReason.BOUNCED, note="", now=NOW)
            case "erased":
                suppressing.erase(connection, address, hashes=hashes, now=NOW)
            case _:
                pass


def _csv(rows: Sequence[tuple[str, str, str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([("email", "name", "tags"), *rows])
    return text.getvalue()


def _one_by_one(connection: Connection, rows: Sequence[tuple[str, str, str]], source: str | None) -> None:
    """What `import_file` is the fast form of; of several names of one person it takes the fullest."""
    names: dict[str, list[str]] = {}
    for email, name, _ in rows:
        if "\0" not in name:
            names.setdefault(email.lower(), []).append(name)
    rows = [
        (email, name if "\0" in name else min(names[email.lower()], key=lambda each: (-len(each), each)), tags)
        for email, name, tags in rows
    ]
    for email, name, tags in rows:
        words = [word for part in tags.split(";") for word in part.split(",") if word]
        more: dict[str, Any] = {"name": name, "tags": words, "source": source or "", "now": NOW}
        try:
            address = parse(email)
            book.subscribe(connection, address, NEWS, actor=Actor.IMPORT, hashes=hasher(address.key), **more)
        except (BadAddress, BadValue, Unlawful):
            continue


def _all(connection: Connection) -> list[Any]:
    book_now = {email.lower(): what for email, what in everybody(connection).items()}
    events = connection.execute(
        select(subscribers.c.email_key, consent_events.c.action, consent_events.c.source)
        .join_from(consent_events, subscribers, subscribers.c.id == consent_events.c.subscriber_id)
        .order_by(subscribers.c.email_key, consent_events.c.id)
    ).all()
    kept = connection.execute(select(suppressions.c.address_key, suppressions.c.reason)).all()
    return [book_now, list(map(tuple, events)), sorted(map(tuple, kept))]


def test_an_import_does_what_entering_its_rows_one_by_one_would(database: Database, tmp_path: Path) -> None:
    @settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.nested_given])
    @given(_file_rows, _sources)
    def does(rows: list[tuple[str, str, str]], source: str | None) -> None:
        found: list[list[Any]] = []
        for set_wise in (True, False):
            with database.engine.connect().execution_options(mailer_writes=True) as connection:
                connection.begin()
                _fill(connection)
                if set_wise:
                    counts(load(connection, tmp_path, _csv(rows), source))
                else:
                    _one_by_one(connection, rows, source)
                found.append(_all(connection))
                connection.rollback()
        assert found[0] == found[1]

    does()


def test_importing_a_file_again_changes_nothing(database: Database, tmp_path: Path) -> None:
    @settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.nested_given])
    @given(_file_rows, _sources)
    def does(rows: list[tuple[str, str, str]], source: str | None) -> None:
        with database.engine.connect().execution_options(mailer_writes=True) as connection:
            connection.begin()
            _fill(connection)
            first = counts(load(connection, tmp_path, _csv(rows), source))
            once = _all(connection)
            second = counts(load(connection, tmp_path, _csv(rows), source))
            assert _all(connection) == once
            assert {"added", "changed"}.isdisjoint(second)
            assert second.get("unchanged", 0) == sum(first.get(name, 0) for name in ("added", "changed", "unchanged"))
            connection.rollback()

    does()


def test_the_order_of_rows_does_not_matter(database: Database, tmp_path: Path) -> None:
    @settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.nested_given])
    @given(_file_rows, st.randoms(use_true_random=False))
    def does(rows: list[tuple[str, str, str]], chance: Any) -> None:
        shuffled = list(rows)
        chance.shuffle(shuffled)
        found: list[Any] = []
        for each in (rows, shuffled):
            with database.engine.connect().execution_options(mailer_writes=True) as connection:
                connection.begin()
                _fill(connection)
                number = counts(load(connection, tmp_path, _csv(each)))
                found.append((number, everybody(connection)))
                connection.rollback()
        assert found[0] == found[1]

    does()


def test_a_status_is_never_lowered_by_a_file_without_consent(connection: Connection, tmp_path: Path) -> None:
    load(connection, tmp_path, "email\nada@example.org\n")
    load(connection, tmp_path, "email\nada@example.org\n", None)
    status = connection.execute(select(subscriptions.c.status, subscriptions.c.changed_at)).one()
    assert tuple(status) == (Status.SUBSCRIBED.value, NOW)
