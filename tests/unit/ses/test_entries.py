"""One person's part of a call: their values, each escaped for its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import LetterError, RenderError
from mailer.rendering.edition import LINKS, Edition, Letterhead, Place, Slot
from mailer.rendering.slots import escape, value_for
from mailer.ses.entries import Entries

URL = "https://news.example.org/u/1"
SLOTS = tuple(Slot("name", place, "reader") for place in (Place.HTML, Place.ATTRIBUTE, Place.URL, Place.TEXT))
VALUES = (
    st.text(st.characters(max_codepoint=0x7F), max_size=6)
    | st.text(max_size=20)
    | st.sampled_from(["Ada", "Ada  Lovelace", " ", "O'Neil", 'a"b', "a&b", "\n", "a\n", "a ", "\u202eAda"])
)


def edition(title: str = "The AI Morning Post", more: str = "") -> Edition:
    letterhead = Letterhead("post", title, "Post", "news@example.org", "", "en")
    return Edition(
        54, letterhead, ("Hello",), (*SLOTS[:3], more), (SLOTS[3], Slot("unsubscribe_url", Place.TEXT)), "5" * 64
    )


ENTRIES = Entries(edition(), "m", "news")


def _data(name: str, entries: Entries = ENTRIES) -> dict[str, str]:
    values = dict.fromkeys(LINKS, URL) | {"name": name}
    return entries.entry("a@example.com", "", values, (), unsubscribe_url=URL, delivery="1-1").data


@given(VALUES)
def test_every_slot_is_supplied_and_escaped_for_its_place(name: str) -> None:
    expected = [escape(value_for(slot, {"name": name}), slot.place) for slot in SLOTS]
    assert sorted(_data(name).values()) == sorted([*expected, URL])


def test_what_is_the_same_for_all_is_said_once() -> None:
    values = dict.fromkeys(LINKS, URL) | {"name": "Ada"}
    one = ENTRIES.entry("a@example.com", "Ada", values, (), unsubscribe_url=URL, delivery="1-1")
    other = ENTRIES.entry("b@example.com", "", values, (), unsubscribe_url=URL, delivery="2-1")
    assert one.template is other.template
    assert one.template.parameters == {
        "FromEmailAddress": "Post <news@example.org>",
        "DefaultEmailTags": [{"Name": "mailing", "Value": "m"}],
        "DefaultContent": {
            "Template": {
                "TemplateContent": {"Subject": "Hello", "Text": "{{v0}}{{v1}}", "Html": "{{v2}}{{v3}}{{v4}}"},
                "TemplateData": "{}",
                "Headers": [
                    {"Name": "List-Id", "Value": "The AI Morning Post <post.example.org>"},
                    {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
                    {"Name": "Precedence", "Value": "bulk"},
                ],
            }
        },
        "ConfigurationSetName": "news",
    }
    assert one.parameters == {
        "Destination": {"ToAddresses": ["Ada <a@example.com>"]},
        "ReplacementTags": [{"Name": "delivery", "Value": "1-1"}],
        "ReplacementHeaders": [{"Name": "List-Unsubscribe", "Value": f"<{URL}>"}],
        "ReplacementEmailContent": {
            "ReplacementTemplate": {
                "ReplacementTemplateData": f'{{"v0":"Ada","v1":"{URL}","v2":"Ada","v3":"Ada","v4":"Ada"}}'
            }
        },
    }


def test_a_title_that_no_header_of_ses_can_hold_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(RenderError) as caught:
        Entries(edition("ß" * 300), "m")
    assert "List-Id" in str(caught.value)
    assert "newsletter.yaml" in caught.value.hint


def test_an_edition_that_leaves_no_room_for_people_is_refused_before_anything_is_sent() -> None:
    assert Entries(edition(more="x" * 490_000), "m")
    with pytest.raises(RenderError) as caught:
        Entries(edition(more="é" * 90_000), "m")
    assert "too large to be sent in bulk" in str(caught.value)


def test_values_that_fill_a_call_by_themselves_are_one_persons_trouble() -> None:
    with pytest.raises(LetterError) as caught:
        _data("\U0001f680" * 15_000, Entries(edition(more="x" * 490_000), "m"))
    assert str(caught.value) == (
        "SES would not take the letter: with the template it is larger than the 1,000,000 bytes of a call"
    )


@pytest.mark.parametrize(("delivery", "url"), [("1.1", URL), ("1-1", "http://news.example.org/u/1"), ("1-1", "x\r\ny")])
def test_a_tag_or_a_link_that_cannot_be_is_one_persons_trouble(delivery: str, url: str) -> None:
    values: dict[str, str] = dict.fromkeys(LINKS, URL)
    with pytest.raises(LetterError):
        ENTRIES.entry("a@example.com", "", values, (), unsubscribe_url=url, delivery=delivery)


@given(
    st.sampled_from(
        [
            "",
            "Ada",
            "Ada Lovelace",
            "Ada  Lovelace",
            " Ada",
            "Ada ",
            "Ada\n",
            "x" * 61,
            "x" * 120,
            "O'Neil",
            "Zoë",
            "a=?b",
        ]
    )
    | st.text(max_size=12),
    VALUES,
    st.sampled_from([URL, "https://news.example.org/%41?a='b'", "https://news.example.org/" + "x" * 380]),
)
def test_whoever_has_plain_words_gets_what_anybody_would(name: str, value: str, url: str) -> None:
    """The short way and the long way make one entry: `%s` in every place, and words at the edge of plain."""
    slots = (Slot("name", Place.HTML, "reader"), "100 % {{ %s", Slot("unsubscribe_url", Place.ATTRIBUTE))
    letterhead = Letterhead("post", "Post", "Post", "news@example.org", "", "en")
    plain = Entries(Edition(54, letterhead, ("Hello",), slots, slots, "5" * 64), "m")
    other = Entries(
        Edition(54, letterhead, ("Hello",), (*slots, Slot("name", Place.URL, "reader")), slots, "5" * 64), "m"
    )
    values = dict.fromkeys(LINKS, url) | {"name": value}
    made = [
        each.entry("a@example.com", name, values, (), unsubscribe_url=url, delivery="1-1") for each in (plain, other)
    ]
    assert made[0].parameters["Destination"] == made[1].parameters["Destination"]
    assert made[0].parameters["ReplacementHeaders"] == made[1].parameters["ReplacementHeaders"]
    short = {slot: made[0].data[key] for key, slot in made[0].template.slots} | dict(made[0].template.texts)
    long = {slot: made[1].data[key] for key, slot in made[1].template.slots} | dict(made[1].template.texts)
    assert short.items() <= long.items()
    assert (made[0].template.form == "", made[1].template.form == "") == (False, True)
    assert set(made[0].data) == {key for key, _ in made[0].template.slots} | set(made[0].template.texts)
