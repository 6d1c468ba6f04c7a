"""What lies in an archive beside the people, and may be those who left in another dress, is not passed over."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from subscribers.errors import BadImport
from subscribers.imports.at_once import import_file

NOW = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
STYLE = f"<html><style>{'p {} ' * 300}</style>"


def load(connection: Connection, path: Path, inside: str) -> list[tuple[str, str]]:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("people.csv", "email\nada@example.org\n")
        archive.writestr("unsubscribed.csv", inside)
    found = import_file(connection, path, "news", consent_source="a form", hasher=lambda _: [], now=NOW)
    assert found.summary.added == 1
    return [(Path(name).name, why) for name, why in found.passed_over]


def test_a_web_page_that_is_called_a_table_and_names_somebody_stops_the_import(
    connection: Connection, tmp_path: Path
) -> None:
    with pytest.raises(BadImport, match=r"unsubscribed\.csv is a web page"):
        load(connection, tmp_path / "x.zip", f"{STYLE}<table><td>bob@example.org</td></table>")


def test_one_that_names_nobody_is_passed_over(connection: Connection, tmp_path: Path) -> None:
    said = load(connection, tmp_path / "x.zip", f"{STYLE}<p>Nobody left.</p>")
    assert said == [("unsubscribed.csv", "which holds no addresses")]
