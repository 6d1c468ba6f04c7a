"""Each thing that must be true of an edition, with one of which it is not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mailer.rendering.checks import Finding, check_edition
from mailer.rendering.edition import Edition, Only, Skeleton, Slot
from mailer.rendering.pipeline import Rendered


@pytest.fixture
def edition(rendered: Rendered) -> Edition:
    return rendered.edition


def spoil(skeleton: Skeleton, old: str, new: str) -> Skeleton:
    """The skeleton with words changed, which must be there."""
    changed = tuple(piece.replace(old, new) if isinstance(piece, str) else piece for piece in skeleton)
    assert changed != skeleton
    return changed


def without(skeleton: Skeleton, name: str) -> Skeleton:
    """The skeleton with nothing in place of a slot."""
    return tuple(piece for piece in skeleton if not (isinstance(piece, Slot) and piece.name == name))


def test_a_good_edition_has_nothing_to_find(edition: Edition) -> None:
    assert check_edition(edition) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<!DOCTYPE html>", "", "does not begin with <!DOCTYPE html>"),
        ("@media", "@medium", "lost every @media"),
        ("!important", "", "lost every !important"),
        ("<![endif]-->", "", "conditional comments do not match"),
        (' lang="en-GB"', "", "<html> has no lang"),
        (
            '<div lang="en-GB" dir="ltr" style="display:none',
            '<div style="display:none',
            "<div>, a direct child of <body>, has no lang",
        ),
        ('alt="A laptop"', "", "an image has no alt text: https://example.org/a.png"),
        ('alt="A rack of machines"', "", "an image has no alt text: https://example.org/b.png"),
        ("<h1", "<script></script><h1", "<script> is not allowed"),
        ("<h1", "<form></form><h1", "<form> is not allowed"),
        ("<h1", "<iframe></iframe><h1", "<iframe> is not allowed"),
        ("<h1", "<mj-text></mj-text><h1", "<mj-text> was left over"),
        ("<h1", '<h1 onclick="x"', "<h1> has onclick"),
        ("<h1", "<h1>x</h1><h1", "there are 2 headings of level 1"),
        ("h2", "h4", "a heading of level 4 follows one of level 1"),
        ('<table role="presentation"', "<table", "neither role=presentation nor a <th>"),
        ("postal-address", "", "the HTML shows no postal address"),
        ("</h1>", "", "comes while <h1> is open"),
        (
            "<!--[if mso | IE]></td></tr></table><![endif]-->",
            "<!--[if mso | IE]></td></tr><![endif]-->",
            "in Outlook, ",
        ),
        ("Weekend", "Week\x92end", "the control character U+0092"),
        ("Weekend", "@@0123abcd_7@@", "the HTML has a token left over: @@0123abcd_7@@"),
        ("</head>", "<style>" + "p{}" * 6000 + "</style></head>", "Gmail reads the first 16,384"),
        ("</h1>", "</h1>" + "<p></p>" * 9000, "Gmail clips it"),
    ],
)
def test_what_a_page_must_not_be_is_an_error(edition: Edition, old: str, new: str, message: str) -> None:
    html = edition.html
    if isinstance(html[1], Only) or old not in "".join(piece for piece in html if isinstance(piece, str)):
        html = tuple(spoil(piece.pieces, old, new) if isinstance(piece, Only) else (piece,) for piece in html)
        html = tuple(piece for pieces in html for piece in pieces)
    else:
        html = spoil(html, old, new)
    findings = check_edition(replace(edition, html=html))
    assert [finding.level for finding in findings if message in finding.message][:1] == ["error"]


CHANGES: list[tuple[Callable[[Edition], Edition], Finding]] = [
    (
        lambda e: replace(e, html=without(e.html, "unsubscribe_url")),
        Finding("error", "the HTML has no link to unsubscribe"),
    ),
    (
        lambda e: replace(e, text=without(e.text, "unsubscribe_url")),
        Finding("error", "the text has no link to unsubscribe"),
    ),
    (
        lambda e: replace(e, html=(Only("tag:pro", e.html),)),
        Finding("error", "the HTML has no link to unsubscribe"),
    ),
    (lambda e: replace(e, html=without(e.html, "view_url")), Finding("warning", "the HTML has no view link")),
    (
        lambda e: replace(e, text=without(e.text, "preferences_url")),
        Finding("warning", "the text has no preferences link"),
    ),
    (lambda e: replace(e, subject=(" ",)), Finding("error", "the subject is empty")),
    (
        lambda e: replace(e, text=spoil(e.text, "1 Example Street", "")),
        Finding("error", "the text has no postal address"),
    ),
    (
        lambda e: replace(e, text=spoil(e.text, "Weekend Reading", "Reading")),
        Finding("warning", "the text does not have these words of the HTML: Weekend Reading"),
    ),
    (
        lambda e: replace(e, text=spoil(e.text, "https://example.org/cost?a=1&b=2", "https://example.org/")),
        Finding("warning", "the text does not have this link of the HTML: https://example.org/cost?a=1&b=2"),
    ),
    (
        lambda e: replace(e, text=(*e.text, "\n" + "x " * 40)),
        Finding("error", f"a line of the text has 80 characters, more than 78: {'x ' * 20}…"),
    ),
    (
        lambda e: replace(e, html=spoil(e.html, "Weekend", "{{ week }}"), text=spoil(e.text, "Weekend", "week")),
        Finding("warning", "the HTML has {{ in it: was something to be filled in?"),
    ),
    (
        lambda e: replace(e, html=spoil(e.html, "</h1>", "</h1>" + "<p></p>" * 4000)),
        Finding("warning", "the HTML has {size:,} bytes; Gmail clips at about 102,000"),
    ),
]


@pytest.mark.parametrize(("change", "finding"), CHANGES)
def test_each_finding_says_what_is_wrong(
    edition: Edition, change: Callable[[Edition], Edition], finding: Finding
) -> None:
    findings = check_edition(change(edition))
    if "{size" in finding.message:
        assert any(found.level == "warning" and "Gmail clips at about" in found.message for found in findings)
    else:
        assert finding in findings


def test_an_address_may_be_longer_than_a_line(edition: Edition) -> None:
    assert check_edition(replace(edition, text=(*edition.text, "\n<https://example.org/" + "x" * 90 + ">"))) == []


def test_a_section_whose_removal_leaves_half_a_table_is_found(edition: Edition) -> None:
    number = next(number for number, piece in enumerate(edition.html) if isinstance(piece, Only))
    before = edition.html[number - 1]
    assert isinstance(before, str)
    tail = "<!--[if mso | IE]></td></tr></table><![endif]-->"
    assert before.endswith(tail)
    some = edition.html[number]
    assert isinstance(some, Only)
    moved = Only(some.segment, (tail, *some.pieces))
    html = (*edition.html[: number - 1], before.removesuffix(tail), moved, *edition.html[number + 1 :])
    messages = [finding.message for finding in check_edition(replace(edition, html=html))]
    assert any("conditional comments do not match" in message or "in Outlook" in message for message in messages)
