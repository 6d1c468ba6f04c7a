"""A history tells all that is known of an address, in order, and no stranger's text breaks out of its line."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from subscribers import book, suppressing
from subscribers.address import Address, parse
from subscribers.history import Entry, history
from subscribers.imports.tables import import_changes, imports
from subscribers.lifecycle import Actor, SuppressionReason
from subscribers.merging import merge

NEWS = "news"
NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
ADA, OLD = parse("ada@example.org"), parse("old@example.com")


def after(days: int) -> datetime:
    return NOW + timedelta(days=days)


def enter(connection: Connection, address: Address, *, source: str = "paper form", day: int = 0) -> int:
    return book.subscribe(
        connection, address, NEWS, actor=Actor.OPERATOR, source=source, hashes=[], now=after(day)
    ).subscriber_id  # fmt: skip


def lines(connection: Connection, address: Address, *, hashes: tuple[str, ...] = ()) -> list[tuple[int, str, str]]:
    found = history(connection, address, hashes=hashes)
    assert found is not None
    return [((entry.at - NOW).days, entry.kind, entry.what) for entry in found.entries]


def test_a_life_is_told_in_order(connection: Connection) -> None:
    ada = enter(connection, ADA)
    book.unsubscribe(connection, ada, NEWS, source="/unsubscribe", now=after(2), evidence={"ip": "192.0.2.1"})
    suppressing.suppress(connection, ADA.key, SuppressionReason.UNDELIVERABLE, note="full for weeks", now=after(1))
    book.confirm(connection, ada, NEWS, source="form", now=after(3), evidence={"notice": "7", "ip": "192.0.2.1"})
    suppressing.suppress(connection, ADA.key, SuppressionReason.OPERATOR, note="", now=after(4))
    assert lines(connection, ADA) == [
        (0, "entered", "entered the address book"),
        (0, "consent", "somebody vouches for consent to news, by paper form"),
        (2, "consent", "left news, by /unsubscribe (ip=192.0.2.1)"),
        (3, "consent", "confirmed news, by form (ip=192.0.2.1, notice=7)"),
        (4, "suppression", "ada@example.org suppressed as operator"),
    ]


def test_what_no_proof_speaks_of_is_told_from_the_subscription(connection: Connection) -> None:
    enter(connection, ADA, source="")
    assert lines(connection, ADA) == [
        (0, "entered", "entered the address book"),
        (0, "subscription", "unconfirmed: news"),
    ]


def test_imports_are_told(connection: Connection) -> None:
    ada = enter(connection, ADA)
    values: dict[str, Any] = {
        "id": 3,
        "newsletter": NEWS,
        "digest": "",
        "files": ["people\n.csv"],
        "state": "done",
        "at": after(1),
        "counts": {},
        "consent_source": "",
        "first_event": 0,
        "position": 0,
    }
    connection.execute(insert(imports).values(values))
    change: dict[str, Any] = {"subscriber_id": ada, "import_id": 3, "newsletter": NEWS, "nth": 1}
    change |= {"created": True, "status": "subscribed"}
    connection.execute(insert(import_changes).values(change))
    found = history(connection, ADA, hashes=())
    assert found is not None
    assert found.entries[-1] == Entry(
        after(1),
        "import",
        "came in by import 3 of people .csv; subscribed: news",
        {"import": 3, "files": ["people\n.csv"], "newsletter": NEWS, "status": "subscribed"},
    )


def test_a_merge_is_told_with_what_became_of_the_other(connection: Connection) -> None:
    ada, old = enter(connection, ADA), enter(connection, OLD)
    merge(connection, ADA, OLD, now=after(1))
    found = history(connection, ADA, hashes=())
    assert found is not None
    assert found.numbers == (ada, old)
    assert lines(connection, ADA)[-2:] == [
        (1, "consent", f"merged with old@example.com, who was number {old}"),
        (1, "suppression", f"old@example.com suppressed as operator: merged into subscriber {ada}"),
    ]
    assert lines(connection, OLD) == [
        (1, "suppression", f"old@example.com suppressed as operator: merged into subscriber {ada}")
    ]


def test_of_an_erased_person_only_that_is_told(connection: Connection) -> None:
    enter(connection, ADA)
    suppressing.erase(connection, ADA, hashes=["hash"], now=after(1))
    assert lines(connection, ADA, hashes=("hash",)) == [
        (1, "erased", "erased at the person's wish; only a keyed hash of the address is left")
    ]
    assert history(connection, ADA, hashes=("another",)) is None


def test_nothing_is_known_of_a_stranger(connection: Connection) -> None:
    assert history(connection, ADA, hashes=()) is None


def test_no_strangers_text_breaks_out_of_its_line(connection: Connection) -> None:
    ada = enter(connection, ADA, source="form\n2026-01-01 forged\x1b[2J\u202e")
    evidence = {"user agent\r\n": "curl\x00\x9b31m\u2028x"}
    book.unsubscribe(connection, ada, NEWS, source="\x07", now=after(1), evidence={
        name: value.replace("\x00", "\x01") for name, value in evidence.items()
    })  # fmt: skip
    assert lines(connection, ADA)[1:] == [
        (0, "consent", "somebody vouches for consent to news, by form 2026-01-01 forged [2J"),
        (1, "consent", "left news (user agent=curl 31m x)"),
    ]
