"""Ordinary files of anybody: what their columns, words and names are taken for, and what is asked about."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from subscribers.errors import BadImport
from subscribers.imports.wanted import Everybody

from ...lists import read  # noqa: TID252  # tests are not a package


def _found(
    tmp_path: Path,
    content: str,
    *,
    name: str = "people.csv",
    everybody: Everybody | None = None,
    maps: Mapping[str, str] | None = None,
) -> list[tuple[str, str, str]]:
    """Address without its host, standing and moment of everybody in a file."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    found = read(path, maps, everybody=everybody)
    assert found.refused == []
    return [(person.email.partition("@")[0], person.wanted, person.since) for person in found.people]


@pytest.mark.parametrize(
    "content",
    [
        # A form asked how people want to be reached, and they said so.
        "Timestamp,What is your email?,How may we reach you?\n1,ada@example.org,email\n2,bob@example.org,\n",
        "From Name,From Email,Email\nNews,news@example.org,ada@example.org\n,,bob@example.org\n",
        "Subscriber,Email\nAda,ada@example.org\nBob,bob@example.org\n",
        "Mail,Email Address\nyes,ada@example.org\nno,bob@example.org\n",
    ],
)
def test_the_column_that_holds_addresses_is_found_whatever_stands_beside_it(tmp_path: Path, content: str) -> None:
    assert _found(tmp_path, content) == [("ada", "subscribed", ""), ("bob", "subscribed", "")]


@pytest.mark.parametrize("column", ["subscribed", "confirmed"])
def test_dates_in_place_of_a_yes_are_when_they_agreed(tmp_path: Path, column: str) -> None:
    content = f"email,{column}\nada@example.org,2024-01-05\nbob@example.org,no\ncy@example.org,yes\n"
    maps = {} if column == "subscribed" else {"confirmed": "status"}
    assert _found(tmp_path, content, maps=maps) == [
        ("ada", "subscribed", "2024-01-05 00:00:00"),
        ("bob", "unsubscribed", ""),
        ("cy", "subscribed", ""),
    ]


def test_a_column_of_dates_counts_before_one_that_says_yes_or_when(tmp_path: Path) -> None:
    content = "email,subscribed,date\nada@example.org,2024-01-05,2023-04-05\nbob@example.org,2024-01-05,\n"
    assert _found(tmp_path, content) == [
        ("ada", "subscribed", "2023-04-05 00:00:00"),
        ("bob", "subscribed", "2024-01-05 00:00:00"),
    ]


@pytest.mark.parametrize("name", ["people.csv", "opt-outs.csv"])
def test_whoever_has_a_moment_in_the_column_of_when_they_went_has_gone(tmp_path: Path, name: str) -> None:
    content = "email,quit\nada@example.org,2024-01-05\nbob@example.org,\ncy@example.org,0000-00-00\n"
    assert _found(tmp_path, content, name=name, maps={"quit": "left"}) == [
        ("ada", "unsubscribed", "2024-01-05 00:00:00"),
        ("bob", "subscribed", ""),
        ("cy", "subscribed", ""),
    ]


def test_where_another_column_says_who_is_mailed_the_column_of_when_they_went_only_dates_it(tmp_path: Path) -> None:
    content = "email,status,quit\nada@example.org,active,2024-01-05\nbob@example.org,bounced,2024-01-06\n"
    assert _found(tmp_path, content, maps={"quit": "left"}) == [
        ("ada", "subscribed", ""),
        ("bob", "bounced", "2024-01-06 00:00:00"),
    ]


def test_a_moment_that_a_program_writes_for_none_is_no_departure(tmp_path: Path) -> None:
    content = "email,unsubscribed_at\nada@example.org,0001-01-01T00:00:00Z\nbob@example.org,0001-01-01 00:00:00\n"
    assert _found(tmp_path, content) == [("ada", "subscribed", ""), ("bob", "subscribed", "")]


MAILCHIMP = "Email Address,MEMBER_RATING,OPTIN_TIME\nada@example.org,2,\n"
PLAIN = "email\nada@example.org\n"


@pytest.mark.parametrize(
    ("content", "name", "everybody", "wanted"),
    [
        (MAILCHIMP, "cleaned_people.csv", None, "bounced"),
        (MAILCHIMP, "cleaned_people.csv", Everybody.SUBSCRIBED, "subscribed"),
        (MAILCHIMP, "cleaned_people.csv", Everybody.UNCONFIRMED, "bounced"),
        (PLAIN, "unsubscribed_people.csv", None, "unsubscribed"),
        (PLAIN, "unsubscribed_people.csv", Everybody.SUBSCRIBED, "subscribed"),
        (PLAIN, "unsubscribed_people.csv", Everybody.UNCONFIRMED, "unsubscribed"),
        (PLAIN, "nonsubscribed_email_audience_export_1.csv", None, "unconfirmed"),
        (PLAIN, "adopt-outreach.csv", None, "subscribed"),
    ],
)
def test_what_the_name_of_a_file_says_holds_unless_a_person_says_that_they_are_subscribed(
    tmp_path: Path, content: str, name: str, everybody: Everybody | None, wanted: str
) -> None:
    assert _found(tmp_path, content, name=name, everybody=everybody) == [("ada", wanted, "")]


@pytest.mark.parametrize("name", ["non-subscribed.csv", "not subscribed.csv", "optouts2024.csv", "list_optout.csv"])
def test_a_name_that_may_say_that_they_are_not_to_be_mailed_is_asked_about(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadImport, match="its name may say that nobody in it is to be mailed"):
        _found(tmp_path, PLAIN, name=name)
