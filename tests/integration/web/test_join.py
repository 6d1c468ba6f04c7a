"""Joining: a form, a notice, a button; and an answer that tells nobody who is here."""

import json
import re
from collections.abc import Iterable
from email import message_from_bytes
from email.message import Message
from email.policy import default as modern
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from mailer.consent.marks import mailbox_mark, network_mark
from subscribers.address import parse
from subscribers.lifecycle import SuppressionReason
from subscribers.suppressing import erase, suppress

from .conftest import KEY, SLUG, Opening, Web, guarded, write_newsletter

FORM = f"/subscribe/{SLUG}"


@pytest.fixture
def web(open_web: Opening, tmp_path: Any) -> Web:
    """The web side, whose notices go to an outbox of its own; nothing runs beside it."""
    return open_web(outbox=str(tmp_path / "outbox"))


def stamp(web: Web, form: str = FORM) -> str:
    return re.findall(r'name="stamp" value="([^"]+)"', web.client.get(form).text)[0]


def ask(web: Web, email: str = "ada@example.org", **fields: str) -> httpx.Response:
    return web.client.post(FORM, data={"email": email, "stamp": stamp(web), **fields})


def attend(web: Web) -> None:
    """What the thread beside the pages does."""
    web.workspace.attendance(stopped=lambda: False).once()


def letters(web: Web) -> list[Message]:
    found = web.workspace.settings.outbox.glob("notice/*.eml")
    return [
        message_from_bytes(path.read_bytes(), policy=modern)
        for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)
    ]


def link(letter: Message) -> str:
    part = letter.get_payload(0)
    assert isinstance(part, Message)
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return re.findall(r"<(https://[^>]+)>", content.decode().replace("\r\n", ""))[0]


def joined(web: Web, email: str = "ada@example.org") -> str:
    """Ask, and give back the link of the notice."""
    ask(web, email)
    attend(web)
    return link(letters(web)[-1])


def consents(web: Web) -> list[tuple[str, str, dict[str, str]]]:
    with web.workspace.reading() as connection:
        rows = connection.execute(text("SELECT action, source, evidence FROM consent_event ORDER BY id")).all()
    return [(row[0], row[1], json.loads(row[2]) if isinstance(row[2], str) else row[2]) for row in rows]


def status(web: Web, email: str = "ada@example.org") -> str | None:
    with web.workspace.reading() as connection:
        return connection.execute(
            text(
                "SELECT status FROM subscription s JOIN subscriber p ON p.id = s.subscriber_id WHERE p.email_key = :key"
            ),
            {"key": email.lower()},
        ).scalar_one_or_none()


# --- the way in -----------------------------------------------------------------------------------------------------


def test_whoever_asks_and_confirms_is_subscribed(web: Web) -> None:
    answer = ask(web)
    assert (answer.status_code, guarded(answer)) == (200, True)
    attend(web)
    assert status(web) == "unconfirmed"
    url = link(letters(web)[0])
    assert "Confirm my subscription" in web.client.get(url).text
    assert status(web) == "unconfirmed"
    done = web.client.post(url)
    assert (done.status_code, "You are subscribed to My News" in done.text) == (200, True)
    assert status(web) == "subscribed"


def test_the_proof_of_consent_says_who_when_how_and_what_they_were_told(web: Web) -> None:
    url = joined(web)
    web.clock.later(hours=2)
    web.client.post(url, headers={"User-Agent": "the reader's own"})
    (asked, form, request), (confirmed, _, proof) = consents(web)
    assert (asked, form, confirmed) == ("requested", "subscribe form", "confirmed")
    assert {key: request[key] for key in ("ip", "user_agent", "form", "text", "language")} == {
        "ip": "127.0.0.1",
        "user_agent": "a test",
        "form": "https://news.example.org/subscribe/my-news",
        "text": "I want My News sent to this address. I can leave at any time with the link in every letter.",
        "language": "en-GB",
    }
    assert re.fullmatch("[0-9a-f]{12}", request["text_version"])
    assert (proof["ip"], proof["user_agent"]) == ("127.0.0.1", "the reader's own")
    assert proof["requested_at"].startswith("2026-11-23T12:00:00")
    assert re.fullmatch(r"\d+-1 notice/\d+-1\.eml", proof["notice"])


