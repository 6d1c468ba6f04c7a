"""Letters: the edition's words and one person's values arrive as they were meant, and nothing gets in between."""

import re
from dataclasses import replace

import pytest

from mailer.errors import LetterError, RenderError
from mailer.message import Press
from mailer.rendering.edition import Edition, Only, Place, Slot
from mailer.rendering.slots import fill

from .conftest import DATE, EDITION, EVIL, LETTERHEAD, NAMES, URL, VALUES, field_names, print_letter, words_of


def test_a_letter_as_it_goes_over_the_wire() -> None:
    letter = print_letter(segments=("tag:pro",))

    boundary = f"=_{EDITION.digest[:32]}"
    assert letter.decode("ascii").split("\r\n") == [
        "From: The AI Morning Post <news@example.org>",
        "To: Anna Bell <anna@example.org>",
        "Reply-To: <editor@example.org>",
        "Subject: Small models, big ideas",
        "Date: Mon, 23 Nov 2026 09:30:00 +0000",
        "Message-ID: <f00dcafe.7-1@example.org>",
        "MIME-Version: 1.0",
        "List-Id: The AI Morning Post <ai-morning-post.example.org>",
        "List-Unsubscribe: <https://news.example.org/u/ai-morning-post/ElimWdCJIeZfwI-H3wL9Sazg1f4>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Precedence: bulk",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
        f"--{boundary}",
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "Good morning,=20=",
        "Anna=",
        "",
        "",
        "For you alone",
        "Leave:=20=",
        "https://news.example.org/u/ai-morning-post/ElimWdCJIeZfwI-H3wL9Sazg1f4=",
        "",
        "",
        f"--{boundary}",
        'Content-Type: text/html; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "<p>Good morning,=20=",
        "Anna=",
        '</p><a title=3D"=',
        "Anna=",
        '" href=3D"=',
        "https://news.example.org/u/ai-morning-post/ElimWdCJIeZfwI-H3wL9Sazg1f4=",
        '">Leave</a>=',
        "<p>For you alone,=20=",
        "Anna=",
        "</p>=",
        "</html>",
        "",
        f"--{boundary}--",
        "",
    ]


def test_an_edition_always_gives_the_same_letter() -> None:
    assert print_letter(Edition.from_json(EDITION.to_json())) == print_letter()


def test_a_press_serves_people_in_and_out_of_segments_in_any_order() -> None:
    press = Press(EDITION)
    people = [(("tag:pro",), "Anna"), ((), "Zoë"), (("tag:pro",), ""), (("tag:other",), "Bo"), ((), "Cy")]

    for segments, name in people:
        values = VALUES | {"first_name": name}
        letter = press.letter("a@example.org", name, values, segments, unsubscribe_url=URL, message_id="<x>", date=DATE)
        assert words_of(letter) == (fill(EDITION.text, values, segments), fill(EDITION.html, values, segments))
        assert (b"For you alone" in letter) is ("tag:pro" in segments)


def test_without_a_reply_to_there_is_no_such_field() -> None:
    letter = print_letter(replace(EDITION, letterhead=replace(LETTERHEAD, reply_to="")))

    assert field_names(letter) == [name for name in NAMES if name != "Reply-To"]


def test_a_subject_can_be_personal() -> None:
    edition = replace(EDITION, subject=("Good morning, ", Slot("first_name", Place.HEADER, "reader"), "!"))

    assert b"\r\nSubject: Good morning, Anna!\r\n" in print_letter(edition)
    assert b"\r\nSubject: Good morning, reader!\r\n" in print_letter(edition, values=VALUES | {"first_name": " "})
    assert b"\r\nSubject: =?utf-8?q?Good_morning=2C_Zo=C3=AB!?=\r\n" in print_letter(
        edition, values=VALUES | {"first_name": "Zoë"}
    )


def test_a_press_makes_message_ids_in_its_senders_domain() -> None:
    assert Press(EDITION).message_id("f00dcafe", "7-1") == "<f00dcafe.7-1@example.org>"


