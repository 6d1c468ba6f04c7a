"""Sections: where they begin and end, their kinds and attributes, the parts that they take and need."""

from collections.abc import Callable

import pytest

from mailer.errors import ContentErrors, Mistake
from mailer.issues.kinds import Kind
from mailer.issues.load import load_issue
from mailer.issues.model import Issue, Newsletter, Paragraph, Section, Text
from mailer.issues.newsletter import load_newsletter

Load = Callable[[str | bytes], Issue]
Mistakes = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("\n\n", ["7:1: the issue has no section: '::: prose', a few lines of Markdown, ':::'"]),
        (
            "hello\nthere\n\n::: prose\nx\n:::\n  again\n",
            [
                "7:1: text outside any section: put it between '::: prose' and ':::'",
                "13:3: text outside any section: put it between '::: prose' and ':::'",
            ],
        ),
        (":::\n::: prose\nx\n:::\n", ["7:1: this ':::' closes nothing"]),
        ("::: prose\nx\n", ["7:1: '::: prose' is never closed: end it with a line ':::'"]),
        (
            "::: lead\n# H\n\n::: prose\nx\n:::\n\n::: prose\ny\n:::\n",
            ["7:1: '::: lead' is never closed: end it with a line ':::'"],
        ),
        (
            "::: lead\n# H\n\n::: prose\nx\n:::\n\nmore <b>\n:::\n",
            [
                "10:1: '::: prose' stands inside '::: lead' of line 7: close that one first",
                "14:6: raw HTML: <b> (write **bold** instead)",
            ],
        ),
        ("::: prsoe\nx\n:::\n", ["7:5: unknown section kind 'prsoe', did you mean 'prose'?"]),
        (
            "::: poll {any=1}\nx {{ nam | y }}\n:::\n",
            [
                "7:5: unknown section kind 'poll' (there is button, figures, image, lead, letters, note, opinion, prose, tools)",
                "8:3: unknown personal field 'nam', did you mean 'name'?",
            ],
        ),
        ("::: {rating=7}\nx\n:::\n", ["7:5: the section's kind is missing: '::: kind {name=value}'"]),
        ("::: lead rating=7\n# H\n:::\n", ["7:10: attributes stand in braces: '::: kind {name=value}'"]),
        ("::: lead {rating=7\n# H\n:::\n", ["7:11: the brace is not closed: {name=value}"]),
        ("::: lead {\n# H\n:::\n", ["7:10: the brace that opens here is not closed"]),
        ("::: lead {rating=11}\n# H\n:::\n", ["7:18: rating must be a whole number from 0 to 10, not '11'"]),
        ("::: lead {rating=-1}\n# H\n:::\n", ["7:18: rating must be a whole number from 0 to 10, not '-1'"]),
        ("::: lead {rating=7.5}\n# H\n:::\n", ["7:18: rating must be a whole number from 0 to 10, not '7.5'"]),
        ("::: lead {rating=7 rating=8}\n# H\n:::\n", ["7:20: 'rating' is given twice"]),
        ("::: lead {ratign=7}\n# H\n:::\n", ["7:11: 'lead' takes no attribute 'ratign', did you mean 'rating'?"]),
        ('::: lead {kicker=""}\n# H\n:::\n', ["7:19: kicker must not be empty"]),
        ("::: lead {kicker='A b'}\n# H\n:::\n", ['7:11: a value with spaces stands in straight double quotes: name="a value"']),
        ("::: lead {kicker=“A b”}\n# H\n:::\n", ['7:11: a value with spaces stands in straight double quotes: name="a value"']),
        ('::: lead {kicker="A b}\n# H\n:::\n', ["7:11: the quote that opens here is not closed"]),
        ("::: lead {.big}\n# H\n:::\n", ['7:11: an attribute is written name=value or name="a value"']),
        ('::: lead {kicker="To {{ name | x }}"}\n# H\n:::\n', ["7:22: kicker cannot hold '{{': it is the same for all"]),
        ("::: image {side=up}\n![a](https://e.org/a)\n:::\n", ["7:17: side must be one of left, right, not 'up'"]),
        (
            "::: image {source=ftp://e.org}\n![a](https://e.org/a)\n:::\n",
            ["7:19: source must be an address: an address begins with https:// or http://, not like 'ftp://e.org'"],
        ),
        ("::: prose {only=pro}\nx\n:::\n", ["7:17: only: 'pro' is no segment"]),
        ('::: prose {only=" "}\nx\n:::\n', ["7:18: only: it is empty"]),
    ],
)  # fmt: skip
def test_a_fence_that_is_wrong_is_reported_where_it_stands(
    body: str, expected: list[str], body_mistakes: Mistakes
) -> None:
    assert body_mistakes(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("::: lead\nwords\n:::\n", ["7:1: 'lead' has no headline: write a line '# Words'"]),
        ("::: opinion\n:::\n", [
            "7:1: 'opinion' has no headline: write a line '# Words'",
            "7:1: 'opinion' has no text: write a paragraph",
        ]),
        ("::: lead\n# One\n\n# Two\n:::\n", ["10:1: a section has one headline: write '## Words' for a heading inside it"]),
        ("::: lead\nwords\n\n# One\n:::\n", ["10:1: the headline stands first in its section"]),
        ("::: lead\n# One\n\n#### Four\n:::\n", ["10:1: headings have three levels: '#' the headline, '##' and '###' inside the text"]),
        ("::: lead\n#\n:::\n", ["8:1: this heading is empty"]),
        ("::: prose\nwords\n---\n:::\n", [
            "7:1: 'prose' has no text: write a paragraph",
            "8:1: a line under words makes a heading in Markdown: write '## Words', or '# Words'",
        ]),
        ("::: lead\n# H\n\n> one\n\n> two\n\nwords\n\n> three\n:::\n", []),
        ("::: tools\n# H\n\n> one\n\n> two\n\n1. **T**\n:::\n", ["12:1: a standfirst stands right under the headline, once"]),
        ("::: button\n[Go](https://e.org)\n\n> quote\n:::\n", ["10:1: 'button' takes no quote (only button)"]),
        ("::: lead\n# H\n\n| a | b |\n| - | - |\n| 1 | 2 |\n:::\n", ["10:1: 'lead' takes no table (only headline, standfirst, text, quote)"]),
        ("::: lead\n# H\n\n![a](https://e.org/a)\n:::\n", ["10:1: 'lead' takes no image (only headline, standfirst, text, quote)"]),
        ("::: button\nGo\n:::\n", [
            "7:1: 'button' has no button: write [words](https://…) alone in its paragraph",
            "8:1: 'button' takes no text (only button)",
        ]),
        ("::: prose\nx\n\n***\n:::\n", ["10:1: rules are the theme's: end the section and begin another instead"]),
        ("::: prose\nx\n\n    y\n:::\n", ["10:5: indented by four spaces this is code, which a letter has no place for"]),
        ("::: prose\nx\n\n```\ny\n```\n:::\n", ["10:1: a letter has no place for blocks of code: `code` stands inside a line"]),
        ("::: prose\n> - x\n\ny\n\n>\n:::\n", ["8:1: after '>' stand words only", "12:1: this '>' has no words"]),
    ],
)  # fmt: skip
def test_parts_are_measured_by_what_the_kind_takes_and_needs(
    body: str, expected: list[str], body_mistakes: Mistakes
) -> None:
    assert body_mistakes(body) == expected


