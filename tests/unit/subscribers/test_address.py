"""An address means the same whichever way it is read, and what cannot be written to is refused in plain words."""

import re

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from subscribers.address import Address, is_plain, parse
from subscribers.errors import BadAddress


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada@example.org", Address("ada@example.org", "ada@example.org")),
        (
            "  Ada.Lovelace+news@Example.ORG\t",
            Address("Ada.Lovelace+news@example.org", "ada.lovelace+news@example.org"),
        ),
        ("Info@example.org", Address("Info@example.org", "info@example.org")),
        ("ada@bu\u0308cher.example", Address("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example")),
        ("ada@BÜCHER.example", Address("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example")),
        ("Ada@XN--BCHER-KVA.example", Address("Ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example")),
        ("ada@bücher.example", Address("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example")),
        ("o'brien@example.co.uk", Address("o'brien@example.co.uk", "o'brien@example.co.uk")),
        ("a@xn--p1ai.xn--p1ai", Address("a@xn--p1ai.xn--p1ai", "a@xn--p1ai.xn--p1ai")),
    ],
)
def test_an_address_keeps_its_spelling_and_is_compared_without_it(text: str, expected: Address) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("ada", "@-sign"),
        ("ada@", "after the @-sign"),
        ("@example.org", "before the @-sign"),
        ("ada@@example.org", "invalid characters"),
        ("ada@example", "period"),
        ("ada@example.org.", "end with a period"),
        ("ada..b@example.org", "before the @-sign|two periods"),
        ("ädä@example.org", r'"ädä@example.org" cannot be written to: `ä` before the @-sign is not ASCII'),
        ('"ada b"@example.org', "Quoting|quoting"),
        ("ada@[127.0.0.1]", "bracketed"),
        ("ada@localhost", "period|special-use"),
        ("ada@host.test", "special-use"),
        ("ada@ab--cd.example", "two dashes"),
        ("ada@xn--a.example", "IDNA"),
        ("ada\0@example.org", "before the @-sign"),
        ("ada@exa\nmple.org", "invalid characters"),
        ("ada@example.org, bob@example.org", "invalid characters"),
        ("a" * 65 + "@example.org", "too long"),
        ("ada@" + "a" * 64 + ".org", "so many characters"),
        ("a@" + "b." * 200 + "org", "longer than 254"),
    ],
)
def test_what_cannot_be_written_to_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(BadAddress, match=reason):
        parse(text)


def test_an_address_with_a_name_around_it_is_refused_with_the_way_out() -> None:
    with pytest.raises(BadAddress) as caught:
        parse("Ada Lovelace <ada@example.org>")
    assert caught.value.hint == 'give the address alone: "ada@example.org"'


def test_a_refusal_shows_nothing_that_a_terminal_would_obey() -> None:
    with pytest.raises(BadAddress) as caught:
        parse("ada\x1b[2J@example.org")
    assert "\x1b" not in str(caught.value)


def test_a_long_text_is_refused_before_anything_takes_its_time_over_it() -> None:
    with pytest.raises(BadAddress, match="longer than 254"):
        parse("a@" + "١" * 1_000_000 + ".example")


# Pieces that bring both ways of reading to their edges: dots, hyphens, punycode, length limits, reserved names.
_local = st.text(st.sampled_from("aZ09.+-_'!#~é\" "), min_size=0, max_size=5) | st.integers(60, 70).map("a".__mul__)
_label = (
    st.text(st.sampled_from("aZ0-_üß"), min_size=0, max_size=6)
    | st.sampled_from(["xn--bcher-kva", "XN--a", "ab--c", "local", "TEST", "onion", "arpa", "invalid", "localhost"])
    | st.integers(58, 66).map("b".__mul__)
)
_top = _label | st.sampled_from(["org", "example", "COM", "museum", "c", "c0m", "0rg"])
_domain = st.tuples(st.lists(_label, max_size=4), _top).map(lambda parts: ".".join([*parts[0], parts[1]]))
_addresses = st.builds("{}@{}".format, _local, _domain) | st.emails() | st.text(max_size=30)


@given(_addresses)
def test_the_fast_way_agrees_with_email_validator(text: str) -> None:
    text = text.strip()
    try:
        valid = validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True)
        expected = f"{text.rpartition('@')[0]}@{valid.ascii_domain}"
    except EmailNotValidError:
        expected = None
    try:
        found = parse(text).email
    except BadAddress:
        found = None
    assert found == expected


@given(_addresses)
def test_reading_an_address_again_changes_nothing(text: str) -> None:
    try:
        once = parse(text)
    except BadAddress:
        return
    assert parse(once.email) == once
    assert parse(once.key) == Address(once.key, once.key)
    assert re.fullmatch(r"[\x21-\x7e]{1,254}", once.email)


@given(_addresses)
def test_upper_and_lower_case_are_one_mailbox(text: str) -> None:
    try:
        once = parse(text)
    except BadAddress:
        return
    assert parse(once.email.upper()).key == once.key


_pieces = st.sampled_from([*"abz019", ".", "-", "_", "+", "..", "--", "xn--", "example", "ß", "A", " ", "\n", "1.2"])
_texts = st.lists(_pieces, max_size=8).map("".join)
_domains = st.tuples(_texts, st.sampled_from(["org", "test", "local", "de", "1a", "museum", "org\n"])).map(".".join)


@given(st.tuples(_texts, _domains).map("@".join))
def test_what_is_plain_is_what_the_full_parser_gives_back(text: str) -> None:
    if is_plain(text):
        assert parse(text) == Address(email=text, key=text)
        assert validate_email(text, check_deliverability=False, allow_smtputf8=False, strict=True).ascii_email == text


def test_most_addresses_are_plain() -> None:
    assert all(map(is_plain, ["ada@example.org", "ada.lovelace+news@mail.example.co.uk", "a_b-c@x-y.museum"]))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("ada@example.org.", 'perhaps "ada@example.org" is meant'),
        ("'ada@example.org',", 'perhaps "ada@example.org" is meant'),
        ("a\u200bda@exam\u00adple.org", 'perhaps "ada@example.org" is meant'),
        ("ada%40example.org", 'perhaps "ada@example.org" is meant'),
        ("ada@example.org, bob@example.org", "there are several: give each by itself"),
        ("ada@example.org/bob@example.org", "there are several: give each by itself"),
        ("ada at example.org", ""),
        ("ada@example", ""),
    ],
)
def test_what_is_nearly_an_address_says_what_may_be_meant(text: str, hint: str) -> None:
    with pytest.raises(BadAddress) as caught:
        parse(text)
    assert caught.value.hint == hint
