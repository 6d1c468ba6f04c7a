"""Another address: confirmed there, told to the old one, and nobody learns who has it."""

from pathlib import Path

import pytest
from sqlalchemy import text

from subscribers.lifecycle import SuppressionReason

from .conftest import SLUG, Opening, Web
from .readers import OTHER, actions, attend, letters, moving, page, post, row, suppressed, two_newsletters


@pytest.fixture
def web(open_web: Opening, tmp_path: Path) -> Web:
    return two_newsletters(open_web, tmp_path)


def test_a_new_address_is_confirmed_there_and_told_to_the_old_one(web: Web) -> None:
    number = web.person()
    url = moving(web, number, "ada@new.example.org")
    web.client.get(url)
    assert row(web, number)[0] == "ada@example.org"
    assert web.client.post(url).status_code == 200
    attend(web)
    assert (row(web, number)[0], web.status(number)) == ("ada@new.example.org", "subscribed")
    assert [(str(letter["To"]), str(letter["Subject"])) for letter in letters(web)] == [
        ("ada@new.example.org", "Please confirm your new address for My News"),
        ("ada@example.org", "Your address for My News was changed"),
    ]
    assert actions(web, number) == ["attested", "moved"]
    assert web.client.post(url).status_code == 200
    attend(web)
    assert len(letters(web)) == 2


def test_an_address_that_is_here_already_takes_the_subscriptions_over(web: Web) -> None:
    number, there = web.person(), web.person("new@example.org", OTHER)
    web.client.post(moving(web, number, "new@example.org"))
    assert (row(web, number)[0], row(web, there)[0]) == ("ada@example.org", "new@example.org")
    assert (web.status(number), web.status(there), web.status(there, OTHER)) == (
        "unsubscribed",
        "subscribed",
        "subscribed",
    )


def test_the_page_says_the_same_whoever_has_the_new_address(web: Web) -> None:
    number = web.person()
    web.person("known@example.org")
    suppressed(web, "gone@example.org", SuppressionReason.BOUNCED)
    emails = ("known@example.org", "gone@example.org", "nobody@example.org")
    answers = {post(web, number, "move", email=email).content for email in emails}
    attend(web)
    assert (len(answers), {str(letter["To"]) for letter in letters(web)}) == (
        1,
        {"known@example.org", "nobody@example.org"},
    )


def test_a_complaint_goes_with_the_person(web: Web) -> None:
    number = web.person()
    suppressed(web, "ada@example.org", SuppressionReason.COMPLAINED)
    web.client.post(moving(web, number, "ada@new.example.org"))
    with web.workspace.reading() as connection:
        rows = connection.execute(text("SELECT address_key, reason FROM suppression ORDER BY 1, 2")).all()
    assert [tuple(each) for each in rows] == [
        ("ada@example.org", "complained"),
        ("ada@example.org", "left-all"),
        ("ada@new.example.org", "complained"),
    ]


def test_tokens_of_other_purposes_open_nothing(web: Web) -> None:
    number = web.person()
    url = moving(web, number, "ada@new.example.org")
    token = url.rsplit("/", 1)[1]
    mine = page(web, number).rsplit("/", 1)[1]
    paths = [f"/c/{SLUG}/{token}", f"/p/{SLUG}/{token}", f"/u/{SLUG}/{mine}", f"/m/{SLUG}/{mine}", f"/p/{OTHER}/{mine}"]
    assert {web.client.post(path).status_code for path in paths} == {404}
    assert row(web, number)[0] == "ada@example.org"
