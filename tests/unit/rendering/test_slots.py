"""Values in skeletons: escaped for the place where they land."""

import html
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import RenderError
from mailer.rendering.edition import Only, Place, Slot
from mailer.rendering.slots import clean, escape, fill, value_for

NASTY = 'Eve <script>alert("1")</script>\r\nBcc: all@example.org'


def test_a_value_is_escaped_for_just_the_place_where_it_lands() -> None:
    assert {place: escape(NASTY, place) for place in Place} == {
        Place.HTML: 'Eve &lt;script&gt;alert("1")&lt;/script&gt; Bcc: all@example.org',
        Place.ATTRIBUTE: "Eve &lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; Bcc: all@example.org",
        Place.URL: "Eve%20%3Cscript%3Ealert%28%221%22%29%3C%2Fscript%3E%20Bcc%3A%20all%40example.org",
        Place.TEXT: 'Eve <script>alert("1")</script> Bcc: all@example.org',
        Place.HEADER: 'Eve <script>alert("1")</script> Bcc: all@example.org',
    }


@pytest.mark.parametrize(
    "control", ["\r", "\n", "\r\n", "\0", "\x0b", "\x1b", "\x7f", "\x85", "\x92", "\u2028", "\u2029"]
)
@pytest.mark.parametrize("place", list(Place))
def test_no_control_character_and_no_line_break_enters_a_letter(control: str, place: Place) -> None:
    assert unquote(escape(f"Ada{control}Lovelace", place)) == "Ada Lovelace"


def test_a_name_cannot_turn_round_the_words_after_it() -> None:
    assert escape("\u202eAda\u2066", Place.TEXT) == "Ada"
    assert escape("\u200fעדה", Place.TEXT) == "\u200fעדה"  # a plain mark belongs to the name


def test_half_of_a_surrogate_pair_does_not_stop_a_mailing() -> None:
    assert escape("A\ud83d", Place.HTML).encode() == "A\ufffd".encode()


@given(st.text(st.characters()))
def test_a_value_never_adds_a_tag_or_leaves_its_quotes(value: str) -> None:
    page = f'<p title="{escape(value, Place.ATTRIBUTE)}">{escape(value, Place.HTML)}</p>'
    parser = _Tags()
    parser.feed(page)
    parser.close()
    words = escape(value, Place.TEXT)
    assert parser.tags == [("p", {"title": words}), "/p"]
    assert html.unescape(parser.words) == html.unescape(words)


@given(st.text(st.characters()))
def test_a_part_of_an_address_cannot_leave_it(value: str) -> None:
    escaped = escape(value, Place.URL)
    assert unquote(escaped) == escape(value, Place.TEXT)
    assert not set(escaped) & set("\"'<>&?/:# ")


@given(st.text(st.characters()))
def test_whatever_is_given_a_header_stays_one_line(value: str) -> None:
    assert len(escape(value, Place.HEADER).splitlines()) <= 1


@pytest.mark.parametrize("values", [{}, {"first_name": ""}, {"first_name": " \n\t"}, {"first_name": "\u202e"}])
def test_a_missing_or_blank_value_gives_the_fallback(values: dict[str, str]) -> None:
    assert value_for(Slot("first_name", Place.TEXT, "reader"), values) == "reader"


def test_a_letter_without_its_unsubscribe_link_is_not_made() -> None:
    with pytest.raises(RenderError, match="unsubscribe_url"):
        fill((Slot("unsubscribe_url", Place.ATTRIBUTE),), {"first_name": "Ada"}, ())


def test_a_person_gets_the_parts_of_their_segments_and_no_others() -> None:
    skeleton = (
        "Dear ",
        Slot("first_name", Place.HTML, "rea<der"),
        Only("tag:pro", (", thank you, ", Slot("first_name", Place.TEXT, "you"))),
        Only("tag:new", (", welcome",)),
        ".",
    )
    assert fill(skeleton, {"first_name": "A&B"}, {"tag:pro"}) == "Dear A&amp;B, thank you, A&B."
    assert fill(skeleton, {}, {"tag:new"}) == "Dear rea&lt;der, welcome."


def test_cleaning_keeps_every_other_character() -> None:
    assert clean("naïve\t日本 \u00a0😀\u200d\x07") == "naïve 日本 \u00a0😀\u200d "


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[object] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.words += data
