"""A segment is read as it is meant, and a mistake in it is shown at its place."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.errors import BadSegment
from subscribers.lifecycle import Status, SuppressionReason
from subscribers.segment_values import (
    And,
    Domain,
    Fate,
    FieldContains,
    FieldIs,
    Letters,
    Not,
    Or,
    Segment,
    StatusIs,
    Subscribed,
    Suppressed,
    Tag,
)
from subscribers.segments import check, parse

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
        ("field:plan", Not(FieldIs("plan", ""))),
        ("not field:plan and tag:beta", And((FieldIs("plan", ""), BETA))),
        ('field:city contains "New "', FieldContains("city", "New")),
        ("field:contains CONTAINS contains", FieldContains("contains", "contains")),
        ("status:unconfirmed", StatusIs(Status.UNCONFIRMED)),
        ("suppressed", Suppressed()),
        ("suppressed:left-all", Suppressed(SuppressionReason.LEFT_ALL)),
        ("not suppressed or(suppressed)", Or((Not(Suppressed()), Suppressed()))),
        ("subscribed before 2026-03-23", Subscribed(None, date(2026, 3, 23))),
        ("subscribed since 2026-03-23", Subscribed(date(2026, 3, 23))),
        ("subscribed after 2026-02-28", Subscribed(date(2026, 3, 1))),
        ("domain:example.org", Domain("example.org")),
        ("domain:@EXÄMPLE.org", Domain("xn--exmple-cua.org")),
        ("never-mailed", Not(Letters(Fate.MAILED))),
        ("not never-mailed", Letters(Fate.MAILED)),
        ("mailed and not delivered", And((Letters(Fate.MAILED), Not(Letters(Fate.DELIVERED))))),
        ("mailed:54", Letters(Fate.MAILED, issue=54)),
        ("soft-bounced since 2026-03-23", Letters(Fate.SOFT_BOUNCED, None, date(2026, 3, 23), None)),
        ("delivered before 2026-03-23", Letters(Fate.DELIVERED, None, None, date(2026, 3, 23))),
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
        ("statuses:subscribed", 1, "unknown word `statuses:`", "did you mean `status:subscribed`?"),
        (
            "tag:a and zip:x",
            11,
            "unknown word `zip:`",
            (
                "there are `tag:…`, `field:…`, `status:…`, `subscribed`, `suppressed`, `domain:…`, `mailed`, `never-mailed`, "
                "`delivered` and `soft-bounced`"
            ),
        ),
        ("beta", 1, "`beta` is not a condition", "did you mean `tag:beta`?"),
        ("nevermailed", 1, "`nevermailed` is not a condition", "did you mean `never-mailed`?"),
        ("unsubscribed", 1, "`unsubscribed` is not a condition", "did you mean `status:unsubscribed`?"),
        ("bounced", 1, "`bounced` is not a condition", "did you mean `suppressed:bounced`?"),
        ("tag = beta", 1, "`tag` is not a condition", "did you mean `tag:beta`?"),
        ("plan = pro", 1, "`plan` is not a condition", "did you mean `field:plan`?"),
        ("status:subscribd", 8, "there is no status `subscribd`", "did you mean `subscribed`?"),
        ("status:", 8, "a status should follow, but the expression ends", ""),
        ("status:gone", 8, "there is no status `gone`", "there are `unconfirmed`, `subscribed` and `unsubscribed`"),
        ("suppressed:bounce", 12, "there is no reason `bounce`", "did you mean `bounced`?"),
        (
            "subscribed",
            11,
            "`before`, `after` or `since` should follow, but the expression ends",
            "whoever is subscribed at all is `status:subscribed`",
        ),
        ("subscribed after", 17, "a date such as 2026-03-23 should follow, but the expression ends", ""),
        (
            "subscribed after 23.3.2026",
            18,
            "`23.3.2026` is not a date",
            "write year-month-day, for example 2026-03-23",
        ),
        (
            "subscribed after 9999-12-31",
            18,
            "`9999-12-31` is not a date",
            "write year-month-day, for example 2026-03-23",
        ),
        ("domain:example", 8, "`example` is not a domain", "write for example `domain:example.org`"),
        ("mailed:0", 8, "`0` is not the number of an issue", "write for example `mailed:54`"),
        (
            "mailed 54",
            8,
            "`before`, `after`, `since`, `and`, `or` or the end should follow, but here stands `54`",
            "did you mean `mailed:54`?",
        ),
        (
            'field:plan contains ""',
            21,
            "the empty text is contained in every field",
            "did you mean `field:plan` (has one)?",
        ),
        (
            "field:age > 30",
            11,
            "`=`, `!=`, `contains`, `and`, `or` or the end should follow, but here stands `>`",
            "fields are texts, and none is greater than another; put a tag on these people",
        ),
        ("tag:", 5, "a word, or words in double quotes should follow, but the expression ends", ""),
        (
            "field:plan ~ pro",
            12,
            "`=`, `!=`, `contains`, `and`, `or` or the end should follow, but here stands `~`",
            "did you mean `contains`?",
        ),
        (
            "field:= pro",
            7,
            "the name of a field should follow, but here stands `=`",
            "a letter first, then letters, digits and underscores",
        ),
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
        ("tag:a or or tag:b", 10, "a condition such as `tag:…` should stand before `or`", ""),
        ("tag:a and", 10, "a condition such as `tag:…` should follow, but the expression ends", ""),
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


@pytest.mark.parametrize(
    ("expression", "column", "hint"),
    [
        ("!tag:beta", 1, "did you mean `not tag:beta`?"),
        ("tag:a and -tag:staff", 11, "did you mean `not tag:staff`?"),
        ("tag!=beta", 1, "did you mean `not tag:beta`?"),
        ("tags = beta", 1, "did you mean `tag:beta`?"),
        ("tag is beta", 1, "did you mean `tag:beta`?"),
        ("tag :beta", 1, "did you mean `tag:beta`?"),
        ("not-mailed", 1, "did you mean `never-mailed`?"),
        ("never mailed", 1, "did you mean `never-mailed`?"),
        ("never-delivered", 1, "did you mean `not delivered`?"),
        ("undelivered", 1, "did you mean `not delivered`?"),
        ("tag:'beta'", 5, 'did you mean `"beta"`?'),
        ("field:plan = \u201cpro\u201d", 14, 'did you mean `"pro"`?'),
        ("field:age==30", 10, "did you mean `=`?"),
        ("field:age == 30", 11, "did you mean `=`?"),
        ("field:email = a@example.org", 7, "write `domain:…`"),
        ("field:stadt-teil = x", 12, "the name of a field has letters, digits and underscores"),
        ("name = Ada", 1, "put a tag on these people"),
        (
            "email:ada@example.org",
            1,
            "one person is shown by `mailer subscribers show ada@example.org`; a domain is selected by `domain:example.org`",
        ),
        ("@example.org", 1, "a domain is selected by `domain:example.org`"),
        ("mailed:54,55", 8, "write `mailed:54 or mailed:55`"),
        ("mailed:54 since 2026-01-01", 11, "an issue, or one time, in each condition; join two with `and`"),
        (
            "subscribed since 2026-01-01 before 2026-02-01",
            29,
            "an issue, or one time, in each condition; join two with `and`",
        ),
        ("subscribed between 2026-01-01", 12, "two conditions, joined: `since 2026-01-01` and `before 2026-02-01`"),
        ('subscribed since "2026-01-01"', 18, "a date stands without quotes"),
        ("status:subscribed,unconfirmed", 8, "one of them in each condition, with `or` between"),
        ("clicked:54", 1, "opens and clicks are not followed; `delivered` is the most that is known of a letter"),
        ("all", 1, "everybody is selected without a segment; whoever is subscribed, by `status:subscribed`"),
        ("tag:(a)", 5, "a word with a parenthesis in it stands in double quotes"),
        ('tag:"a\\"', 5, ""),
    ],
)
def test_a_hint_at_a_mistake_never_selects_others_than_were_meant(expression: str, column: int, hint: str) -> None:
    with pytest.raises(BadSegment) as caught:
        parse(expression)
    assert (caught.value.column, caught.value.hint) == (column, hint)


def test_a_word_with_such_a_sign_in_it_is_a_word() -> None:
    assert parse("tag:o'hara or tag:'tis or field:plan = a=b") == Or(
        (Tag("o'hara"), Tag("'tis"), FieldIs("plan", "a=b"))
    )
    assert parse('tag:"\u201cbeta\u201d" or field:plan = "=b"') == Or((Tag("\u201cbeta\u201d"), FieldIs("plan", "=b")))


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


_WORDS = [
    "tag:",
    "field:",
    " and ",
    " or ",
    " not ",
    "status:",
    "subscribed ",
    "since ",
    "2026-03-23",
    "mailed:",
    "54",
    "mailed",
]


@given(st.lists(st.sampled_from([*'ab:"()=!\\ ', *_WORDS]), max_size=15).map("".join) | st.text())
def test_whatever_is_written_is_read_or_refused_with_a_place(expression: str) -> None:
    try:
        parse(expression)
    except BadSegment as error:
        assert 1 <= error.column <= len(expression) + 1  # noqa: PT017  # both outcomes are right
