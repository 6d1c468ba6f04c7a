"""SES's limits, each one at its edge."""

import pytest

from mailer.ses import limits

NAMED = [("X-A", "b")]


@pytest.mark.parametrize(
    ("address", "fits"),
    [
        ("zoe@example.org", True),
        ("a" * 64 + "@example.org", True),
        ("a" * 65 + "@example.org", False),
        ("a@" + "b" * 63 + ".org", True),
        ("a@" + "b" * 64 + ".org", False),
        ("zoë@example.org", False),
        ("zoe@exämple.org", False),
        ("a@example.org, b@example.org", False),
        ("a@example.org\r\nBcc: b@example.org", False),
        ("Zoe <zoe@example.org>", False),
        ("", False),
        ("@example.org", False),
    ],
)
def test_an_address_fits_or_is_named_as_wrong(address: str, fits: bool) -> None:  # noqa: FBT001  # parametrized
    assert (limits.in_address(address) == "") is fits


@pytest.mark.parametrize(
    ("value", "fits"),
    [("17-1", True), ("a_B-9", True), ("x" * 256, True), ("x" * 257, False), ("", False), ("a.b", False), ("ä", False)],
)
def test_a_tag_fits_or_is_named_as_wrong(value: str, fits: bool) -> None:  # noqa: FBT001  # parametrized
    assert (limits.in_tag(value) == "") is fits


def test_a_tag_with_a_line_break_at_its_end_does_not_fit() -> None:
    assert limits.in_tag("17-1\n")
    assert limits.in_configuration_set("news\n")


@pytest.mark.parametrize(
    ("headers", "fits"),
    [
        (NAMED * 15, True),
        (NAMED * 16, False),
        ([("n" * 126, "v" * 870)], True),
        ([("n" * 127, "v")], False),
        ([("n", "v" * 995)], True),
        ([("n", "v" * 996)], False),
        ([("nn", "v" * 995)], False),
        ([("n", "")], False),
        ([("n", "é")], False),
        ([("n", "v\r\nBcc: x")], False),
        ([("a b", "v")], False),
        ([("a:b", "v")], False),
        ([("", "v")], False),
    ],
)
def test_header_fields_fit_or_are_named_as_wrong(headers: list[tuple[str, str]], fits: bool) -> None:  # noqa: FBT001  # parametrized
    assert (limits.in_headers(headers) == "") is fits


def test_values_fit_up_to_262144_characters() -> None:
    assert limits.in_data("x" * 262_144) == ""
    assert limits.in_data("x" * 262_145) == "its values are longer than 262,144 characters"


def test_a_letter_fits_up_to_40_mb_after_base64() -> None:
    assert limits.in_letter(b"x" * 30_000_000) == ""
    assert limits.in_letter(b"x" * 30_000_001) == "it is larger than the 40 MB that SES takes"


@pytest.mark.parametrize(
    ("name", "fits"), [("news", True), ("n" * 64, True), ("n" * 65, False), ("", False), ("a.b", False)]
)
def test_the_name_of_a_configuration_set_fits_or_is_named_as_wrong(name: str, fits: bool) -> None:  # noqa: FBT001  # parametrized
    assert (limits.in_configuration_set(name) == "") is fits
