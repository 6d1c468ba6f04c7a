"""What was refused and what was taken are the whole file; what was refused is mended in its CSV, and imported by the same words."""

import csv
import io
import json
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.exports import as_csv, as_json_lines, unguarded
from subscribers.imports.refusals import COLUMNS
from subscribers.lifecycle import Status
from subscribers.records import Record

from ...lists import Person, read  # noqa: TID252  # tests are not a package

Cells = Sequence[tuple[str, str, str]]
"""Address, name, city."""
AT = datetime(2026, 3, 23, 6, 0, tzinfo=UTC)

_letters = st.text(
    st.one_of(
        st.sampled_from("=+-@＝'\"\\,;\t\r\n|ß€ \u202e\U0001f600{["),
        st.characters(codec="utf-8", categories=["L", "N"]),
    ),
    max_size=8,
)
_people = st.lists(st.tuples(_letters, _letters, st.sampled_from([0, 0, 1, 2])), min_size=1, max_size=5)
"""Name, city, and how often the address is mistyped before it is right."""
_saved = st.sampled_from([(",", "utf-8-sig"), (";", "utf-8-sig"), ("\t", "utf-16"), (",", "utf-8")])
"""How a spreadsheet saves the file that it was mended in."""


def email(number: int) -> str:
    return f"p{number}@example.org"


def plain(cells: Cells) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("email", "name", "city"), *cells])
    return text.getvalue()


def json_lines(cells: Cells) -> str:
    return "".join(f"{json.dumps({'email': a, 'name': b, 'fields': {'city': c}})}\n" for a, b, c in cells)


def records(cells: Cells) -> list[Record]:
    return [Record(1, a, b, Status.SUBSCRIBED, AT, AT, (), {"city": c}, (), ()) for a, b, c in cells]


def ours(cells: Cells) -> str:
    return "".join(as_csv(records(cells), ["city"]))


def our_json_lines(cells: Cells) -> str:
    return "".join(as_json_lines(records(cells)))


def put(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def mended(path: Path, right: dict[int, str], saved: tuple[str, str], target: Path) -> Path:
    """The same file with the right addresses in some lines, as a spreadsheet saves it."""
    separator, encoding = saved
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), strict=True))
    assert tuple(rows[0][:3]) == COLUMNS
    assert COLUMNS[0] not in rows[0][3:]
    at = rows[0].index("email")
    for number, row in enumerate(rows[1:]):
        row[at] = right.get(number, row[at])
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    return put(target, text.getvalue(), encoding)


@pytest.mark.parametrize(
    ("file_name", "written"),
    [("a.csv", plain), ("a.jsonl", json_lines), ("ours.csv", ours), ("ours.jsonl", our_json_lines)],
)
def test_the_rows_that_were_refused_and_those_that_were_taken_are_the_file(
    file_name: str, written: Callable[[Cells], str]
) -> None:
    @settings(deadline=None, max_examples=40)
    @given(_people, _saved)
    def are(people: list[tuple[str, str, int]], saved: tuple[str, str]) -> None:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            whole = [(email(number), *said[:2]) for number, said in enumerate(people)]
            expected = read(put(folder / f"right-{file_name}", written(whole))).people
            wrong = [
                ("=nobody" if said[2] else address, name, city)
                for said, (address, name, city) in zip(people, whole, strict=True)
            ]
            found = read(put(folder / file_name, written(wrong)), folder=folder)
            taken: list[Person] = found.people
            left = [number for number, said in enumerate(people) if said[2]]
            assert found.rows == len(people) == len(taken) + len(left)
            for time in (1, 2):
                if not left:
                    break
                assert [one.kind for one in found.refused] == ["no e-mail address"] * len(left)
                assert found.refused_file is not None
                right = {at: email(number) for at, number in enumerate(left) if people[number][2] == time}
                again = mended(found.refused_file, right, saved, folder / f"{file_name}-{time}.csv")
                found = read(again, folder=folder)
                taken += found.people
                left = [number for number in left if people[number][2] != time]
            assert left == []
            assert sorted(taken, key=repr) == expected

    are()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(_letters, st.booleans()), max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_a_refused_row_is_where_its_line_says(rows: list[tuple[str, bool]], end: str) -> None:
    text, lines = f"email,name{end}", dict[int, str]()
    for number, (name, good) in enumerate(rows):
        if not good:
            lines[len(io.StringIO(text, newline="").readlines()) + 1] = name
        quoted = name.replace('"', '""')
        text += f'{email(number) if good else ""},"{quoted}x"{end}'
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        found = read(put(folder / "a.csv", text), folder=folder)
        assert [one.line for one in found.refused] == list(lines)
        if found.refused_file is not None:
            told = list(csv.reader(io.StringIO(found.refused_file.read_bytes().decode("utf-8-sig"), newline="")))[1:]
            assert {int(row[1]): unguarded(row[4]) for row in told} == {at: f"{name}x" for at, name in lines.items()}


def test_the_same_command_does_for_the_rows_that_it_refused(tmp_path: Path) -> None:
    maps = {"#3": "email", "=Name": "name", "#4": "-"}
    file = put(tmp_path / "a.csv", "E,=Name,E,E\nx,Ada,ada@example.org,\nx,Bob,nobody,\n")
    found = read(file, maps, folder=tmp_path)
    assert found.refused_file is not None
    text = found.refused_file.read_bytes().decode("utf-8-sig")
    assert ",'=Name," in text
    again = read(put(tmp_path / "b.csv", text.replace("nobody,", "bob@example.org,")), maps)
    assert [(one.email, one.name) for one in found.people + again.people] == [
        ("ada@example.org", "Ada"),
        ("bob@example.org", "Bob"),
    ]


@pytest.mark.parametrize("line", ['=1+1,"x"y', '"ada@example.org', '-1,"'])
def test_a_line_that_is_no_row_is_kept_whole_and_is_no_formula(tmp_path: Path, line: str) -> None:
    for header in ("email,name", ",".join(next(iter(as_csv([], []))).replace('"', "").split(","))):
        found = read(put(tmp_path / "a.csv", f"{header.strip()}\n{line}\n"), folder=tmp_path)
        assert found.refused_file is not None
        [_, row] = csv.reader(io.StringIO(found.refused_file.read_bytes().decode("utf-8-sig"), newline=""))
        assert unguarded(row[3]) == line
        assert row[3][0] not in "=+-@"
        found.refused_file.unlink()
