"""A segment is read as it is meant, and a mistake in it is shown at its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import BadSegment
from subscribers.segments import And, FieldIs, Not, Or, Segment, Tag, check, parse

BETA, STAFF, PRO = Tag("beta"), Tag("staff"), FieldIs("plan", "pro")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("tag:beta", BETA),
        ("  tag:beta\n", BETA),
        ("tag:beta and not tag:staff", And((BETA, Not(STAFF)))),
        ("tag:beta or tag:staff and field:plan=pro", Or((BETA, And((STAFF, PRO))))),
        ("(tag:beta or tag:staff) and field:plan=pro", And((Or((BETA, STAFF)), PRO))),
        ("tag:beta AND NOT(tag:staff OR field:plan = pro)", And((BETA, Not(Or((STAFF, PRO)))))),
        ("not not tag:beta", BETA),
        ("tag:beta or tag:staff or field:plan=pro", Or((BETA, STAFF, PRO))),
        ('tag:"early bird"', Tag("early bird")),
        ('tag:"a \\"b\\" \\\\ c"', Tag('a "b" \\ c')),
        ("tag:and", Tag("and")),
        ("tag:c++", Tag("c++")),
        ("tag:über", Tag("über")),
        ('field:plan = "pro"', PRO),
        ("field:plan=pro", PRO),
        ("field:plan != pro", Not(PRO)),
        ("not field:plan != pro", PRO),
        ('field:plan = ""', FieldIs("plan", "")),
        ("field:motto=a=b", FieldIs("motto", "a=b")),
    ],
)
def test_an_expression_is_read_as_it_is_meant(expression: str, expected: Segment) -> None:
    assert parse(expression) == expected


@pytest.mark.parametrize(
    ("expression", "column", "message", "hint"),
    [
        ("", 1, "the segment is empty", 'write for example `tag:beta` or `field:plan = "pro"`'),
        ("tags:beta", 1, "unknown word `tags:`", "did you mean `tag:beta`?"),
        ("TAG:beta", 1, "unknown word `TAG:`", "did you mean `tag:beta`?"),
        ("fields:plan = x", 1, "unknown word `fields:`", "did you mean `field:plan`?"),
        ("tag:a and bounced:x", 11, "unknown word `bounced:`", "there are `tag:…` and `field:…`"),
        ("beta", 1, "`beta` is neither `tag:…` nor `field:…`", "did you mean `tag:beta`?"),
        ("tag = beta", 1, "`tag` is neither `tag:…` nor `field:…`", "did you mean `tag:beta`?"),
        ("plan = pro", 1, "`plan` is neither `tag:…` nor `field:…`", "did you mean `field:plan`?"),
        ("tag:", 5, "a word, or words in double quotes should follow, but the expression ends", ""),
        ("field:plan", 11, "`=` or `!=` should follow, but the expression ends", ""),
        ("field:plan ~ pro", 12, "`=` or `!=` should follow, but here stands `~`", ""),
        ("field:= pro", 7, "the name of a field should follow, but here stands `=`", ""),
        ("(tag:a", 7, "`and`, `or` or `)` should follow, but the expression ends", ""),
        ("tag:a)", 6, "`and`, `or` or the end should follow, but here stands `)`", ""),
        ("tag:a tag:b", 7, "`and`, `or` or the end should follow, but here stands `tag:b`", ""),
        ("tag:a && tag:b", 7, "`and`, `or` or the end should follow, but here stands `&&`", "did you mean `and`?"),
        (
            "tag:early bird",
            11,
            "`and`, `or` or the end should follow, but here stands `bird`",
            "words with a space between them stand in double quotes",
        ),
        ("tag:a or or tag:b", 10, "`tag:…` or `field:…` should stand before `or`", ""),
        ("tag:a and", 10, "`tag:…` or `field:…` should follow, but the expression ends", ""),
        ('tag:"a', 5, "a double quote is opened and not closed", ""),
        ("tag:a,b", 5, '"a,b" is not a tag: a comma or semicolon stands between two tags', "give each by itself"),
        ('tag:""', 5, "a tag is empty", ""),
        ("field:plan = a\0b", 14, "field `plan` contains the character U+0000, which cannot be kept", ""),
    ],
)
def test_a_mistake_is_shown_at_its_place(expression: str, column: int, message: str, hint: str) -> None:
    with pytest.raises(BadSegment) as caught:
        parse(expression)
    first, shown, pointer = str(caught.value).split("\n")
    assert (first, caught.value.column, caught.value.hint) == (f"segment, column {column}: {message}", column, hint)
    assert shown == f"  {expression}"
    assert pointer == " " * (column + 1) + "^"


def test_check_says_in_one_line_what_is_wrong_or_nothing() -> None:
    assert check("tag:beta") is None
    assert check("tags:beta") == "segment, column 1: unknown word `tags:` (did you mean `tag:beta`?)"


def test_an_endless_expression_is_refused() -> None:
    with pytest.raises(BadSegment, match="longer than 1000"):
        parse("tag:a or " * 1000 + "tag:b")


_tags = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Z"], exclude_characters=",;"), min_size=1, max_size=8
)


@given(_tags)
def test_any_tag_can_be_written_in_quotes(tag: str) -> None:
    quoted = tag.replace("\\", "\\\\").replace('"', '\\"')
    expected = parse(f'tag:"{quoted}"')
    assert isinstance(expected, Tag)
    assert parse(f'not tag:"{quoted}"') == Not(expected)


@given(
    st.lists(st.sampled_from([*'ab:"()=!\\ ', "tag:", "field:", " and ", " or ", " not "]), max_size=15).map("".join)
    | st.text()
)
def test_whatever_is_written_is_read_or_refused_with_a_place(expression: str) -> None:
    try:
        parse(expression)
    except BadSegment as error:
        assert 1 <= error.column <= len(expression) + 1  # noqa: PT017  # both outcomes are right
