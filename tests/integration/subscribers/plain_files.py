"""Plain files of people, imported in one go, and what the book holds of them then."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from subscribers.erasure import keyed_hashes
from subscribers.imports.at_once import import_file
from subscribers.imports.gathering import Gathered
from subscribers.people import people

NEWS = "news"
NOW = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
FORM = "paper forms, May 2026"

People = dict[str, tuple[str, str, tuple[str, ...]]]


def hasher(key: str) -> Sequence[str]:
    return keyed_hashes(key, [b"the newest secret key", b"the secret key before"])


def load(
    connection: Connection,
    tmp_path: Path,
    content: str | bytes,
    consent_source: str | None = FORM,
    newsletter: str = NEWS,
) -> Gathered:
    path = tmp_path / "people.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return import_file(connection, path, newsletter, consent_source=consent_source, hasher=hasher, now=NOW)


def counts(found: Gathered) -> dict[str, int]:
    """The counts that are not nought, after checking that every row is in exactly one of them."""
    summary = found.summary
    numbers = {name: getattr(summary, name) for name in ("added", "changed", "unchanged", "duplicates")}
    numbers |= {"bad": sum(summary.refused.values()), **summary.kept_out}
    numbers |= {f"ended {reason}": number for reason, number in summary.ended.items()}
    assert summary.rows == sum(numbers.values())
    return {name: number for name, number in numbers.items() if number}


def everybody(connection: Connection, newsletter: str = NEWS) -> People:
    return {
        person.email: (
            person.name,
            f"{person.status}" + (f", {person.suppressed}" if person.suppressed else ""),
            person.tags,
        )
        for person in people(connection, newsletter)
    }
