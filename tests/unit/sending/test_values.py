"""How a person is addressed."""

import pytest

from mailer.sending.values import first_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Lovelace", "Ada"),
        ("Lovelace, Ada", "Ada"),
        ("García Márquez, Gabriel José", "Gabriel"),
        ("Martin Luther King, Jr.", "Martin"),
        ("Grace Hopper, Ph.D.", "Grace"),
        ("Ada Lovelace, PhD, MBA", "Ada"),
        ("Ada Lovelace,", "Ada"),
        (", Ada", "Ada"),
        (",", ""),
        ("", ""),
    ],
)
def test_a_person_is_addressed_by_a_given_name_and_never_by_a_title(name: str, expected: str) -> None:
    assert first_name(name, {}) == expected


def test_a_first_name_of_their_own_goes_before_any_guess() -> None:
    assert first_name("Lovelace, Ada", {"first_name": " Augusta "}) == "Augusta"
