"""A file that cannot be a list of people is refused in plain words; whatever it holds, nothing worse happens."""

import tempfile
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine

from subscribers.errors import BadImport
from subscribers.imports.plain import import_file
from subscribers.imports.rows import read_rows


@pytest.fixture
def connection() -> Generator[Connection]:
    """A database without a single table: it could not even be asked."""
    engine = create_engine("sqlite://")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def load(connection: Connection, path: Path) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    import_file(connection, path, "news", consent_source="paper form", hasher=lambda _: [], now=now)


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (b"", "is empty", "its first line names the columns: email,name,tags"),
        (b"\n \n", "is empty", "its first line names the columns: email,name,tags"),
        (b"\xef\xbb\xbf\n\n", "is empty", "its first line names the columns: email,name,tags"),
        (
            b"Email,First Name,Tags,Source\n",
            ":1: unknown column `First Name`, `Source`",
            "a plain file has the columns email (needed), name and tags; rename it or take it out",
        ),
        (
            b"name,tags\n",
            ":1: there is no column `email`",
            "a plain file has the columns email (needed), name and tags",
        ),
        (b"\n\nname\n", ":3: there is no column `email`", "a plain file has the columns email (needed), name and tags"),
        (b"email,name,Email\n", ":1: the column `email` is there twice", "take one of them out"),
        (b"email;name;tags\n", ":1: the columns are not separated by commas", "export it with `,` between the cells"),
        (b"email\tname\n", ":1: the columns are not separated by commas", "export it with `,` between the cells"),
        (
            b"ada@example.org,Ada\n",
            ":1: the first line must name the columns, and it is a person",
            "put `email,name,tags` above it",
        ),
        (b'"email,name\n', ":1: a double quote is opened here and not closed", ""),
        ("email,name\n".encode("utf-16"), "is not UTF-8 text", "save it as CSV (UTF-8)"),
        ("email,name\n".encode("utf-16-le"), "is not UTF-8 text", "save it as CSV (UTF-8)"),
        (b"PK\x03\x04xlsx", "is a spreadsheet or a zip archive", "export it as CSV (UTF-8)"),
        (b"x" * (1 << 20), ":1: the first line does not end", "name a CSV file"),
    ],
)
def test_a_file_that_is_no_list_is_refused_before_the_database_is_asked(
    connection: Connection, tmp_path: Path, content: bytes, message: str, hint: str
) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with pytest.raises(BadImport) as caught:
        load(connection, path)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert said.removeprefix(str(path)).strip() == message
    assert caught.value.hint == hint


def test_a_path_that_leads_nowhere_is_refused(connection: Connection, tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none.csv", "cannot be read: No such file"), (tmp_path, "is not a file")):
        with pytest.raises(BadImport, match=message):
            load(connection, path)


@settings(deadline=None, max_examples=200)
@given(
    st.binary(max_size=200)
    | st.lists(
        st.sampled_from([b"email", b",", b'"', b"\n", b"\r", b"a@example.org", b"\0", b"\xff", b"x" * 50]), max_size=60
    ).map(b"".join)
)
def test_whatever_a_file_holds_it_is_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        path.write_bytes(content)
        try:
            lines = [row.line for row in read_rows(path)]
        except BadImport:
            return
    assert lines == sorted(set(lines))
