"""The facts above an issue's sections, and every way to get them wrong."""

from collections.abc import Callable
from datetime import date

import pytest

from mailer.issues.model import Dateline, Issue, Personal, Text, Weather

Load = Callable[[str | bytes], Issue]
Mistakes = Callable[[str | bytes], list[str]]

GOOD = """\
number: 7
date: 2025-12-20
subject: A subject
preheader: What an inbox shows after the subject line
"""
BODY = "---\n::: prose\nwords\n:::\n"


def test_every_fact_becomes_a_value(load: Load) -> None:
    dateline = 'dateline: {date: 2026-03-23, place: "King\'s Lynn", weather: {celsius: -6, sky: Cloudy}}\n'
    subject = 'subject: "{{ first_name | reader }}, it\'s here"\n'
    issue = load("---\n" + GOOD.replace("subject: A subject\n", subject) + dateline + BODY)
    assert issue.date == date(2025, 12, 20)
    assert issue.subject == (Personal("first_name", "reader"), Text(", it’s here"))
    assert issue.preheader == "What an inbox shows after the subject line"
    assert issue.dateline == Dateline(date(2026, 3, 23), "King’s Lynn", Weather(-6, "Cloudy"))


def test_place_and_weather_may_be_left_out(load: Load) -> None:
    assert load("---\n" + GOOD + "dateline: {date: 2026-03-23}\n" + BODY).dateline == Dateline(date(2026, 3, 23))


def test_a_number_may_be_written_with_the_noughts_of_its_file(load: Load) -> None:
    assert load("---\n" + GOOD.replace("7", "007") + BODY).number == 7


def test_a_subject_of_one_number_or_one_yes_is_words_all_the_same(load: Load) -> None:
    assert load("---\n" + GOOD.replace("A subject", "2025") + BODY).subject == (Text("2025"),)
    assert load("---\n" + GOOD.replace("A subject", "Yes") + BODY).subject == (Text("Yes"),)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("number: 7\n", "", ["2:1: 'number' is missing: the issue's number, the same as its file's name"]),
        ("number: 7", "number: 8", ["2:9: number is 8, but the file's name says 7"]),
        ("number: 7", "number: seven", ["2:9: number must be a whole number, not 'seven'"]),
        ("number: 7", 'number: "7"', ["2:9: number must be a whole number, not '7'"]),
        ("number: 7", "number: [7]", ["2:9: number must be a whole number, not a list"]),
        ("number: 7", "number: 0", ["2:9: number must be between 1 and 999999999, not 0"]),
        ("number: 7", "number: 7\nnumber: 7", ["3:1: 'number' is given twice, first on line 2"]),
        ("2025-12-20", "2025-02-30", ["3:7: date: there is no day 2025-02-30"]),
        ("2025-12-20", "20 March", ["3:7: date must be a day, written like 2025-12-20, not '20 March'"]),
        ("date: 2025-12-20", "date:", ["3:1: date has no value: the edition's date, YYYY-MM-DD"]),
        (
            "subject:",
            "subjet:",
            ["4:1: unknown key 'subjet', did you mean 'subject'?"],
        ),
        (
            "number: 7",
            "number: 7\nauthor: me",
            ["3:1: unknown key 'author' (there is date, dateline, number, preheader, subject)"],
        ),
        ("A subject", "[a, b]", ["4:10: subject must be words, not a list"]),
        ("A subject", "''", ["4:10: subject is empty"]),
        ("A subject", "!!binary aGk=", ["4:10: subject must be words, not 'aGk='"]),
        ("A subject", "x" * 201, ["4:10: subject has 201 characters; it takes at most 200"]),
        ("A subject", '"a\\nb"', ["4:10: subject must be one line, without breaks and tabs"]),
        ("A subject", "|\n  a\n  b", ["4:10: subject must be one line, without breaks and tabs"]),
        ("A subject", '"a\\u0092b"', ["4:10: subject must not hold control characters"]),
        ("A subject", '"a\\ud800b"', ["4:10: subject must not hold control characters"]),
        ("A subject", "x =?utf-8?q?a?=", ["4:12: a subject cannot hold '=?…?=', which mail programs decode"]),
        ("A subject", "Issue #7", ["4:16: subject ends here, for ' #' begins a comment in YAML: put it in \"quotes\""]),
        ("A subject", "it is {% if %}", ["4:16: '{%': an issue is no template; personal words are written {{ first_name | reader }}"]),
        ("A subject", "to {{ frist_name | you }}", ["4:13: unknown personal field 'frist_name', did you mean 'first_name'?"]),
        ("A subject", "to {{ name }}", ["4:13: 'name' needs a fallback for those who gave none: {{ name | reader }}"]),
        ("What an inbox", "x" * 600, ["5:12: preheader has 629 characters; it takes at most 500"]),
        ("What an", "What {{ name | x }}", ["5:17: the preheader cannot hold '{{': it is the same for all"]),
        ("number: 7", "? [a]\n: b\nnumber: 7", ["2:3: a key must be a plain word"]),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_at_its_own_place(old: str, new: str, expected: list[str], mistakes: Mistakes) -> None:
    assert old in GOOD
    assert mistakes("---\n" + GOOD.replace(old, new) + BODY) == expected


