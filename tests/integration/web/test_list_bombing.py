"""List bombing: one mailbox, one network and all together are written to so often and no more; machines are kept out."""

import re
from typing import Any

import pytest

from mailer.consent.inviting import invite
from mailer.consent.requests import MOST_OF_ALL, Kind, NewRequest, enter

from .conftest import KEY, SLUG, Opening, Web, guarded
from .joining import FORM, ask, attend, consents, letters, stamp


@pytest.fixture
def web(open_web: Opening, tmp_path: Any) -> Web:
    """The web side, whose notices go to an outbox of its own; nothing runs beside it."""
    return open_web(outbox=str(tmp_path / "outbox"))


def test_one_mailbox_is_written_to_once_a_day_and_thrice_a_month(open_web: Opening, tmp_path: Any) -> None:
    web = open_web(outbox=str(tmp_path / "outbox"), trusted_proxies="127.0.0.1")
    spellings = ["Ada.L@gmail.com", "adal@gmail.com", "a.d.a.l+x@googlemail.com", "ADAL+news@gmail.com"]
    sent: list[int] = []
    for day in range(32):
        for hour in range(4):
            host = {"X-Forwarded-For": f"10.{day}.{hour}.1"}
            web.client.post(FORM, data={"email": spellings[hour], "stamp": stamp(web)}, headers=host)
            attend(web)
            web.clock.later(hours=6)
        sent.append(len(letters(web)))
    assert (sent[0], sent[1], sent[29], sent[31]) == (1, 2, 3, 5)


def test_a_thousand_posts_for_one_victim_are_one_letter(open_web: Opening, tmp_path: Any) -> None:
    web = open_web(outbox=str(tmp_path / "outbox"), trusted_proxies="127.0.0.1")
    given = stamp(web)
    for number in range(200):
        host = {"X-Forwarded-For": f"10.0.{number}.1"}
        web.client.post(FORM, data={"email": "victim@example.org", "stamp": given}, headers=host)
    for _ in range(11):
        attend(web)
    assert len(letters(web)) == 1


def test_a_network_that_asks_too_often_is_told_to_come_back(web: Web) -> None:
    given = stamp(web)
    answers = [web.client.post(FORM, data={"email": f"p{n}@example.org", "stamp": given}) for n in range(22)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429] * 2
    assert answers[-1].headers["retry-after"] == "3600"
    web.clock.later(hours=1)
    assert ask(web).status_code == 200


def test_no_more_than_a_thousand_an_hour_from_everywhere(web: Web) -> None:
    with web.workspace.transaction() as connection:
        for number in range(MOST_OF_ALL):
            new = NewRequest(number, Kind.JOIN, SLUG, f"p{number}@example.org", f"m{number}", f"n{number}", {})
            enter(connection, new, web.clock())
    assert ask(web).status_code == 429
    web.clock.later(hours=1)
    assert ask(web).status_code == 200


def test_people_whom_an_import_invites_take_nobodys_place_on_the_form(web: Web) -> None:
    people = [(web.person("ada@example.org", consent=""), "ada@example.org")]
    people += [(1000 + number, f"p{number}@example.org") for number in range(MOST_OF_ALL)]
    draw = iter(range(1, 10**6)).__next__
    with web.workspace.transaction() as connection:
        invited = invite(connection, SLUG, people, import_id=1, key=KEY.encode(), draw=draw, now=web.clock())
    assert invited == MOST_OF_ALL + 1
    assert ask(web, "bob@example.org").status_code == 200


def test_a_machine_that_fills_in_everything_is_thanked_and_ignored(web: Web) -> None:
    honest, trapped = ask(web, "new@example.org"), ask(web, website="http://spam.example")
    assert honest.content == trapped.content
    attend(web)
    assert [str(letter["To"]) for letter in letters(web)] == ["new@example.org"]


@pytest.mark.parametrize("forged", ["", "1.2", "x", "9" * 400, "é.é"])
def test_without_a_stamp_of_ours_the_button_is_asked_for_once_more(web: Web, forged: str) -> None:
    answer = web.client.post(FORM, data={"email": "ada@example.org", "stamp": forged})
    assert (answer.status_code, 'value="ada@example.org"' in answer.text, 'name="stamp"' in answer.text) == (
        200,
        True,
        True,
    )
    attend(web)
    assert letters(web) == []


def test_a_stamp_is_good_for_a_day_and_for_its_own_form(web: Web) -> None:
    given = stamp(web)
    web.clock.later(hours=24, seconds=1)
    assert "press the button once more" in web.client.post(FORM, data={"email": "a@example.org", "stamp": given}).text


def test_a_form_on_another_site_leads_here_and_its_site_is_part_of_the_proof(web: Web) -> None:
    page = web.client.get(f"{FORM}/embed").text
    assert "&lt;form action=&#34;https://news.example.org/subscribe/my-news&#34;" in page
    first = web.client.post(FORM, data={"email": "ada@example.org"}, headers={"Origin": "https://blog.example.com"})
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', first.text))
    web.client.post(FORM, data=fields)
    attend(web)
    assert (consents(web)[0][2]["via"], len(letters(web))) == ("https://blog.example.com", 1)


@pytest.mark.parametrize("via", ["javascript:alert(1)", "null", '"><script>', "https://" + "x" * 300, "https://a b"])
def test_what_is_no_site_is_no_part_of_the_proof(web: Web, via: str) -> None:
    ask(web, via=via)
    attend(web)
    assert "via" not in consents(web)[0][2]


NAUGHTY = [
    "",
    "nobody",
    "a@b",
    "a@example.org\nBcc: b@example.org",
    '"><script>alert(1)</script>@example.org',
    "ada@example.org" * 50,
    "{{7*7}}@x",
    "\x00@example.org",
    "ä@example.org",
]


@pytest.mark.parametrize("email", NAUGHTY)
def test_what_is_no_address_is_asked_for_again(web: Web, email: str) -> None:
    answer = ask(web, email)
    assert (answer.status_code, "<script" in answer.text, guarded(answer)) == (400, False, True)
    attend(web)
    assert letters(web) == []


def test_a_newsletter_that_is_not_here_cannot_be_joined(web: Web) -> None:
    paths = ("/subscribe/nothing", "/subscribe/..%2f..", "/subscribe/nothing/embed")
    assert {web.client.get(path).status_code for path in paths} == {404}
    assert web.client.post("/subscribe/nothing", data={"email": "ada@example.org"}).status_code == 404
