"""The inbox in a browser's eyes: what it shows, and what a letter in it cannot do."""

import urllib.error
import urllib.request
from typing import Any

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
    page, _ = get(server, "/_local/letters/0")
    for words in (
        "Post &lt;post@example.org&gt;",
        "Text for Zoë",
        "<th>List-Id</th>",
        "multipart/alternative",
        'class="phone"',
    ):
        assert words in page
    assert get(server, "/_local/letters/0/html")[0] == "<p>HTML for Zoë</p>"
    assert "Content-Type: multipart/alternative" in get(server, "/_local/letters/0/source")[0]


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
    for number in range(101):
        send(ses, to=f"reader{number}@example.com")
    first, older = get(server, "/_local/")[0], get(server, "/_local/?before=1")[0]
    assert ("reader100@" in first, "reader0@" in first, "?before=1" in first) == (True, False, True)
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
