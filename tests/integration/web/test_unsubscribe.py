"""Leaving: by one click of a mail program, by the page's button, and never by merely looking."""

import json
import threading
import time

import httpx
import pytest
from sqlalchemy import text

from subscribers.address import parse
from subscribers.book import remove
from subscribers.lifecycle import SuppressionReason
from subscribers.suppressing import leave_all, suppress

from .conftest import SLUG, Opening, Web, guarded

ONE_CLICK = "List-Unsubscribe=One-Click"

BODIES = {
    "urlencoded": {"data": {"List-Unsubscribe": "One-Click"}},
    "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}},
    "empty": {"content": b""},
    "a damaged multipart": {
        "content": b"--x\r\nnothing",
        "headers": {"Content-Type": "multipart/form-data; boundary=x"},
    },
    "a multipart without a boundary": {"content": b"a", "headers": {"Content-Type": "multipart/form-data"}},
    "no UTF-8": {"content": b"\xff\xfe=\xff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    "JSON": {"json": {"action": ["undo"]}},
    "a file": {"files": {"action": ("undo.txt", b"undo")}},
}


def _events(web: Web) -> list[tuple[str, str, dict[str, str]]]:
    with web.workspace.reading() as connection:
        rows = connection.execute(text("SELECT action, source, evidence FROM consent_event ORDER BY id")).all()
    return [(action, source, json.loads(kept) if isinstance(kept, str) else kept) for action, source, kept in rows]


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_one_click_is_obeyed_at_once_whatever_its_body(web: Web, body: dict[str, object]) -> None:
    ada = web.person()
    answers = [httpx.Client.post(web.client, web.link(ada), **body) for _ in range(3)]  # pyright: ignore[reportArgumentType]  # httpx's own keywords
    assert [(answer.status_code, "location" in answer.headers) for answer in answers] == [(200, False)] * 3
    assert all(guarded(answer) for answer in answers)
    assert web.status(ada) == "unsubscribed"
    assert [action for action, _, _ in _events(web)] == ["attested", "left"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_only_a_post_changes_anything(web: Web, method: str) -> None:
    ada = web.person()
    before = web.contents()
    answer = web.client.request(method, web.link(ada))
    assert answer.status_code == (200 if method in {"GET", "HEAD"} else 405)
    assert web.contents() == before


def test_the_button_leaves_with_a_reason_and_the_undo_button_comes_back(web: Web) -> None:
    ada = web.person()
    left = web.client.post(web.link(ada), data={"action": "leave", "reason": " too\r\nmany \x00letters " + "x" * 600})
    assert "You have left My News" in left.text
    assert web.status(ada) == "unsubscribed"
    back = web.client.post(web.link(ada), data={"action": "undo"})
    assert "Welcome back to My News" in back.text
    assert web.status(ada) == "subscribed"
    attested, gone, again = _events(web)
    assert attested[:2] == ("attested", "a paper form")
    assert gone == (
        "left",
        "unsubscribe page",
        {"before": "subscribed", "reason": ("too many letters " + "x" * 600)[:500]},
    )
    assert again == ("confirmed", "undo", {"ip": "127.0.0.1", "user_agent": "a test"})


def test_whoever_pressed_twice_can_still_undo(web: Web) -> None:
    ada = web.person()
    pages = [web.client.post(web.link(ada), data={"action": "leave"}).text for _ in range(2)]
    assert ['value="undo"' in page for page in pages] == [True, True]
    assert 'value="undo"' in web.client.get(web.link(ada)).text


def test_after_an_hour_the_link_of_an_old_letter_brings_nobody_back(web: Web) -> None:
    ada = web.person()
    web.client.post(web.link(ada))
    web.clock.later(minutes=59)
    assert 'value="undo"' in web.client.get(web.link(ada)).text
    web.clock.later(minutes=1)
    page = web.client.get(web.link(ada)).text
    assert "You have left My News" in page
    assert 'value="undo"' not in page
    before = web.contents()
    assert "You have left My News" in web.client.post(web.link(ada), data={"action": "undo"}).text
    assert web.contents() == before


def test_undo_makes_no_subscriber_of_somebody_who_never_confirmed(web: Web) -> None:
    ada = web.person(consent="")
    web.client.post(web.link(ada))
    assert 'value="undo"' not in web.client.get(web.link(ada)).text
    web.client.post(web.link(ada), data={"action": "undo"})
    assert web.status(ada) == "unsubscribed"


@pytest.mark.parametrize("ending", ["removed", "complained", "left all"])
def test_undo_undoes_nothing_but_what_the_link_itself_did(web: Web, ending: str) -> None:
    ada = web.person()
    address = parse("ada@example.org")
    if ending != "removed":
        web.client.post(web.link(ada))
    with web.workspace.transaction() as connection:
        match ending:
            case "removed":
                remove(connection, ada, SLUG, now=web.clock())
            case "complained":
                suppress(connection, address.key, SuppressionReason.COMPLAINED, note="", now=web.clock())
            case _:
                leave_all(connection, ada, source="preferences", now=web.clock())
    before = web.contents()
    page = web.client.post(web.link(ada), data={"action": "undo"}).text
    assert 'value="undo"' not in page
    assert web.contents() == before


def test_leaving_one_newsletter_is_not_leaving_another(web: Web) -> None:
    ada = web.person()
    assert web.person(newsletter="other-news") == ada
    web.client.post(web.link(ada))
    assert (web.status(ada), web.status(ada, "other-news")) == ("unsubscribed", "subscribed")


SCANNERS = (
    "Mozilla/5.0 (compatible; Barracuda Sentinel)",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "BingPreview/1.0b",
    "Mozilla/5.0 (Windows NT 10.0) SafeLinks",
    "Proofpoint URL Defense",
    "GoogleImageProxy",
    "",
)


def test_a_thousand_looks_by_scanners_change_nothing(web: Web) -> None:
    ada = web.person()
    before = web.contents()
    for number in range(1000 if web.workspace.database.path else 50):
        method = "HEAD" if number % 3 == 0 else "GET"
        agent = SCANNERS[number % len(SCANNERS)]
        answer = web.client.request(method, web.link(ada), headers={"User-Agent": agent, "Purpose": "prefetch"})
        assert answer.status_code == 200
    assert web.contents() == before


def test_while_something_holds_the_database_the_answer_is_503_and_nothing_changes(open_web: Opening) -> None:
    web = open_web()
    ada = web.person()
    with web.workspace.transaction() as connection:
        connection.execute(text("UPDATE subscriber SET name = 'held' WHERE id = :id"), {"id": ada})
        began = time.monotonic()
        answer = web.client.post(web.link(ada))
        took = time.monotonic() - began
        looked = web.client.get(web.link(ada))
    assert (answer.status_code, answer.headers["retry-after"], guarded(answer)) == (503, "5", True)
    assert took > 4.5
    assert looked.status_code == 200
    assert web.status(ada) == "subscribed"
    assert web.client.post(web.link(ada)).status_code == 200


def test_whoever_is_answered_200_while_others_write_has_left(open_web: Opening) -> None:
    web = open_web()
    people = [web.person(f"p{number}@example.org") for number in range(40)]
    stop = threading.Event()

    def hold() -> None:
        while not stop.is_set():
            with web.workspace.transaction() as connection:
                connection.execute(text("UPDATE subscriber SET name = 'held' WHERE id = :id"), {"id": people[0]})
                time.sleep(0.2)
            time.sleep(0.001)  # an import reads its next rows

    holding = threading.Thread(target=hold)
    holding.start()
    answers: dict[int, int] = {}

    def leave(those: list[int]) -> None:
        for one in those:
            answers[one] = web.client.post(web.link(one)).status_code

    leaving = [threading.Thread(target=leave, args=(people[part::4],)) for part in range(4)]
    for thread in leaving:
        thread.start()
    for thread in leaving:
        thread.join()
    stop.set()
    holding.join()
    assert set(answers.values()) <= {200, 503}
    assert {one for one, status in answers.items() if status == 200} == {
        one for one in people if web.status(one) == "unsubscribed"
    }
    assert 200 in answers.values()


@pytest.mark.parametrize(
    ("trusted", "ip"), [("", "127.0.0.1"), ("10.0.0.1", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.9")]
)
def test_only_a_trusted_proxy_says_who_asked(open_web: Opening, trusted: str, ip: str) -> None:
    web = open_web(trusted_proxies=trusted)
    ada = web.person()
    web.client.post(web.link(ada))
    web.client.post(web.link(ada), data={"action": "undo"}, headers={"X-Forwarded-For": "203.0.113.9"})
    assert _events(web)[-1] == ("confirmed", "undo", {"ip": ip, "user_agent": "a test"})
