"""A file that cannot be a list of people is refused in plain words; whatever it holds, nothing worse happens."""

import bz2
import gzip
import io
import lzma
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscribers.errors import BadImport
from subscribers.imports.files import opened, reading
from subscribers.imports.layout import laid_out
from subscribers.imports.rows import Row, Unreadable
from subscribers.imports.sheets import Sheet, open_sheet


def sheets(path: Path) -> Iterator[tuple[Sheet, list[Row | Unreadable]]]:
    for source in opened(path, io.BytesIO(), lambda _name, _why: None):
        sheet = open_sheet(source, lambda _: None)
        laid_out(sheet, {}, keep_fields=False)
        with reading(sheet.name):
            yield sheet, [row for rows in sheet.rows for row in rows]


def load(path: Path) -> list[list[str]]:
    [(_, rows)] = sheets(path)
    return [row.cells for row in rows]


ARRAY = "write one object to a line (JSON Lines), as `jq -c '.[]' FILE` does with an array"
FIRST_LINE = "its first line names the columns, such as email,name,tags"


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (b"", "is empty", FIRST_LINE),
        (b"\n \n", "is empty", FIRST_LINE),
        (b"\xef\xbb\xbf\n\n", "is empty", FIRST_LINE),
        (b"sep=;\n", "is empty but for its separator", FIRST_LINE),
        (
            b"name,tags\n",
            ":1: no column is known to hold e-mail addresses",
            "say which: --map COLUMN=email; its columns are `name`, `tags`",
        ),
        (
            b"\n\nname\n",
            ":3: no column is known to hold e-mail addresses",
            "say which: --map COLUMN=email; its columns are `name`",
        ),
        (
            b"email,name,Email\n",
            ":1: the column `email` is there 2 times",
            "say which counts, by its number: --map '#1=email'",
        ),
        (
            b"ada@example.org,Ada\n",
            ":1: the first line must name the columns, and it is a person",
            "put a line with their names above it, such as `email,name`",
        ),
        (
            b"1;Ada;ada@example.org\n",
            ":1: the first line must name the columns, and it is a person",
            "put a line with their names above it, such as `name;column 2;email`",
        ),
        (
            b"ada@example.org; Bob <bob@example.org>\n",
            ":1: several addresses stand in one line",
            "put each on a line of its own",
        ),
        (
            b"People of 2025;;\n\nName;E-Mail;Tags\n",
            ":1: no column is known to hold e-mail addresses",
            "line 3 seems to name the columns: delete what stands above it",
        ),
        (
            b"# my e-mail list, as of today\nemail,name\n",
            ":1: no column is known to hold e-mail addresses",
            "line 2 seems to name the columns: delete what stands above it",
        ),
        (
            b'"email,name"\n"ada@example.org,Ada"\n',
            ":1: no column is known to hold e-mail addresses",
            "each line stands between double quotes as a whole: take them off, or export it again",
        ),
        (
            b"x," * 40 + b"x\n",
            ":1: no column is known to hold e-mail addresses",
            f"say which: --map COLUMN=email; its columns are {', '.join(['`x`'] * 30)}, and 11 more",
        ),
        (
            b"email,Baja,Abgemeldet am\n",
            ":1: the column `Baja`, and 1 more like it may say who is not to be mailed",
            "if it does: --map 'Baja=not_mailed' (yes, no or a date); if not: --map 'Baja=-'",
        ),
        (
            b"email,Newsletter opt-in\n",
            ":1: the column `Newsletter opt-in` may say who is not to be mailed",
            (
                "if it does: --map 'Newsletter opt-in=status' (subscribed, unsubscribed, yes, no); "
                "if not: --map 'Newsletter opt-in=-'"
            ),
        ),
        (
            b"Email Address,Date Subscribed,Unsubscribe reason\n",
            ":1: the column `Unsubscribe reason` may say who is not to be mailed",
            (
                "if it does: --map 'Unsubscribe reason=not_mailed' (yes, no or a date); "
                "if not: --map 'Unsubscribe reason=-'"
            ),
        ),
        (b'"email,name\n', ":1: a double quote is opened here and not closed", ""),
        (b"ema\0il,name\n", "is not text", "export it as CSV (UTF-8)"),
        (b'[{"email": "a@example.org"}]', "is a JSON array", ARRAY),
        (b'{\n  "people": []\n}\n', "is one JSON document of many lines", ARRAY),
        (
            b"{email\n",
            ":1: this line is not a JSON object",
            "write one object to a line (JSON Lines), and nothing else",
        ),
        (
            b"PK\x03\x04xlsx",
            "cannot be unpacked: it is damaged or cut short",
            "export or download it again",
        ),
        (
            b"\x1f\x8bgzip",
            "cannot be unpacked: it is damaged or cut short",
            "export or download it again",
        ),
        (b"x" * (2 << 20), ":1: the first line does not end", "name a CSV file"),
    ],
)
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, content: bytes, message: str, hint: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with pytest.raises(BadImport) as caught:
        load(path)
    said = str(caught.value)
    assert said.startswith(str(path))
    assert said.removeprefix(str(path)).strip() == message
    assert caught.value.hint == hint


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    for path, message in ((tmp_path / "none.csv", "cannot be read: No such file"), (tmp_path, "is not a file")):
        with pytest.raises(BadImport, match=message):
            load(path)


def test_what_has_no_line_of_column_names_is_said_of_the_file() -> None:
    sheet = Sheet("people.jsonl", ["people"], 0, iter([]), is_json=True)
    for maps, message in (
        ({}, "people.jsonl: no column is known to hold e-mail addresses"),
        ({"mail": "email"}, "people.jsonl: there is no column `mail`"),
    ):
        with pytest.raises(BadImport) as caught:
            laid_out(sheet, maps, keep_fields=False)
        assert str(caught.value) == message