@pytest.mark.parametrize("place", list(Place))
@pytest.mark.parametrize(
    "value",
    [
        "Anna",
        "Anna Bell",
        "x=3D",
        "From me",
        "Frommer",
        "y" * 72,
        "y" * 85,
        "a/b c?d",
        ".dot",
        " padded ",
        "two  spaces",
        "50% off",
        "<b>&amp;",
        """it's "it\"""",
        "Zoë",
        "tab\there",
        URL,
        "",
    ],
)
def test_a_value_arrives_in_any_place_on_lines_that_servers_leave_alone(value: str, place: Place) -> None:
    text = ("(", Slot("first_name", place, "reader"), ")\n")
    values = VALUES | {"first_name": value}

    letter = print_letter(replace(EDITION, text=text), values=values)

    assert words_of(letter)[0] == fill(text, values, ())
    assert max(map(len, letter.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76
    assert not re.search(rb"\r\n(\.|From )", letter)


# --- List-Unsubscribe -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [40, 60, 100, 300, 900])
def test_a_list_unsubscribe_of_any_length_stays_in_one_piece(length: int) -> None:
    url = "https://news.example.org/u/".ljust(length, "x")

    letter = print_letter(url=url, values=VALUES | {"unsubscribe_url": url})

    assert letter.count(f"\r\nList-Unsubscribe: <{url}>\r\n".encode()) == 1
    assert url in words_of(letter)[0]


@pytest.mark.parametrize("url", ["http://localhost:8000/u/a/b", "http://127.0.0.1/u/a/b", "http://[::1]:8000/u/a/b"])
def test_on_this_machine_itself_http_will_do(url: str) -> None:
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in print_letter(url=url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://news.example.org/u/a/b",
        "http://localhost.example.org/u/a/b",
        "mailto:leave@example.org",
        "https://news.example.org/u/ä",
        "https://news.example.org/u/a b",
        "https://news.example.org/u/a>, <mailto:x@example.org",
        "https://news.example.org/u/a\r\nBcc: x@example.org",
        "https://news.example.org/u/=?utf-8?q?=0ABcc?=",
        "https://news.example.org/u/" + "x" * 1000,
    ],
)
def test_what_mailbox_providers_would_ignore_is_not_sent(url: str) -> None:
    with pytest.raises(LetterError, match="List-Unsubscribe"):
        print_letter(url=url)


# --- refusals -------------------------------------------------------------------------------------------------------


def test_a_letter_without_its_links_is_not_printed() -> None:
    with pytest.raises(RenderError, match="unsubscribe_url"):
        print_letter(values={})


def test_an_address_that_no_letter_can_carry_is_refused_for_that_person_alone() -> None:
    with pytest.raises(LetterError, match="none that a letter can carry") as caught:
        print_letter(to_email="anna@example.org\r\nBcc: all@example.org")
    assert "xn--" in caught.value.hint


@pytest.mark.parametrize(
    ("edition", "what"),
    [
        (replace(EDITION, subject=()), "the subject is empty"),
        (replace(EDITION, subject=(" ", Slot("first_name", Place.HEADER))), "the subject is empty"),
        (replace(EDITION, subject=("A", Only("tag:pro", ("B",)))), "only for some"),
        (replace(EDITION, subject=("two\nlines",)), "the subject cannot stand in a header"),
        (replace(EDITION, subject=("x" * 401,)), "longer than 400"),
        (replace(EDITION, subject=("a", Slot("n", Place.HEADER, "\n"))), "the subject cannot stand in a header"),
        (replace(EDITION, letterhead=replace(LETTERHEAD, from_name=EVIL)), "the sender's name"),
        (replace(EDITION, letterhead=replace(LETTERHEAD, title="a\u2028b")), "the newsletter's title"),
        (replace(EDITION, letterhead=replace(LETTERHEAD, from_email="")), "the sender's address"),
        (replace(EDITION, letterhead=replace(LETTERHEAD, from_email="news@exämple.org")), "the sender's address"),
        (replace(EDITION, letterhead=replace(LETTERHEAD, reply_to="editor")), "the reply-to address"),
        (replace(EDITION, letterhead=replace(LETTERHEAD, newsletter="a b")), "List-Id"),
        (replace(EDITION, text=("half \ud83d",)), "half of a character"),
        (replace(EDITION, html=(Only("tag:pro", ("half \ud83d",)),)), "half of a character"),
    ],
)
def test_an_edition_that_cannot_be_a_letter_is_refused_before_anything_is_sent(edition: Edition, what: str) -> None:
    with pytest.raises(RenderError, match=re.escape(what)) as caught:
        Press(edition)
    assert caught.value.hint


def test_line_breaks_of_other_systems_become_the_wires_own() -> None:
    edition = replace(EDITION, text=("one\rtwo\r\nthree\n", Slot("unsubscribe_url", Place.TEXT)))

    assert words_of(print_letter(edition))[0] == f"one\ntwo\nthree\n{URL}"
