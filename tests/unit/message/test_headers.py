"""Header fields say what was meant, within the limits of the RFCs, whatever the words are."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.utils import getaddresses, parsedate_to_datetime

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mailer.errors import LetterError
from mailer.message import headers, message_id

anything = st.text(max_size=500)
mostly_plain = st.text(st.sampled_from("abc XYZ.,\"'()<>@:;\\=?_é—\U0001f980"), max_size=300)

INJECTION = "=?utf-8?q?hi=0ABcc:_v=40example.com?="


def unfolded(field: str) -> str:
    lines = field.split("\r\n")
    assert all(line.startswith(" ") and line.strip() for line in lines[1:])
    assert "\r" not in "".join(lines)
    assert "\n" not in "".join(lines)
    return "".join(lines).partition(": ")[2]


def read(value: str) -> str:
    return str(make_header(decode_header(value)))


def assert_within_limits(field: str) -> None:
    assert field.isascii()
    assert max(map(len, re.findall(r"=\?[^? ]*\?[BbQq]\?[^? ]*\?=", field)), default=0) <= 75
    assert max(map(len, field.split("\r\n"))) <= 78


# --- subjects -------------------------------------------------------------------------------------------------------


@given(anything | mostly_plain)
@example("a  b " * 40)
@example("word " * 60)
@example("x" * 400)
@example("2+2=? and more")
@example("é" * 200)
@example("é" * 22)  # one encoded word, too long for the first line
@example("\U0001f9d1\u200d\U0001f680" * 50)
@example(INJECTION)
def test_any_subject_reads_as_it_was_written(text: str) -> None:
    subject = headers.tame(text, headers.LONGEST)

    field = headers.unstructured("Subject", subject)

    assert field.startswith("Subject: ")
    assert read(unfolded(field)) == subject
    assert_within_limits(field)


def test_a_short_plain_subject_is_left_as_it_is() -> None:
    assert headers.unstructured("Subject", "Small models, big ideas") == "Subject: Small models, big ideas"


def test_a_long_plain_subject_is_folded_between_words_and_not_encoded() -> None:
    assert headers.unstructured("Subject", "word " * 20 + "end") == (
        f"Subject: {'word ' * 13}word\r\n {'word ' * 6}end"
    )


def test_a_subject_that_looks_encoded_is_read_as_its_letters() -> None:
    assert headers.unstructured("Subject", "2+2=? A riddle") == "Subject: =?utf-8?q?2+2=3D=3F_A_riddle?="


# --- people's words -------------------------------------------------------------------------------------------------


@given(st.text(), st.integers(1, 200))
@example(INJECTION, 100)
@example("=?utf-8?q?" + INJECTION, 100)
@example("Bcc:\r\n x\u2028y\u0085z\x00", 100)
def test_tamed_words_hold_nothing_that_acts(text: str, longest: int) -> None:
    tamed = headers.tame(text, longest)

    assert headers.trouble(tamed, 2 * longest) == ""
    assert read(tamed) == tamed
    assert headers.tame(tamed, 2 * longest) == tamed


@pytest.mark.parametrize("name", ["Zoë", "O'Neill, Anna", "2+2=?", "李小龍", "a.b@c", "\U0001f9d1\u200d\U0001f680"])
def test_ordinary_words_stay_as_they_are(name: str) -> None:
    assert headers.tame(name, 100) == name


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("two\nlines", "line break"),
        ("tab\there", "control"),
        ("sep\u2028arated", "line break"),
        ("next\u0085line", "control"),
        ("half \ud83d", "half of a character"),
        (INJECTION, "encoded word"),
        ("=?utf-8?B?SGk=?=", "encoded word"),
        ("x" * 401, "longer than 400"),
    ],
)
def test_words_of_an_edition_that_could_act_are_refused_with_the_reason(words: str, why: str) -> None:
    assert why in headers.trouble(words)


# --- mailboxes ------------------------------------------------------------------------------------------------------


@given(anything | mostly_plain)
@example('"quoted" \\ back')
@example("Evil <evil@example.com>, Other")
@example("a" * 200)
@example("a (comment")
@example("O'Neill, Anna")
@example("é" * 90)
def test_any_name_stands_beside_one_address(text: str) -> None:
    name = headers.tame(text, headers.LONGEST_NAME)
    assume(not name.startswith(" "))

    field = headers.phrase_and_angle("To", name, "reader@example.org")

    value = unfolded(field)
    [(phrase, address)] = getaddresses([value])
    assert address == "reader@example.org"
    assert read(phrase) == name
    assert_within_limits(field)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("", "To: <reader@example.org>"),
        ("Anna Bell", "To: Anna Bell <reader@example.org>"),
        ("Dr. Anna Bell", 'To: "Dr. Anna Bell" <reader@example.org>'),
        ('Anna "Ann" \\', 'To: "Anna \\"Ann\\" \\\\" <reader@example.org>'),
        ("Zoë", "To: =?utf-8?q?Zo=C3=AB?= <reader@example.org>"),
        ("2+2=?", "To: =?utf-8?b?MisyPT8=?= <reader@example.org>"),
        ("A" * 70, f"To: {'A' * 70}\r\n <reader@example.org>"),
    ],
)
def test_names_are_plain_quoted_or_encoded_as_they_need(name: str, field: str) -> None:
    assert headers.phrase_and_angle("To", name, "reader@example.org") == field


@pytest.mark.parametrize(
    "address",
    [
        "anna@example.org",
        "anna.bell+news@mail.example.org",
        "o'neill@example.org",
        "a_b-c@xn--bcher-kva.example",
        "x@y",
    ],
)
def test_addresses_that_a_letter_can_carry(address: str) -> None:
    assert headers.is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@example.org",
        "anna@",
        "anna@example.org\r\nBcc: x@example.org",
        "anna@example.org\n",
        "anna @example.org",
        "anna@exa mple.org",
        "anna,bob@example.org",
        "anna@example.org>",
        "<anna@example.org",
        "a@b@example.org",
        "anna@-example.org",
        "anna..bell@example.org",
        ".anna@example.org",
        '"anna bell"@example.org',
        "zoë@example.org",
        "anna@bücher.example",
        "=?utf-8?q?=0ABcc?=@example.org",
        "a" * 243 + "@example.org",
    ],
)
def test_addresses_that_no_letter_can_carry(address: str) -> None:
    assert not headers.is_address(address)


# --- identities -----------------------------------------------------------------------------------------------------


def test_a_message_id_names_the_mailing_and_the_delivery() -> None:
    assert message_id("f00dcafe", "7-1", "example.org") == "<f00dcafe.7-1@example.org>"


@pytest.mark.parametrize(
    ("token", "tag", "domain"),
    [
        ("", "7-1", "example.org"),
        ("f00d cafe", "7-1", "example.org"),
        ("f00dcafe", "7-1\r\nBcc: x", "example.org"),
        ("f00dcafe", "7.1", "example.org"),
        ("f00dcafe", "7-1", "example.org>"),
        ("f00dcafe", "7-1", "bücher.example"),
        ("f00dcafe", "7-1", ""),
    ],
)
def test_a_message_id_is_not_made_of_what_could_break_out(token: str, tag: str, domain: str) -> None:
    with pytest.raises(LetterError, match="Message-ID"):
        message_id(token, tag, domain)


@given(st.integers(0, 7_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_a_date_says_its_moment(seconds: int, offset: int) -> None:
    moment = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=offset)))

    assert parsedate_to_datetime(headers.date(moment)) == moment


def test_a_date_of_no_zone_is_refused() -> None:
    assert headers.date(datetime(2026, 11, 23, 9, 30, tzinfo=UTC)) == "Mon, 23 Nov 2026 09:30:00 +0000"
    with pytest.raises(ValueError, match="time zone"):
        headers.date(datetime(2026, 11, 23, tzinfo=None))  # noqa: DTZ001  # this is the mistake