@pytest.mark.parametrize(
    ("dateline", "expected"),
    [
        ("Monday", ["6:11: dateline must be a mapping, such as {one: 1}, not 'Monday'"]),
        (
            "{pace: x, weather: {temp: 6}}",
            [
                "6:11: 'dateline.date' is missing: the day that the dateline names",
                "6:12: unknown key 'dateline.pace', did you mean 'place'?",
                "6:30: 'dateline.weather.celsius' is missing: the weather has degrees",
                "6:30: 'dateline.weather.sky' is missing: the weather has a sky, such as Cloudy",
                "6:31: unknown key 'dateline.weather.temp' (there is celsius, sky)",
            ],
        ),
        (
            "{date: 2026-03-23, weather: {celsius: 61, sky: }}",
            [
                "6:49: dateline.weather.celsius must be between -95 and 60, not 61",
                "6:53: dateline.weather.sky has no value: the weather has a sky, such as Cloudy",
            ],
        ),
    ],
)
def test_the_dateline_is_read_as_closely(dateline: str, expected: list[str], mistakes: Mistakes) -> None:
    assert mistakes("---\n" + GOOD + f"dateline: {dateline}\n" + BODY) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("A subject", "Gardens: or zoos", '4:17: this is not YAML: mapping values are not allowed here: a value that holds ": " stands in "quotes"'),
        ("A subject", "'Gardens", "4:10: this is not YAML: the quote that opens here is not closed"),
        ("A subject", "{{ name | x }}, hi", "4:24: this is not YAML: expected <block end>, but found ',': a value that begins with {{ stands in \"quotes\""),
        ("A subject", "@home", "4:10: this is not YAML: found character '@' that cannot start any token: put the value in \"quotes\""),
        ("number: 7", "\tnumber: 7", "2:1: this is not YAML: found character '\\t' that cannot start any token: indent with spaces, not with a tab"),
        ("A subject", '"\\UFFFFFFFF"', "4:11: an escape \\U… here stands for no character"),
        ("A subject", "[" * 5000, "2:1: this is nested too deeply"),
        (GOOD, "- a\n", "2:1: there must be lines of `key: value` here"),
        (GOOD, "# nothing yet\n", "2:1: there must be lines of `key: value` here"),
        (GOOD, "a: " + "b" * 100_001, "2:1: these facts are longer than 100,000 characters: something is not closed"),
    ],
)  # fmt: skip
def test_corrupted_yaml_is_reported_where_it_breaks_with_advice(
    old: str, new: str, expected: str, mistakes: Mistakes
) -> None:
    assert mistakes("---\n" + GOOD.replace(old, new) + "\n" * (old == GOOD) + BODY) == [expected]


def test_front_matter_that_is_missing_or_not_closed_is_said(mistakes: Mistakes) -> None:
    missing = "1:1: the front matter is missing: the first line is '---', then number, date, subject, …"
    not_closed = "1:1: the front matter that begins here is not closed: a line '---' ends it"
    assert mistakes(BODY.removeprefix("---\n")) == [missing]
    assert mistakes("---\n" + GOOD + BODY.removeprefix("---\n")) == [not_closed]


def test_mistakes_of_front_matter_and_body_come_in_one_pass(mistakes: Mistakes) -> None:
    assert mistakes("---\n" + GOOD.replace("date: 2025-12-20\n", "") + BODY.replace("prose", "pros")) == [
        "2:1: 'date' is missing: the edition's date, YYYY-MM-DD",
        "6:5: unknown section kind 'pros', did you mean 'prose'?",
    ]
