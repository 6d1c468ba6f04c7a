"""`mailer test`: the issue in one's own inbox, marked, harmless, and in no mailing."""

import re
from email import message_from_bytes
from email.message import Message

from .conftest import Desk


def _letters(desk: Desk) -> dict[str, Message]:
    found = [message_from_bytes(path.read_bytes()) for path in desk.root.glob("outbox/notice/*.eml")]
    return {str(message["To"]): message for message in found}


def test_each_address_gets_the_issue_marked_as_a_test(desk: Desk) -> None:
    done = desk.run("test", "--issue", "1", "--to", "me@example.org", "--to", "You@example.org")
    assert (done.returncode, done.stdout.splitlines()[:2]) == (
        0,
        ["You@example.org: accepted", "me@example.org: accepted"],
    )
    assert {to: message["Subject"] for to, message in _letters(desk).items()} == {
        "<me@example.org>": "[Test] The first issue of My News",
        "<You@example.org>": "[Test] The first issue of My News",
    }


def test_no_link_of_it_can_unsubscribe_anybody(desk: Desk) -> None:
    desk.run("subscribers", "add", "me@example.org", "--consent-source", "me")
    desk.run("test", "--issue", "1", "--to", "me@example.org")
    (message,) = _letters(desk).values()
    text = message.get_payload(0)
    assert isinstance(text, Message)
    content = text.get_payload(decode=True)
    assert isinstance(content, bytes)
    links = set(re.findall(r"http://localhost:8000/(\w+)/", content.decode()))
    assert links == {"t"}
    assert str(message["List-Unsubscribe"]).startswith("<http://localhost:8000/t/my-news/")


def test_a_test_opens_no_mailing_and_the_issue_may_still_change(desk: Desk) -> None:
    desk.run("subscribers", "add", "me@example.org", "--consent-source", "me")
    desk.run("test", "--issue", "1", "--to", "me@example.org")
    assert desk.run("status", "--issue", "1").returncode == 1
    path = desk.root / "issues" / "my-news" / "0001.md"
    path.write_text(path.read_text(encoding="utf-8").replace("Good to see you", "Good morning"), encoding="utf-8")
    assert desk.run("send", "--issue", "1", "--yes").returncode == 0


def test_the_same_address_twice_is_one_letter(desk: Desk) -> None:
    desk.run("test", "--issue", "1", "--to", "me@example.org", "--to", "ME@example.org")
    assert len(_letters(desk)) == 1


def test_a_bad_address_stops_it_before_anything_is_sent(desk: Desk) -> None:
    done = desk.run("test", "--issue", "1", "--to", "me@example.org", "--to", "nobody")
    assert (done.returncode, list(_letters(desk))) == (1, [])
    assert '"nobody" is not an e-mail address' in done.stderr


def test_a_missing_issue_and_a_missing_address_are_said(desk: Desk) -> None:
    assert desk.run("test", "--issue", "9", "--to", "me@example.org").returncode == 1
    assert desk.run("test", "--issue", "1").returncode == 2
