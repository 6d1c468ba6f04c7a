"""Joining: a form, a notice, a button; and an answer that tells nobody who is here."""

import re
from collections.abc import Iterable
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from subscribers.address import parse
from subscribers.lifecycle import SuppressionReason
from subscribers.suppressing import erase, suppress

from .conftest import KEY, SLUG, Opening, Web, guarded, write_newsletter
from .joining import FORM, ask, attend, consents, joined, letters, link, stamp, status


@pytest.fixture
def web(open_web: Opening, tmp_path: Any) -> Web:
    """The web side, whose notices go to an outbox of its own; nothing runs beside it."""
    return open_web(outbox=str(tmp_path / "outbox"))


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