def test_nothing_that_was_typed_stands_in_the_notice(web: Web) -> None:
    ask(web, "click.http.evil.example@example.org", name="Click http://evil.example now", website="")
    attend(web)
    (letter,) = letters(web)
    parts = [part.get_payload(decode=True) for part in letter.walk() if not part.is_multipart()]
    assert letter["To"] == "click.http.evil.example@example.org"
    assert [isinstance(part, bytes) and b"evil" in part for part in parts] == [False, False]


def test_a_get_confirms_nothing_however_often(web: Web) -> None:
    url = joined(web)
    before = web.contents()
    for agent in ("Barracuda", "Office365 ATP", "Mimecast"):
        web.client.get(url, headers={"User-Agent": agent})
        web.client.head(url, headers={"User-Agent": agent})
    assert web.contents() == before


def test_pressing_the_button_twice_is_one_consent(web: Web) -> None:
    url = joined(web)
    assert [web.client.post(url).status_code for _ in range(3)] == [200, 200, 200]
    assert [action for action, _, _ in consents(web)] == ["requested", "confirmed"]


def test_an_old_letter_does_not_bring_back_somebody_who_left_since(web: Web) -> None:
    url = joined(web)
    web.client.post(url)
    with web.workspace.reading() as connection:
        number = connection.execute(text("SELECT id FROM subscriber")).scalar_one()
    web.client.post(web.link(number))
    assert web.client.post(url).status_code == 410
    assert status(web) == "unsubscribed"


def test_the_link_expires(web: Web) -> None:
    url = joined(web)
    web.clock.later(days=7)
    assert [web.client.get(url).status_code, web.client.post(url).status_code] == [410, 410]
    assert status(web) == "unconfirmed"


def test_the_link_survives_a_new_key(open_web: Opening, tmp_path: Any) -> None:
    before = open_web(outbox=str(tmp_path / "outbox"))
    url = joined(before)
    after = open_web(outbox=str(tmp_path / "outbox"), secret_keys=f"another-key-of-tests-0123456789,{KEY}")
    assert after.client.post(url).status_code == 200


def test_a_forged_or_foreign_token_is_nothing(web: Web) -> None:
    url = joined(web)
    head, token = url.rsplit("/", 1)
    forged = [token[:index] + ("A" if token[index] != "A" else "B") + token[index + 1 :] for index in range(len(token))]
    person = web.person("eve@example.org")
    others = [
        web.link(person).rsplit("/", 1)[1],
        web.workspace.links.preferences_url(SLUG, person).rsplit("/", 1)[1],
        "",
    ]
    answers = {web.client.post(f"{head}/{each}").status_code for each in (*forged, *others)}
    assert answers == {404}
    assert web.client.post(url.replace("/c/", "/u/")).status_code == 404
    assert status(web) == "unconfirmed"


def test_german_readers_are_asked_in_german(open_web: Opening, tmp_path: Any) -> None:
    web = open_web(outbox=str(tmp_path / "outbox"))
    write_newsletter(web.workspace.root, language="de")
    assert "Ihre E-Mail-Adresse" in web.client.get(FORM).text
    ask(web)
    attend(web)
    assert letters(web)[0]["Subject"].startswith("Bitte bestätigen Sie Ihr Abonnement")


# --- who is not told --------------------------------------------------------------------------------------------------


def _mark(web: Web, email: str, reason: str) -> None:
    address = parse(email)
    with web.workspace.transaction() as connection:
        if reason == "erased":
            erase(connection, address, hashes=web.workspace.erasure_hashes(address.key), now=web.clock())
        else:
            suppress(connection, address.key, SuppressionReason(reason), note="", now=web.clock())


def test_the_answer_is_the_same_byte_for_byte_whoever_it_is(web: Web) -> None:
    web.person("known@example.org")
    web.person("maybe@example.org", consent="")
    reasons = ("complained", "bounced", "operator", "undeliverable", "left-all", "erased")
    for reason in reasons:
        _mark(web, f"{reason}@example.org", reason)
    emails = [
        "known@example.org",
        "maybe@example.org",
        "new@example.org",
        *(f"{reason}@example.org" for reason in reasons),
    ]
    given = stamp(web)
    answers = [web.client.post(FORM, data={"email": email, "stamp": given}) for email in emails]
    assert len({(answer.status_code, answer.content, *_lasting(answer)) for answer in answers}) == 1
    web.clock.later(days=1)
    attend(web)
    assert {str(letter["To"]) for letter in letters(web)} == {
        "known@example.org",
        "maybe@example.org",
        "new@example.org",
        "undeliverable@example.org",
        "left-all@example.org",
    }