PLAIN = "email,name\nada@example.org,Zoë\n"


@pytest.mark.parametrize(
    "content",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode("cp1252"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace(",", ";").encode(),
        b"sep=|\n" + PLAIN.replace(",", "|").encode(),
        b'\xef\xbb\xbf"sep=;"\r\n' + PLAIN.replace(",", ";").encode(),
        gzip.compress(PLAIN.encode(), mtime=0),
        '{"email": "ada@example.org", "name": "Zoë"}\n'.encode(),
    ],
)
def test_encodings_separators_and_packings_do_not_matter(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    assert load(path) == [["ada@example.org", "Zoë"]]


def test_a_file_that_was_not_closed_properly_is_text_up_to_its_zeros(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(PLAIN.encode() + bytes(4096))
    assert load(path)[0] == ["ada@example.org", "Zoë"]
    path.write_bytes(PLAIN.encode("utf-16-le") + bytes(4096))
    assert load(path)[0] == ["ada@example.org", "Zoë"]


def test_a_zip_is_read_by_the_names_of_its_files_wherever_they_would_lead(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../etc/subscribed.csv", PLAIN)
        archive.writestr("__MACOSX/._subscribed.csv", "x")
        archive.writestr("cleaned.csv", PLAIN)
    assert [sheet.name for sheet, _ in sheets(path)] == [f"{path}/subscribed.csv", f"{path}/cleaned.csv"]
    assert list(tmp_path.iterdir()) == [path]


def test_what_swells_beyond_measure_is_refused(tmp_path: Path) -> None:
    bomb = b"email,name\n" + b"a@example.org,A\n" * 2_000_000
    packed = tmp_path / "bomb.csv.gz"
    packed.write_bytes(gzip.compress(bomb, mtime=0))
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", bomb)
    for path in (packed, tmp_path / "bomb.zip"):
        with pytest.raises(BadImport, match="becomes too large when it is unpacked"):
            load(path)


def zipped(name: str, content: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(name, content)
    return whole.getvalue()


def tarred(content: bytes) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("people.csv"), io.BytesIO(content))
    return whole.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (zipped("[Content_Types].xml", b"x"), "is a spreadsheet or a document of an office program"),
        (zipped("content.xml", b"x"), "is a spreadsheet or a document of an office program"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "is a spreadsheet or a document of an office program"),
        (b"{\\rtf1\\ansi ada@example.org}", "is a document of an office program"),
        (b"%PDF-1.7\n/Author (ada@example.org)\n", "is a PDF"),
        (b"\x89PNG\r\n\x1a\n", "is a picture"),
        (b"SQLite format 3\0", "is a database"),
        (b"\n<!DOCTYPE html>\n<a href='mailto:help@example.org'>", "is a web page"),
        (b"\xef\xbb\xbf<table><tr><td>email</td></tr></table>", "is a web page"),
        (b'<?xml version="1.0"?>\n<Workbook/>', "is XML"),
        (b"BEGIN:VCARD\nEMAIL:ada@example.org\n", "is a file of contacts (vCard)"),
        (b"From: Ada <ada@example.org>\nSubject: hello\n", "is an e-mail"),
        (b"PK\x05\x06" + bytes(18), "is an empty archive"),
        (tarred(PLAIN.encode()), "is packed in a way that is not known here"),
        (gzip.compress(tarred(PLAIN.encode())), "is packed in a way that is not known here"),
        (gzip.compress(gzip.compress(PLAIN.encode())), "is packed a second time"),
        (gzip.compress(zipped("people.csv", PLAIN.encode())), "is packed a second time"),
        (bz2.compress(PLAIN.encode()), "is packed in a way that is not known here"),
        (lzma.compress(PLAIN.encode()), "is packed in a way that is not known here"),
    ],
)
def test_what_is_no_table_is_called_by_its_name(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(content)
    with pytest.raises(BadImport) as caught:
        load(path)
    assert str(caught.value) == f"{path} {said}"


_PIECES = [
    b"email",
    b",",
    b'"',
    b"\n",
    b"\r",
    b"a@example.org",
    b"\0",
    b"\xff",
    b"\xfe",
    b"x" * 50,
    b";",
    b"{",
    b"}",
    b"[",
]
_JSON = [b'{"email":', b'"a@example.org"}', b"\n", b"null", b"\\ud800", b"1e999"]


@settings(deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from(_PIECES), max_size=60).map(b"".join)
    | st.lists(st.sampled_from(_PIECES), max_size=60).map(lambda pieces: b"email,name\n" + b"".join(pieces))
    | st.lists(st.sampled_from(_JSON), max_size=20).map(
        lambda pieces: b'{"email": "b@example.org"}\n' + b"".join(pieces)
    )
    | st.binary(max_size=300).map(lambda data: gzip.compress(data, mtime=0))
    | st.binary(max_size=100).map(lambda data: gzip.compress(data, mtime=0)[: len(data)])
)
def test_whatever_a_file_holds_it_is_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        path.write_bytes(content)
        try:
            lines = [row.line for _, rows in sheets(path) for row in rows]
        except BadImport:
            return
    assert lines == sorted(set(lines))


def test_a_line_without_end_costs_no_memory_and_one_row(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"email,name\na@example.org,A\n" + b"x" * (5 << 20) + b"\nb@example.org,B\n")
    [(_, rows)] = sheets(path)
    assert [(row.line, isinstance(row, Unreadable), len(row.cells[0]) < (2 << 20)) for row in rows] == [
        (2, False, True),
        (3, True, True),
        (4, False, True),
    ]
