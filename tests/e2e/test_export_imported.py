"""`subscribers export` and `subscribers import` are each other's mirror, whatever people are called and whatever was done with them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from mailer.database.engine import Database
from mailer.database.schema import open_database
from mailer.workspaces import make_workspace
from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.imports.tables import import_changes, import_suppressions, import_tags, imports
from subscribers.lifecycle import Actor, SuppressionReason
from subscribers.tables import consent_events, subscriber_tags, subscribers, subscriptions, suppressions
from subscribers.values import RESERVED_FIELDS

SLUG = "my-news"
NOW = datetime(2026, 3, 23, 7, 30, tzinfo=UTC)
PEOPLE = 60
"""In each example."""
EXAMPLES = 1
"""Each is 60 people. Hundreds were run by hand."""
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example, HealthCheck.nested_given]
TABLES = (consent_events, subscriber_tags, subscriptions, suppressions, subscribers)


class Desk(Protocol):
    """What `desk` offers; its class lives in conftest, which cannot be imported."""

    root: Path

    def run(self, *arguments: str) -> Any:
        """Run a command to its end."""
        ...

    def json(self, *arguments: str) -> Any:
        """Run a command that succeeds and prints JSON."""
        ...

    def end(self) -> None:
        """End what was started and is still there."""
        ...


_letter = st.sampled_from("=+-@＝＋'\"`,;:|\\/{}[]() \u00a0\u202e\u200b\ufeffßéŁ😀👩‍🚀עא\u0301\t\r\n") | st.characters(
    codec="utf-8", exclude_categories=["Cc", "Cs"]
)
_text = st.text(_letter, max_size=12) | st.sampled_from(
    ["=1+1", "'=x", "''", "-" * 200, " Ada ", "null", "[]", "TRUE", "0"]
)
_line = _text.map(lambda text: " ".join(text.split()))
_tag = _line.map(lambda text: text.replace(",", "").replace(";", "").strip()[:99].strip()).filter(bool)
_field = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: name.lower() not in RESERVED_FIELDS
)
_local = st.sampled_from(["ada", "Bob", "=cy", "+di", "-ed", "'fi", "{gi}", "o'hara", "hy|x", "status"])
_doings = st.sampled_from(
    ["asked", "attested", "confirmed", "left", "back", "complained", "bounced", "lifted", "left-all", "operator"]
)
_person = st.fixed_dictionaries(
    {
        "local": _local,
        "name": _text,
        "tags": st.lists(_tag, max_size=3),
        "fields": st.dictionaries(
            st.sampled_from(["city", "City", "name_2"]) | _field, _text.filter(str.strip), max_size=3
        ),
        "words": _line.filter(bool),
        "doing": _doings,
    }
)


def _enter(connection: Any, number: int, said: dict[str, Any]) -> None:
    """Somebody, and what was done with them since."""
    address = parse(f"{said['local']}.{number}@{'example.org' if number % 2 else 'bücher.example'}")
    doing, words, later = said["doing"], said["words"], NOW + timedelta(seconds=number, microseconds=1)
    more: dict[str, Any] = {key: said[key] for key in ("name", "tags", "fields")}
    by_person = doing in ("asked", "confirmed")
    actor, source = (Actor.PERSON, "form") if by_person else (Actor.OPERATOR, words)
    evidence = {"ip": "2001:db8::1", "words": words}
    entered = book.subscribe(
        connection, address, SLUG, actor=actor, source=source, hashes=[], now=NOW, evidence=evidence, **more
    )
    if doing in ("confirmed", "back"):
        book.confirm(connection, entered.subscriber_id, SLUG, source=words, now=later, evidence=evidence)
    elif doing == "left":
        book.unsubscribe(connection, entered.subscriber_id, SLUG, source=words, now=later, evidence=evidence)
    elif doing not in ("asked", "attested"):
        reason = SuppressionReason("bounced" if doing == "lifted" else doing)
        suppressing.suppress(connection, address.key, reason, note=words, now=later)
        if doing == "lifted":
            suppressing.lift(connection, address.key, reason, note=words, now=later + timedelta(days=1))


def _fill(database: Database, people: Sequence[dict[str, Any]]) -> None:
    with database.transaction() as connection:
        for table in (*TABLES, import_suppressions, import_tags, import_changes, imports):
            connection.execute(delete(table))
        for number, said in enumerate(people):
            _enter(connection, number, said)


def _exported(desk: Desk, name: str, kind: str) -> list[str]:
    done = desk.run("subscribers", "export", "--output", name, "--format", kind)
    assert done.returncode == 0, done.stderr
    return sorted((desk.root / name).read_bytes().decode().split("\r\n" if kind == "csv" else "\n"))


def test_an_export_imported_elsewhere_is_the_same_book_and_a_second_time_it_is_nothing_new(
    anywhere: Desk, database: Database, tmp_path: Path
) -> None:
    root = tmp_path / "elsewhere" / SLUG
    make_workspace(root, title="My News", key="another-key-0123456789-0123456789", today=NOW.date())
    source = type(anywhere)(root)  # pyright: ignore[reportCallIssue]  # a Desk as conftest has it
    first = open_database(f"sqlite:///{root / 'mailer.db'}")

    # Not made smaller when it fails: that takes minutes, and says no more than the lines that differ.
    @settings(deadline=None, max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=CHECKS)
    @given(st.lists(_person, min_size=PEOPLE, max_size=PEOPLE))
    def is_the_same(people: list[dict[str, Any]]) -> None:
        _fill(first, people)
        _fill(database, [])  # should another example have failed half-way
        for kind in ("csv", "jsonl"):
            before = _exported(source, f"export.{kind}", kind)
            file = str(root / f"export.{kind}")
            done = anywhere.json("subscribers", "import", file, "--yes")
            assert (done["rows"], done["added"] + sum(done["ended"].values()), done["refused"]) == (PEOPLE, PEOPLE, {})
            assert _exported(anywhere, f"export.{kind}", kind) == before
            again = anywhere.json("subscribers", "import", file, "--dry-run")
            assert (again["added"], again["changed"], again["ended"], again["refused"]) == (0, 0, {}, {})
            assert again["unchanged"] + sum(again["kept_out"].values()) == PEOPLE
            undone = anywhere.run("subscribers", "undo-import", str(done["import"]), "--yes")
            assert undone.returncode == 0, undone.stderr
            with database.reading() as connection:
                assert [connection.execute(select(table)).all() for table in TABLES] == [[]] * len(TABLES)

    try:
        is_the_same()
    finally:
        first.close()
        source.end()