def _lasting(answer: httpx.Response) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in answer.headers.items() if name != "date")


def test_whoever_left_all_comes_back_by_confirming(web: Web) -> None:
    web.person()
    _mark(web, "ada@example.org", "left-all")
    url = joined(web)
    web.client.post(url)
    with web.workspace.reading() as connection:
        left = connection.execute(text("SELECT count(*) FROM suppression")).scalar_one()
    assert (status(web), left) == ("subscribed", 0)


def test_a_page_does_the_same_work_whoever_it_is(web: Web) -> None:
    """It looks nobody up: only the request is written, and what follows happens where nobody can measure it."""
    before = web.contents()
    ask(web)
    assert web.contents() == before
    with web.workspace.reading() as connection:
        rows = connection.execute(text("SELECT state, email FROM consent_request")).all()
    assert [tuple(row) for row in rows] == [("asked", "ada@example.org")]


# --- list bombing -----------------------------------------------------------------------------------------------------


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


def test_no_more_than_a_thousand_an_hour_from_everywhere(open_web: Opening, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("mailer.consent.requests.MOST_OF_ALL", 5)
    web = open_web(outbox=str(tmp_path / "outbox"), trusted_proxies="127.0.0.1")
    given = stamp(web)
    statuses = [
        web.client.post(
            FORM, data={"email": f"p{n}@example.org", "stamp": given}, headers={"X-Forwarded-For": f"10.0.{n}.1"}
        ).status_code
        for n in range(6)
    ]
    assert statuses == [200] * 5 + [429]


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


# --- forgetting -------------------------------------------------------------------------------------------------------


def _forget(web: Web) -> None:
    web.workspace.attendance(stopped=lambda: False).clean()


def _traces(web: Web, email: str) -> int:
    with web.workspace.reading() as connection:
        return sum(
            email in " ".join(map(str, row))
            for table in ("subscriber", "consent_event", "consent_request")
            for row in connection.execute(text(f"SELECT * FROM {table}"))  # noqa: S608  # names of ours
        )


def test_whoever_never_confirms_is_forgotten(web: Web) -> None:
    joined(web)
    web.clock.later(days=7)
    _forget(web)
    assert (status(web), _traces(web, "ada@example.org")) == (None, 0)
    web.clock.later(days=31)
    _forget(web)
    with web.workspace.reading() as connection:
        tables = ("consent_request", "notice", "subscriber")
        left = [connection.execute(text(f"SELECT count(*) FROM {each}")).scalar_one() for each in tables]  # noqa: S608  # names of ours
    assert left == [0, 0, 0]


def test_whoever_was_here_before_is_not_forgotten(web: Web) -> None:
    web.person("ada@example.org", consent="")
    web.person("bob@example.org")
    for email in ("ada@example.org", "bob@example.org"):
        joined(web, email)
    web.clock.later(days=7)
    _forget(web)
    assert (status(web, "bob@example.org"), _traces(web, "bob@example.org") > 0) == ("subscribed", True)


def test_of_a_confirmed_request_the_consent_stays_and_nothing_else(web: Web) -> None:
    web.client.post(joined(web))
    with web.workspace.reading() as connection:
        rows = connection.execute(text("SELECT state, email, evidence FROM consent_request")).all()
    assert [(row[0], row[1], row[2] in ("{}", {})) for row in rows] == [("confirmed", "", True)]
    web.clock.later(days=40)
    _forget(web)
    assert (status(web), len(consents(web))) == ("subscribed", 2)


# --- marks ------------------------------------------------------------------------------------------------------------


def test_all_spellings_of_a_mailbox_share_a_mark_and_others_do_not() -> None:
    key = KEY.encode()
    same = {mailbox_mark(each, key) for each in ("a.b@gmail.com", "ab+x@googlemail.com", "AB@gmail.com")}
    others = {mailbox_mark(each, key) for each in ("ab@example.org", "ac@gmail.com", "+x@gmail.com")}
    assert (len(same), len(others), same & others) == (1, 3, set())


def test_a_network_is_what_one_customer_has() -> None:
    key = KEY.encode()
    pairs = [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.9", True),
        ("", "nonsense", True),
    ]
    assert [(one, two, network_mark(one, key) == network_mark(two, key)) for one, two, _ in pairs] == pairs
