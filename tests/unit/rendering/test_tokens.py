"""Tokens in, skeleton out: and each slot where its place says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import RenderError
from mailer.rendering.edition import Only, Place, Slot
from mailer.rendering.tokens import Tokens, choose_mark, split_html

MARK = "0054abcd"
NAME = Slot("first_name", Place.HTML, "reader")
LINK = Slot("view_url", Place.ATTRIBUTE)


def test_a_page_is_split_at_its_slots() -> None:
    tokens = Tokens(MARK)
    page = f'<p>Dear {tokens.slot(NAME)}, <a href="{tokens.slot(LINK)}">read</a> {tokens.slot(NAME)}</p>'
    assert split_html(page, tokens) == ("<p>Dear ", NAME, ', <a href="', LINK, '">read</a> ', NAME, "</p>")


def test_what_is_only_for_some_becomes_a_piece_of_its_own() -> None:
    tokens = Tokens(MARK)
    begin, end = tokens.only("tag:pro")
    again, over = tokens.only("tag:pro")
    source = f"a{begin}b{tokens.slot(NAME)}{end}{again}c{over}"
    assert tokens.split(source) == ("a", Only("tag:pro", ("b", NAME)), Only("tag:pro", ("c",)))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=5))
def test_the_words_round_a_slot_come_back_as_they_were(words: list[str]) -> None:
    tokens = Tokens(choose_mark("0054abcd", repr(words)))
    skeleton = tokens.split(tokens.slot(NAME).join(words))
    assert "".join(piece if isinstance(piece, str) else "\x00" for piece in skeleton) == "\x00".join(words)
    assert sum(isinstance(piece, Slot) for piece in skeleton) == len(words) - 1


def test_no_words_of_an_author_are_taken_for_a_slot() -> None:
    mark = choose_mark("0054abcd" * 8, "an author who writes @@0054abcd_0@@")
    assert mark != "0054abcd"
    assert mark == choose_mark("0054abcd" * 8, "an author who writes @@0054abcd_0@@")
    assert choose_mark("0054abcd" * 8, "an author who writes @@0054abce_0@@") == "0054abcd"


@pytest.mark.parametrize(
    "page",
    [
        "<!-- {token} -->",
        "<!--[if mso | IE]><td>{token}</td><![endif]-->",
        "<style>p{{color:{token}}}</style>",
        "<title>{token}</title>",
        '<p title="{token}">',
        "<p {token}>",
    ],
)
def test_words_for_one_person_stand_between_tags_and_nowhere_else(page: str) -> None:
    tokens = Tokens(MARK)
    with pytest.raises(RenderError, match="first_name is escaped for html, but stands"):
        split_html(page.format(token=tokens.slot(NAME)), tokens)


@pytest.mark.parametrize("page", ["<p>{token}</p>", "<a href={token}>", "<a href='{token}'>", '<!-- "{token}" -->'])
def test_an_address_for_one_person_stands_in_double_quotes_of_a_tag(page: str) -> None:
    tokens = Tokens(MARK)
    with pytest.raises(RenderError, match="view_url is escaped for attribute, but stands"):
        split_html(page.format(token=tokens.slot(LINK)), tokens)


def test_a_quote_inside_other_quotes_does_not_mislead() -> None:
    tokens = Tokens(MARK)
    page = f"""<a title='say "' href="{tokens.slot(LINK)}" rel='">'>{tokens.slot(NAME)}</a>"""
    assert [piece for piece in split_html(page, tokens) if isinstance(piece, Slot)] == [LINK, NAME]


def test_a_section_for_some_cannot_begin_inside_a_comment() -> None:
    tokens = Tokens(MARK)
    begin, end = tokens.only("tag:pro")
    with pytest.raises(RenderError, match="inside a comment") as caught:
        split_html(f"<!--[if mso]><table>{begin}<![endif]-->x{end}", tokens)
    assert "<mj-wrapper>" in caught.value.hint


def test_a_token_that_rendering_lost_is_an_error() -> None:
    tokens = Tokens(MARK)
    tokens.slot(NAME)
    with pytest.raises(RenderError, match="rendering lost the slot first_name"):
        tokens.split("nothing")


@pytest.mark.parametrize("order", ["{1}{0}", "{0}{0}{1}", "{0}{1}{1}", "{0}{2}{1}{3}"])
def test_ends_that_do_not_match_are_an_error(order: str) -> None:
    tokens = Tokens(MARK)
    ends = (*tokens.only("tag:pro"), *tokens.only("tag:new"))
    with pytest.raises(RenderError):
        tokens.split(order.format(*ends) + "".join(end for end in ends if end not in order.format(*ends)))
