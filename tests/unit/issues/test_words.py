"""Runs of words: markup, links, personal words, and what is no words at all."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mailer.issues.kinds import Kind
from mailer.issues.load import load_issue
from mailer.issues.model import Code, Emphasis, Inlines, Issue, LineBreak, Link, Paragraph, Personal, Strong, Text
from mailer.issues.newsletter import load_newsletter

Load = Callable[[str | bytes], Issue]
Mistakes = Callable[[str], list[str]]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("plain & simple, a < b", (Text("plain & simple, a < b"),)),
        ("two\n  lines", (Text("two lines"),)),
        ("a\\\nb", (Text("a"), LineBreak(), Text("b"))),
        ("*a* **b *c***", (Emphasis((Text("a"),)), Text(" "), Strong((Text("b "), Emphasis((Text("c"),)))))),
        ("`a < b`", (Code("a < b"),)),
        ("snake_case_word", (Text("snake_case_word"),)),
        ("[a *b*](https://e.org/?x=1&y=2)", (Link("https://e.org/?x=1&y=2", (Text("a "), Emphasis((Text("b"),)))),)),
        ("[a][b]\n\n[b]: https://e.org", (Link("https://e.org", (Text("a"),)),)),
        ("<https://e.org> <me@e.org>", (
            Link("https://e.org", (Text("https://e.org"),)),
            Text(" "),
            Link("mailto:me@e.org", (Text("me@e.org"),)),
        )),
        ("[w](https://bücher.example/ä)", (Link("https://xn--bcher-kva.example/%C3%A4", (Text("w"),)),)),
        ("&copy; a&nbsp;b \\<b\\>", (Text("© a\xa0b <b>"),)),
        ("(c) -- ... +-", (Text("(c) -- ... +-"),)),
        ('"It\'s \'so\'"', (Text("“It’s ‘so’”"),)),
        ("{{ first_name | dear  reader }}'s", (Personal("first_name", "dear reader"), Text("’s"))),
        ("{{first_name|you}}", (Personal("first_name", "you"),)),
        ("{{ email }} {{ town | here }}", (Personal("email", ""), Text(" "), Personal("town", "here"))),
        ("**{{ name | you }}**", (Strong((Personal("name", "you"),)),)),
        ("[Hi {{ name | you }}](https://e.org)", (Link("https://e.org", (Text("Hi "), Personal("name", "you"))),)),
        ("{{ name |\nyou }}", (Personal("name", "you"),)),
        ("\\] \\( 5 ] ( {a} }b{", (Text("] ( 5 ] ( {a} }b{"),)),
    ],
)  # fmt: skip
def test_markdown_becomes_values(words: str, expected: Inlines, front: str, load: Load) -> None:
    assert load(front + f"::: note\n{words}\n:::\n").sections[0].blocks == (Paragraph(expected),)


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en-GB", "“a ‘b’”"), ("de", "„a ‚b‘“"), ("fr-CA", "«\xa0a ‹\xa0b\xa0›\xa0»"), ("ja", "“a ‘b’”")],
)
def test_quotes_are_those_of_the_newsletters_language(
    language: str, expected: str, front: str, folder: Path, kinds: dict[str, Kind]
) -> None:
    path = folder / "newsletter.yaml"
    path.write_text(path.read_text().replace("en-GB", language))
    (folder / "0007.md").write_text(front + "::: note\n\"a 'b'\"\n:::\n")
    issue = load_issue(folder / "0007.md", load_newsletter(folder), kinds, lambda _: None)
    assert issue.sections[0].blocks == (Paragraph((Text(expected),)),)


NEITHER = "a personal word is written {{ first_name | reader }}"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("a {{ first_nam | reader }}", ["8:3: unknown personal field 'first_nam', did you mean 'first_name'?"]),
        ("a {{ age | old }}", ["8:3: unknown personal field 'age' (there is email, first_name, name, town)"]),
        ("a {{ name }}", ["8:3: 'name' needs a fallback for those who gave none: {{ name | reader }}"]),
        ("a {{ email | }}", ["8:3: 'email' needs a fallback for those who gave none: {{ email | reader }}"]),
        ("a {{ name | b | c }}", ["8:3: 'name' takes one fallback: {{ name | reader }}"]),
        ("a {{ }}", [f"8:3: {NEITHER}"]),
        ("a {{ name", [f"8:3: '{{{{' is never closed: {NEITHER}"]),
        ("a name }}", [f"8:8: '}}}}' closes nothing: {NEITHER}"]),
        ("*b\nc {{ nam | x }}*", ["9:3: unknown personal field 'nam', did you mean 'name'?"]),
        ("- a\n- b {{ nam | x }}", ["9:5: unknown personal field 'nam', did you mean 'name'?"]),
        ("x\n\n> b\n> {{ nam | x }}", ["11:3: unknown personal field 'nam', did you mean 'name'?"]),
        ("x\n\n## b {{ nam | x }} ##", ["10:6: unknown personal field 'nam', did you mean 'name'?"]),
        ("`{{ name | x }}`", ["8:1: a personal word cannot stand in `code`"]),
        ("[a](https://e.org/{{name}})", ["8:1: a personal word cannot stand in an address"]),
        ("[a](https://e.org/{{ name | x }})", [
            "8:3: this link did not come off: [words](https://…), without spaces in the address",
        ]),
        ("a {% if b %}\n{# c #}", [
            "8:3: '{%': an issue is no template; personal words are written {{ first_name | reader }}",
            "9:1: '{#': an issue is no template; personal words are written {{ first_name | reader }}",
        ]),
        ("a <b>c</b> <br/>", [
            "8:3: raw HTML: <b> (write **bold** instead)",
            "8:12: raw HTML: <br/> (write a backslash at the end of the line instead)",
        ]),
        ("a </i>", ["8:3: raw HTML: </i> (write *italics* instead)"]),
        ("<div class='x'>\nwords {{ nam | x }}\n</div>", [
            "8:1: raw HTML: <div class='x'> (write Markdown instead)",
            "9:7: unknown personal field 'nam', did you mean 'name'?",
        ]),
        ("a <!-- b --> c", ["8:3: raw HTML: <!-- b --> (it would not be seen: delete it)"]),
        ("a <!-- b\n\nc -->", ["8:3: raw HTML: an issue has no comments: delete it"]),
        ("[a](javascript:alert)", [
            "8:1: an address begins with https:// or http:// or mailto:, not like 'javascript:alert'",
        ]),
        ("b [a](www.e.org/c)", [
            ("8:3: an address begins with https:// or http:// or mailto:, not like 'www.e.org/c', "
            "did you mean 'https://www.e.org/c'?"),
        ]),
        ("[a](https://)", ["8:1: 'https://' names no host"]),
        ("[a](https://e.org:x/)", ["8:1: 'https://e.org:x/' is no address"]),
        ("[a](mailto:me)", ["8:1: 'mailto:me' names no mailbox"]),
        ("[a]()", ["8:1: '' is no address: it is empty or holds a space"]),
        ("[](https://e.org)", ["8:1: a link needs words: [words](https://…)"]),
        ("[a](b c)", ["8:3: this link did not come off: [words](https://…), without spaces in the address"]),
        ("[a][b]", ["8:3: this link did not come off: no line '[name]: https://…' in this section says where it leads"]),
        ("a" * 10_001, ["8:1: a paragraph of 10,001 characters; one has at most 10,000"]),
        ("a &#x2028;", ["8:1: an entity here (&#…;) stands for a control character: delete it"]),
        ("a ![b](https://e.org)", ["8:3: an image stands alone in its paragraph, in a section that takes images"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_words_is_reported_where_it_stands(
    words: str, expected: list[str], body_mistakes: Mistakes
) -> None:
    assert body_mistakes(f"::: note\n{words}\n:::\n") == expected
