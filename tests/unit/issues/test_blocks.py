"""The blocks of a section: what each piece of Markdown becomes."""

from collections.abc import Callable

import pytest

from mailer.issues.model import (
    Block,
    Bullets,
    Button,
    Emphasis,
    Figure,
    Image,
    Issue,
    Item,
    LineBreak,
    Paragraph,
    Personal,
    Quote,
    Section,
    Subheading,
    Text,
)

Load = Callable[[str | bytes], Issue]
Mistakes = Callable[[str], list[str]]


def test_a_leading_quote_is_the_standfirst_and_any_other_is_a_pull_quote(front: str, load: Load) -> None:
    body = "# H\n\n> first\n\n> second\n\nwords\n\n> third\n>\n> — me\n"
    assert load(front + f"::: lead\n{body}:::\n").sections == (
        Section(
            "lead",
            7,
            headline=(Text("H"),),
            standfirst=(Text("first"),),
            blocks=(
                Quote((Text("second"),)),
                Paragraph((Text("words"),)),
                Quote((Text("third"), LineBreak(), Text("— me"))),
            ),
        ),
    )


def test_a_quote_that_follows_words_is_no_standfirst(front: str, load: Load) -> None:
    section = load(front + "::: lead\n# H\n\nwords\n\n> q\n:::\n").sections[0]
    assert (section.standfirst, section.blocks[1]) == ((), Quote((Text("q"),)))


def test_a_kind_without_a_standfirst_has_quotes_only(front: str, load: Load) -> None:
    section = load(front + "::: opinion\n# H\n\n> q\n\nwords\n:::\n").sections[0]
    assert section.blocks == (Quote((Text("q"),)), Paragraph((Text("words"),)))


def test_headings_and_lists_stand_in_the_text(front: str, load: Load) -> None:
    body = "## Two\n\n### Three\n\n- a *b*\n- c\n\n1. d\n2. e\n"
    blocks: tuple[Block, ...] = (
        Subheading(2, (Text("Two"),)),
        Subheading(3, (Text("Three"),)),
        Bullets(ordered=False, entries=((Text("a "), Emphasis((Text("b"),))), (Text("c"),))),
        Bullets(ordered=True, entries=((Text("d"),), (Text("e"),))),
    )
    assert load(front + f"::: prose\n{body}:::\n").sections[0].blocks == blocks


def test_items_have_a_title_an_address_and_a_blurb_however_they_are_written(front: str, load: Load) -> None:
    body = """\
# H

1. **[One](https://e.org/1)**

   Its *blurb*,
   on two lines.
2. **Two**: its blurb
3. [**Three**](https://e.org/3) — its blurb
4. **Four**
   its blurb
5. **For {{ name | you }}**
"""
    assert load(front + f"::: tools\n{body}:::\n").sections[0].items == (
        Item((Text("One"),), "https://e.org/1", (Text("Its "), Emphasis((Text("blurb"),)), Text(", on two lines."))),
        Item((Text("Two"),), "", (Text("its blurb"),)),
        Item((Text("Three"),), "https://e.org/3", (Text("its blurb"),)),
        Item((Text("Four"),), "", (Text("its blurb"),)),
        Item((Text("For "), Personal("name", "you")), "", ()),
    )


def test_a_table_of_two_columns_is_figures_and_its_heading_is_not_kept(front: str, load: Load) -> None:
    body = "# H\n\n| Measure | Value |\n| --- | --: |\n| **nano**\\|GPT | 124M |\n| Towns | {{ town \\| none }} |\n"
    figures = load(front + f"::: figures\n{body}:::\n").sections[0].figures
    assert figures[1] == Figure((Text("Towns"),), (Personal("town", "none"),))
    assert figures[0].label[1:] == (Text("|GPT"),)
    assert figures[0].value == (Text("124M"),)


@pytest.mark.parametrize(
    ("markdown", "block"),
    [
        ("![A *red* fox](https://e.org/a.png)", Image("https://e.org/a.png", "A red fox")),
        (
            '[![A "fox"](https://e.org/a.png "It\'s {{ name | you }}")](https://e.org)',
            Image("https://e.org/a.png", "A “fox”", (Text("It’s "), Personal("name", "you")), "https://e.org"),
        ),
        ("[Read **on**](mailto:me@e.org)", Button("mailto:me@e.org", "Read on")),
    ],
)
def test_pictures_and_buttons_stand_alone(markdown: str, block: Block, front: str, load: Load) -> None:
    assert load(front + f"::: prose\n{markdown}\n\nwords\n:::\n").sections[0].blocks[0] == block


