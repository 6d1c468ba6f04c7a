"""Ordinary rows are read by a short way; whatever stands in a file, it says the same as the long one."""

import io
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.errors import BadValue
from subscribers.imports.layout import laid_out
from subscribers.imports.parsing import Parser
from subscribers.imports.restoring import as_record
from subscribers.imports.rows import Row, Unreadable, csv_rows
from subscribers.imports.sheets import Sheet
from subscribers.imports.staged import Page, StagedRow

NOW = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
NO_ROW = '"x"y\n'
"""A line that cannot be read: among others, it makes the reader look at each of them closely."""

_cell = st.sampled_from(
    ["a", "", " b ", "é\u2028", "a\0", "\ufeff", '"x"', '"x,y"', '"x\ny"', '"\r\n"', '"a""b"', 'a"b']
)
_odd = st.sampled_from(["", " ", '"', '"a', '"a"b', "a,"])
_line = st.one_of(*[st.lists(_cell, min_size=1, max_size=3).map(",".join)] * 4, _odd)
_text = st.lists(st.tuples(_line, st.sampled_from(["\n", "\n", "\r\n", "\r"])).map("".join), max_size=8).map("".join)


def lines_of(text: str) -> list[str]:
    return io.StringIO(text, newline="").readlines()


def read(*blocks: list[str]) -> list[Row | Unreadable]:
    return [row for rows in csv_rows(iter(blocks), ",") for row in rows]


@settings(max_examples=300, deadline=None)
@given(_text, st.integers(0, 12))
def test_lines_are_the_same_rows_in_whatever_company_they_are_read(text: str, cut: int) -> None:
    lines = lines_of(text)
    whole = read(lines)
    assert read(*([line] for line in lines)) == whole
    assert read(lines[:cut], lines[cut:]) == whole
    if all(isinstance(row, Row) for row in whole):
        closely = read([*lines, NO_ROW])
        assert closely[:-1] == whole
        assert isinstance(closely[-1], Unreadable)


_emails = st.sampled_from(
    [
        "ada@example.org",
        "bob@example.org",
        "Ada@example.org",
        "ada@Example.org",
        "ada@a--b.org",
        "ada@example.test",
        "é@example.org",
        "mailto:ada@example.org",
        "\ufeffada@example.org",
    ]
) | st.sampled_from([" ada@example.org", "Ada <ada@example.org>", ""])
_names = st.sampled_from(
    ["", "Ada", " Ada", "Ada ", "Ada  L", "A\0", "A\t", "Zoe\u0308", "\u0661", "\xa0", "x" * 201, "'=1"]
)
_tags = st.sampled_from(["", "beta", "beta,vip", "vip;beta", " beta ", ",", "a\x7f", '"beta"', "beta"])
_too_many = st.sampled_from(["", "", "", "x"]).map(lambda cell: [cell] * (cell == "x")) | st.just([""])
_rows = st.lists(st.tuples(_emails, _names, _tags, _too_many), max_size=5)


def parsed(
    header: Sequence[str], rows: Sequence[list[str]], *, long: bool
) -> tuple[list[StagedRow], list[tuple[str, ...]], list[tuple[int, str, str, list[str]]], int]:
    """Who is staged, combinations of tags, who is refused, how many there were. Where somebody was erased, there is no short way."""
    layout = laid_out(Sheet("people.csv", header, 1, iter([])), {}, keep_fields=False)
    refused: list[tuple[int, str, str, list[str]]] = []
    tags: list[tuple[str, ...]] = [()]

    def combination(words: tuple[str, ...]) -> int:
        if words not in tags:
            tags.append(words)
        return tags.index(words)

    def refuse(line: int, kind: str, reason: str, cells: Sequence[str]) -> None:
        refused.append((line, kind, reason, list(cells)))

    parser = Parser(layout, combination, (lambda _: False) if long else None, header, refuse, NOW)
    page = Page()
    parser.stage([Row(line, cells) for line, cells in enumerate(rows, start=2)], page)
    plain = [
        StagedRow(str(key), None, str(name), int(number), "", 0, None, "") for key, name, number in page.plain_rows()
    ]
    assert not (long and plain)
    return sorted(plain + page.others, key=repr), tags, refused, parser.rows


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([["email"], ["email", "name"], ["email", "name", "tags"], ["email", "tags", "tags"]]), _rows)
def test_a_person_is_the_same_by_the_short_way_and_by_the_long_one(
    header: list[str], said: list[tuple[str, str, str, list[str]]]
) -> None:
    rows = [[*[email, name, tags][: len(header)], *more] for email, name, tags, more in said]
    assert parsed(header, rows, long=False) == parsed(header, rows, long=True)


RECORD = {"status": "subscribed", "status_at": "2026-01-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    "cells",
    [
        {"consent": '[{"newsletter":"news","action":"confirmed","source":"a\\u0000","at":"2026-01-01","evidence":{}}]'},
        {
            "consent": '[{"newsletter":"news","action":"confirmed","source":"","at":"2026-01-01","evidence":{"\\ud800":1}}]'
        },
        {"consent": '[{"newsletter":"news","action":"confirmed","source":"","at":"2026-01-01","evidence":{"a":NaN}}]'},
        {"suppressions": '[{"reason":"operator","at":"2026-01-01","note":"\\udfff"}]'},
        {"status_at": "0001-01-01T00:00:00+14:00"},
    ],
)
def test_a_row_of_an_export_that_no_database_can_keep_is_refused_and_stops_nothing(cells: dict[str, str]) -> None:
    with pytest.raises(BadValue, match="no row of an export of ours"):
        as_record({"consent": "", "suppressions": "", **RECORD, **cells}, "news")


def test_a_backslash_before_u0000_is_five_letters_and_kept() -> None:
    proof = '[{"newsletter":"news","action":"confirmed","source":"","at":"2026-01-01T00:00:00Z","evidence":{}}]'
    note = '[{"reason":"operator","at":"2026-01-01T00:00:00Z","note":"a\\\\u0000"}]'
    assert '"note": "a\\\\u0000"' in as_record({"consent": proof, "suppressions": note, **RECORD}, "news")


def test_an_empty_status_is_called_empty() -> None:
    _, _, refused, _ = parsed(["email", "status"], [["ada@example.org", ""]], long=True)
    assert [reason.partition(";")[0] for _, _, reason, _ in refused] == ["the status is empty"]
