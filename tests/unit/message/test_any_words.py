"""Whatever words an edition and a person bring: they arrive as filled in, or are refused; none becomes a header."""

import re
from dataclasses import replace

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mailer.errors import LetterError, RenderError
from mailer.message import Press, verify
from mailer.message.headers import tame
from mailer.rendering.edition import LINKS, Only, Place, Skeleton, Slot
from mailer.rendering.slots import fill

from .conftest import DATE, EDITION, EVIL, LETTERHEAD, NAMES, URL, VALUES, field_names, print_letter, words_of

# --- any words ------------------------------------------------------------------------------------------------------

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\r")
tricky = st.sampled_from(
    [
        "",
        ".",
        "..\n.\n",
        "From ",
        "\nFrom me",
        " ",
        "trailing \n\t\n",
        "x" * 100,
        "=",
        "x=3D",
        "y" * 85,
        "a/b c?d",
        "é" * 40,
        "\U0001f9d1\u200d",
        "\U0001f680",
        "--=_",
        "</html>\n",
        EVIL,
    ]
)
literals = st.text(characters, max_size=30) | tricky
headings = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp"]), max_size=60) | st.sampled_from(
    [
        "",
        "..",
        " a  b ",
        "x" * 100,
        "é" * 40,
        "word " * 30,
        "2+2=?",
        '"',
        "\\",
        "a <b@example.com>, c",
        "\U0001f680" * 30,
    ]
)
values_of_people = st.text(max_size=40) | tricky | st.just("line\r\nBcc: all@example.org")
slots = st.builds(
    Slot, st.sampled_from(["first_name", "city"]), st.sampled_from(Place), st.text(characters, max_size=9)
) | st.builds(Slot, st.sampled_from(LINKS), st.sampled_from([Place.TEXT, Place.ATTRIBUTE]))


def skeletons() -> st.SearchStrategy[Skeleton]:
    def deeper(pieces: st.SearchStrategy[str | Slot | Only]) -> st.SearchStrategy[str | Slot | Only]:
        inner = st.lists(pieces, max_size=3).map(tuple)
        return pieces | st.builds(Only, st.sampled_from(["tag:a", "tag:b"]), inner)

    pieces: st.SearchStrategy[str | Slot | Only] = st.recursive(literals | slots, deeper, max_leaves=6)
    return st.lists(pieces, max_size=6).map(tuple)


@given(
    html=skeletons(),
    text=skeletons(),
    fields=st.fixed_dictionaries({"first_name": values_of_people, "city": values_of_people}),
    to_name=values_of_people,
    segments=st.sets(st.sampled_from(["tag:a", "tag:b"])),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(
    html=("\U0001f9d1\u200d", Slot("city", Place.HTML), "\U0001f680 \n", Slot("first_name", Place.TEXT), "From "),
    text=(".", Slot("first_name", Place.TEXT), ".", Only("tag:a", (Slot("city", Place.TEXT), "\n.")), " "),
    fields={"first_name": ".", "city": "From " + "w" * 500},
    to_name="\ud800 Zoë, =?",
    segments={"tag:a"},
)
def test_any_words_arrive_as_they_were_filled_in(
    html: Skeleton, text: Skeleton, fields: dict[str, str], to_name: str, segments: set[str]
) -> None:
    edition = replace(EDITION, html=html, text=text)
    values = dict.fromkeys(LINKS, URL) | fields

    letter = print_letter(edition, to_name=to_name, values=values, segments=tuple(segments))

    assert field_names(letter) == NAMES
    assert words_of(letter) == (fill(text, values, segments), fill(html, values, segments))
    assert not re.search(rb"\r\n(\.|From )", letter)
    verify(
        letter,
        names=NAMES,
        recipient="anna@example.org",
        subject="Small models, big ideas",
        text=fill(text, values, segments),
        html=fill(html, values, segments),
        unsubscribe_url=URL,
    )


@given(
    subject=st.lists(headings | st.builds(Slot, st.just("city"), st.just(Place.HEADER), headings), max_size=2),
    from_name=headings,
    title=headings,
    to_name=values_of_people,
    city=values_of_people,
)
@settings(deadline=None)
@example(subject=["A"], from_name="é" * 99, title='"', to_name=EVIL, city="")
@example(subject=["Ça va, ", Slot("city", Place.HEADER)], from_name=",", title="<>", to_name="\r\nBcc: x", city=EVIL)
@example(subject=["=?utf-8?", Slot("city", Place.HEADER), "?="], from_name="", title="", to_name="", city="q?=0Ax")
def test_any_words_in_a_header_are_harmless(
    subject: list[str | Slot], from_name: str, title: str, to_name: str, city: str
) -> None:
    edition = replace(
        EDITION,
        subject=("No. 54: ", *subject),
        letterhead=replace(LETTERHEAD, from_name=from_name, title=title),
    )
    values = VALUES | {"city": city}

    letter = print_letter(edition, to_name=to_name, values=values)

    assert field_names(letter) == NAMES
    verify(
        letter,
        names=NAMES,
        recipient="anna@example.org",
        subject=tame(fill(edition.subject, values, ())),
        text=fill(edition.text, values, ()),
        html=fill(edition.html, values, ()),
        unsubscribe_url=URL,
    )


@given(st.lists(st.text() | tricky, min_size=3, max_size=3))
def test_words_of_an_edition_that_could_act_are_refused_or_harmless(words: list[str]) -> None:
    subject, from_name, title = words
    edition = replace(EDITION, subject=(subject,), letterhead=replace(LETTERHEAD, from_name=from_name, title=title))
    try:
        letter = print_letter(edition)
    except RenderError:
        return
    assert field_names(letter) == NAMES


@given(st.text(), st.text())
@example("anna@example.org", "<x>\r\nBcc: y@example.org")
@example("anna@example.org", "<x>\nBcc: y@example.org")
@example("anna@example.org", "<x>\u2028Bcc: y@example.org")
def test_an_odd_address_or_message_id_never_becomes_another_header(email: str, message_id: str) -> None:
    press = Press(EDITION)
    try:
        letter = press.letter(email, "", VALUES, (), unsubscribe_url=URL, message_id=message_id, date=DATE)
    except LetterError:
        return
    assert field_names(letter) == NAMES