def test_a_section_keeps_its_attributes_its_line_and_whom_it_is_for(front: str, load: Load) -> None:
    body = '\n::: lead { rating=7 kicker="It\'s \\"hot\\"" only="tag:pro" }\n# H\n:::\n\n:::prose\nx\n:::\n'
    assert load(front + body).sections == (
        Section("lead", 8, {"rating": 7, "kicker": "It’s “hot”"}, "tag:pro", headline=(Text("H"),)),
        Section("prose", 12, blocks=(Paragraph((Text("x"),)),)),
    )


def test_two_hundred_sections_are_enough(body_mistakes: Mistakes) -> None:
    section = "::: prose\nx\n:::\n"
    assert body_mistakes(section * 200) == []
    assert body_mistakes(section * 300) == ["607:1: an issue has at most 200 sections; nothing after is read"]


def test_a_label_for_an_unknown_kind_is_a_mistake_of_the_newsletter(
    front: str, newsletter: Newsletter, kinds: dict[str, Kind]
) -> None:
    newsletter.path.write_text(newsletter.path.read_text() + "labels:\n  lead: Top\n  opinon: Views\n")
    path = newsletter.path.parent / "0007.md"
    path.write_text(front + "::: prose\nx\n:::\n")
    with pytest.raises(ContentErrors) as caught:
        load_issue(path, load_newsletter(path.parent), kinds, lambda _: None)
    assert caught.value.mistakes == (
        Mistake(newsletter.path, 15, 3, "labels: unknown section kind 'opinon', did you mean 'opinion'?"),
    )


def test_only_words_get_the_typographers_quotes(front: str, load: Load) -> None:
    body = '::: image {side=left source="https://example.org/it\'s"}\n![a](https://example.org/a)\n:::\n'
    assert load(front + body).sections[0].attributes == {"side": "left", "source": "https://example.org/it's"}
