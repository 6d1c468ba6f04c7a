"""The inbox in a browser's eyes: what it shows, and what a letter in it cannot do."""

import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

import pytest

from mailer.local_ses.server import Server

EVIL = "<script>alert(1)</script>"


def get(server: Server, path: str) -> tuple[str, str]:
    with urllib.request.urlopen(server.url + path, timeout=10) as answer:  # noqa: S310  # our own server
        return answer.read().decode(), answer.headers["Content-Security-Policy"]


def send(ses: Any, subject: str = "Hello {{name}}", to: str = "ada@example.com", name: str = "Zoë") -> None:
    content = {"Subject": subject, "Text": "Text for {{name}}", "Html": "<p>HTML for {{name}}</p>"}
    ses.send_bulk_email(
        FromEmailAddress="Post <post@example.org>",
        DefaultContent={
            "Template": {
                "TemplateContent": content,
                "TemplateData": f'{{"name": "{name}"}}',
                "Headers": [{"Name": "List-Id", "Value": "<post.example.org>"}],
            }
        },
        BulkEmailEntries=[{"Destination": {"ToAddresses": [to]}}],
    )


def test_an_empty_inbox_says_so(server: Server) -> None:
    assert "None yet" in get(server, "/")[0]


def test_a_letter_is_listed_and_shown_with_all_that_it_holds(ses: Any, server: Server) -> None:
    send(ses)
    assert "Hello Zoë" in get(server, "/_local/")[0]
    views = {
        "": ("Post &lt;post@example.org&gt;", "ada@example.com", 'src="/_local/letters/0/html"'),
        "/phone": ('class="hand"', 'src="/_local/letters/0/html"'),
        "/text": ("Text for Zoë",),
        "/headers": ('<th scope="row">List-Id</th>', "&lt;post.example.org&gt;"),
        "/source": ("multipart/alternative", 'href="/_local/letters/0/message"'),
    }
    for view, words in views.items():
        page, _ = get(server, f"/_local/letters/0{view}")
        assert [word for word in words if word not in page] == []
        assert page.count('aria-current="page"') == 1
    assert get(server, "/_local/letters/0/html")[0] == "<p>HTML for Zoë</p>"
    assert "Content-Type: multipart/alternative" in get(server, "/_local/letters/0/message")[0]


def test_a_letter_without_html_opens_as_text(ses: Any, server: Server) -> None:
    source = b"From: post@example.org\r\nSubject: Hello\r\n\r\nPlain words\r\n"
    ses.send_email(Destination={"ToAddresses": ["ada@example.com"]}, Content={"Raw": {"Data": source}})
    page, _ = get(server, "/_local/letters/0")
    assert ("Plain words" in page, "<iframe" in page, "On a phone" in page) == (True, False, False)


def test_a_letter_can_be_looked_at_in_light_and_in_dark(ses: Any, server: Server) -> None:
    send(ses, name="<style>@media ( Prefers-Color-Scheme:dark ){p{color:red}}</style>")
    assert 'src="/_local/letters/0/html?scheme=dark"' in get(server, "/_local/letters/0?scheme=dark")[0]
    assert 'src="/_local/letters/0/html"' in get(server, "/_local/letters/0?scheme=%22%3E")[0]
    shown = {scheme: get(server, f"/_local/letters/0/html?scheme={scheme}")[0] for scheme in ("", "light", "dark")}
    assert "@media ( Prefers-Color-Scheme:dark )" in shown[""]
    assert "@media (max-width:0)" in shown["light"]
    assert "@media (min-width:0)" in shown["dark"]


def test_the_letters_to_one_person_are_found(ses: Any, server: Server) -> None:
    for number in range(60):
        send(ses, to=f"reader{number}@example.com")
    page, _ = get(server, "/_local/?to=READER5")
    found = {number for number in range(60) if f"reader{number}@" in page}
    assert found == {5, *range(50, 60)}
    assert "No letter to nobody" in get(server, "/_local/?to=nobody")[0]
    assert EVIL not in get(server, "/_local/?to=" + quote(EVIL))[0]


def test_what_became_of_a_letter_is_seen_at_once(ses: Any, server: Server) -> None:
    for to in ("bounce@simulator.amazonses.com", "delay@simulator.example.org"):
        source = b"From: post@example.org\r\nSubject: Hello\r\n\r\nHello\r\n"
        ses.send_email(
            Destination={"ToAddresses": [to]}, Content={"Raw": {"Data": source}}, ConfigurationSetName="newsletter"
        )
    page, _ = get(server, "/_local/")
    assert ('<b class="badge bad">bounced</b>' in page, '<b class="badge ">delayed</b>' in page) == (True, True)
    assert "send, bounce (Permanent/General)" in get(server, "/_local/letters/0")[0]


def test_no_script_of_a_letter_can_run(ses: Any, server: Server) -> None:
    send(ses, subject="{{name}}", name=EVIL)
    page, policy = get(server, "/_local/letters/0")
    assert EVIL not in page
    assert EVIL not in get(server, "/_local/")[0]
    assert ("script" in policy, 'sandbox=""' in page) == (False, True)
    letter, policy = get(server, "/_local/letters/0/html")
    assert EVIL in letter
    assert policy.startswith("sandbox; default-src 'none'")


def test_a_long_inbox_is_shown_by_pages_latest_first(ses: Any, server: Server) -> None:
    for number in range(51):
        send(ses, to=f"reader{number}@example.com")
    first, older = get(server, "/_local/")[0], get(server, "/_local/?before=1")[0]
    assert ("reader50@" in first, "reader0@" in first, "?before=1" in first) == (True, False, True)
    assert ("reader0@" in older, "reader1@" in older) == (True, False)


def test_a_letter_that_was_never_sent_says_why(ses: Any, server: Server) -> None:
    send(ses, subject="{{other}}")
    assert "Attribute &#x27;other&#x27; is not present" in get(server, "/_local/letters/0")[0]


def test_a_letter_that_is_no_longer_kept_says_so(ses: Any, server: Server) -> None:
    server.local_ses.change_options({"keep_contents": 0})
    send(ses)
    assert "no longer kept" in get(server, "/_local/letters/0")[0]


@pytest.mark.parametrize("path", ["/_local/letters/0", "/_local/letters/x", "/_local/other"])
def test_what_is_not_there_is_not_found(path: str, server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as error:
        get(server, path)
    assert error.value.code == 404
    error.value.close()
