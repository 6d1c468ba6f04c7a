"""Names, tags and fields are cleaned once, and the same way everywhere."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import BadValue
from subscribers.values import clean_fields, clean_name, clean_tag, clean_tags


def test_a_name_becomes_one_composed_line() -> None:
    assert clean_name("  Zoë \n Müller\t") == "Zoë Müller"


@pytest.mark.parametrize("text", ["a\0b", "a\x1b[2J", "a\x7f", "\udcff"])
def test_what_a_terminal_a_header_or_a_database_would_choke_on_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match=r"U\+"):
        clean_name(text)


def test_names_tags_and_fields_have_a_greatest_length() -> None:
    assert clean_name("a" * 200) == "a" * 200
    for clean in (
        lambda: clean_name("a" * 201),
        lambda: clean_tag("a" * 101),
        lambda: clean_fields({"plan": "a" * 1001}),
    ):
        with pytest.raises(BadValue, match="longer than"):
            clean()


def test_tags_are_kept_once_and_sorted() -> None:
    assert clean_tags(["beta", " beta ", "Beta", "early  bird"]) == ("Beta", "beta", "early bird")


def test_what_nobody_can_see_is_not_kept_at_the_ends_and_stays_inside() -> None:
    assert clean_tag("\ufeff beta \u200b \u200b") == "beta"
    assert clean_name("می\u200cخواهم\u200b") == "می\u200cخواهم"


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "a,b", "a;b"])
def test_a_tag_that_a_file_could_not_give_back_is_refused(text: str) -> None:
    with pytest.raises(BadValue):
        clean_tag(text)


@pytest.mark.parametrize(
    "name", ["", "1st", "first name", "plan-b", "a" * 65, "name", "Email", "first_name", 'a"b', "ä"]
)
def test_a_field_needs_a_name_that_an_issue_can_write(name: str) -> None:
    with pytest.raises(BadValue):
        clean_fields({name: "x"})


def test_fields_are_lines_of_text() -> None:
    assert clean_fields({"plan": " pro  plus\n", "Level_2": ""}) == {"plan": "pro plus", "Level_2": ""}


@given(st.text(max_size=50))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    try:
        once = clean_name(text)
    except BadValue:
        return
    assert clean_name(once) == once
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in once)