def test_a_link_alone_is_an_ordinary_paragraph_where_there_are_no_buttons(front: str, load: Load) -> None:
    assert isinstance(load(front + "::: lead\n# H\n\n[a](https://e.org)\n:::\n").sections[0].blocks[0], Paragraph)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("::: tools\n# H\n\n1. Title\n2. **Two**\n:::\n", [
            "10:1: an entry of 'tools' begins with its title in bold: 1. **Title** or 1. **[Title](https://…)**",
        ]),
        ("::: tools\n# H\n\n1. **One**\n\n2.\n3. - x\n:::\n", [
            "12:1: an entry of 'tools' begins with its title in bold: 1. **Title** or 1. **[Title](https://…)**",
            "13:1: an entry of 'tools' begins with its title in bold: 1. **Title** or 1. **[Title](https://…)**",
        ]),
        ("::: tools\n# H\n\n1. **See [One](https://e.org)**\n:::\n", [
            "10:1: a title's link covers the whole title: **[Title](https://…)**",
        ]),
        ("::: tools\n# H\n\n1. **One** a\n\n   b\n:::\n", ["12:4: an entry has one blurb: join these words to those above"]),
        ("::: tools\n# H\n\n1. **One**\n\n   - b\n:::\n", ["12:4: a list cannot stand inside a list"]),
        ("::: tools\n# H\n\n1. **One**\n\n         b\n:::\n", [
            "12:10: indented that far it would be code: indent the words of an entry by three spaces",
        ]),
        ("::: tools\n# H\n\n1. **One**\n\nblurb\n\n2. **Two**\n:::\n", [
            ("12:1: 'tools' takes no text after its list: indent the words of an entry by three spaces "
            "(only headline, standfirst, numbered list)"),
            ("14:1: a numbered list begins with 1, this one with 2: if it continues one above, "
            "indent what is between by three spaces; if 2 is a word, write '2\\.'"),
        ]),
        ("::: letters\nHello\n\n1. **One**\n\nblurb\n:::\n", [
            "12:1: words stand above the section's list; indent them by three spaces if they belong to the entry above",
        ]),
        ("::: tools\n# H\n\n- **One**\n:::\n", ["10:1: 'tools' takes a numbered list: 1. **Title** and a few words under it"]),
        ("::: tools\n# H\n\n1. **One**\n\n1) **Two**\n:::\n", ["12:1: a section has one numbered list"]),
        ("::: prose\n1984. was a year\n:::\n", [
            ("8:1: a numbered list begins with 1, this one with 1984: if it continues one above, "
            "indent what is between by three spaces; if 1984 is a word, write '1984\\.'"),
        ]),
        ("::: prose\n- a\n  - b\n- c\n\n  d\n-\n- # e\n:::\n", [
            "9:3: a list cannot stand inside a list",
            "12:3: an entry of a list is one paragraph: join these words to those above",
            "13:1: this entry of the list is empty",
            "14:1: an entry of a list holds words only",
        ]),
        ("::: figures\n| a | b | c |\n| - | - | - |\n| 1 | 2 | 3 |\n:::\n", [
            "8:1: a table has 2 columns, a measure and its value",
        ]),
        ("::: figures\n| a | b |\n| - | - |\n| 1 | 2 | 3 |\n| 1 |\n| <b> | 2 |\n:::\n", [
            "10:1: a table has 2 columns, a measure and its value; this row has 3 (a bar inside a cell is written \\|)",
            "11:1: a figure has both a measure and its value",
            "12:3: raw HTML: <b> (write **bold** instead)",
        ]),
        ("::: figures\n| a | b |\n| - | - |\n:::\n", ["8:1: this table has no rows under its heading"]),
        ("::: figures\n| a | b |\n| 1 | 2 |\n:::\n", [
            "8:1: 'figures' takes no text: a table has a row '| --- | --- |' under its first (only headline, table)",
        ]),
        ("::: figures\n| a | b |\n| - | - |\n| 1 | 2 |\n\n| a | b |\n| - | - |\n| {{ nam \\| x }} | {{ nam }} |\n:::\n", [
            "12:1: a section has one table",
            "14:3: unknown personal field 'nam', did you mean 'name'?",
            "14:20: unknown personal field 'nam', did you mean 'name'?",
        ]),
        ("::: image\n![](https://e.org/a)\n:::\n", ["8:1: an image says in words what it shows: ![these words](https://…)"]),
        ("::: image\n![a](http://e.org/a)\n:::\n", ["8:1: an address begins with https://, not like 'http://e.org/a'"]),
        ("::: image\n[![a](https://e.org/a)](ftp://e.org)\n:::\n", [
            "8:1: an address begins with https:// or http:// or mailto:, not like 'ftp://e.org'",
        ]),
        ("::: image\n![a {{ name | x }}](https://e.org/a)\n:::\n", ["8:1: an image's words are the same for all: no {{ … }}"]),
        ("::: button\n[Go {{ name | x }}](https://e.org)\n:::\n", ["8:1: a link alone in its paragraph is a button, which says the same to all: no {{ … }}"]),
        ("::: button\n[Go](nowhere)\n:::\n", [
            "8:1: an address begins with https:// or http:// or mailto:, not like 'nowhere'",
        ]),
    ],
)  # fmt: skip
def test_a_block_that_would_lose_something_is_a_mistake(
    body: str, expected: list[str], body_mistakes: Mistakes
) -> None:
    assert body_mistakes(body) == expected
