"""Reading: what was sent is there for everyone, what was not is nowhere, and nothing in it is anybody's own."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import insert, update

from mailer.errors import ContentErrors
from mailer.ledger.mailings import insert_mailing
from mailer.ledger.states import MailingState, State
from mailer.ledger.tables import deliveries, mailings

from .conftest import BASE, SLUG, Opening, Web, guarded, write_newsletter

ATOM = "{http://www.w3.org/2005/Atom}"

ISSUE = """\
---
number: {number}
date: 2026-11-{number:02}
subject: "{subject}"
preheader: What number {number} is <about> & why
---

::: lead
# A headline
Good to see you, {{{{ first_name | dear reader }}}}. Number {number}.
:::

::: prose {{only="tag:pro"}}
# For the few
The secret of the pros.
:::

::: image
![a hill](https://example.org/hill.jpg)
:::
"""


def publish(
    web: Web,
    number: int,
    state: MailingState = MailingState.FINISHED,
    *,
    letters: int = 1,
    segment: str = "",
    subject: str = "News for {{ first_name | all of you }}",
) -> None:
    """An issue with a mailing in a state; `letters` of its two have left."""
    path = web.workspace.root / "issues" / SLUG / f"{number:04}.md"
    path.write_text(ISSUE.format(number=number, subject=subject.replace("{", "{").replace("}", "}")))
    edition = web.workspace.edition(SLUG, number)
    with web.workspace.transaction() as connection:
        mailing_id = insert_mailing(
            connection,
            newsletter=SLUG,
            issue=number,
            token=f"token-{number}",
            transport="outbox",
            segment=segment,
            source_digest=edition.source_digest,
            edition=edition.to_json(),
            now=web.clock() + timedelta(days=number),
        )
        connection.execute(update(mailings).where(mailings.c.id == mailing_id).values(state=state))
        for subscriber in (1, 2):
            left = subscriber <= letters
            row = {"state": State.ACCEPTED if left else State.PENDING, "attempt": int(left)}
            connection.execute(insert(deliveries).values(mailing_id=mailing_id, subscriber_id=subscriber, **row))


class _Links(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # the base's own
        self.found += [value for name, value in attrs if name == "href" and value]


def test_an_issue_reads_as_it_was_sent_and_is_the_same_for_everyone(web: Web) -> None:
    publish(web, 3)
    web.person()
    answer = web.client.get(f"/issues/{SLUG}/3")
    assert (answer.status_code, guarded(answer)) == (200, True)
    assert "Good to see you, dear reader. Number 3." in answer.text
    assert "<title>News for all of you</title>" in answer.text
    assert "secret of the pros" not in answer.text
    assert "<script" not in answer.text


def test_nothing_on_the_page_of_an_issue_acts_for_anybody(web: Web) -> None:
    publish(web, 3)
    page = web.client.get(f"/issues/{SLUG}/3").text
    ours = {link for link in _Links(page).found if link.startswith((BASE, "/"))}
    assert {f"{BASE}/u/{SLUG}", f"{BASE}/issues/{SLUG}/3", f"/issues/{SLUG}", f"/subscribe/{SLUG}"} <= ours
    assert [link for link in ours if re.search(r"/[a-z]/[^/]+/.", link)] == []
    before = web.contents()
    for link in ours:
        for method in ("GET", "POST"):
            web.client.request(method, link)
    assert web.contents()["subscription"] == before["subscription"]


def test_an_issue_says_to_other_sites_what_it_is(web: Web) -> None:
    publish(web, 3)
    page = web.client.get(f"/issues/{SLUG}/3").text
    given = dict(
        re.findall(r'<meta (?:property|name)="((?:og|article|twitter):[^"]*|description)" content="([^"]*)">', page)
    )
    assert given == {
        "description": "What number 3 is &lt;about&gt; &amp; why",
        "og:type": "article",
        "og:site_name": "My News",
        "og:title": "News for all of you",
        "og:description": "What number 3 is &lt;about&gt; &amp; why",
        "og:url": f"{BASE}/issues/{SLUG}/3",
        "og:locale": "en_GB",
        "og:image": "https://example.org/hill.jpg",
        "article:published_time": "2026-11-26T12:00:00+00:00",
        "twitter:card": "summary_large_image",
    }


@pytest.mark.parametrize(
    ("state", "letters", "status"),
    [
        (MailingState.SCHEDULED, 0, 404),
        (MailingState.SENDING, 0, 404),
        (MailingState.CANCELLED, 0, 404),
        (MailingState.SENDING, 1, 200),
        (MailingState.PAUSED, 1, 200),
        (MailingState.CANCELLED, 1, 200),
        (MailingState.FINISHED, 2, 200),
    ],
)
def test_an_issue_is_there_as_soon_as_somebody_has_it(web: Web, state: MailingState, letters: int, status: int) -> None:
    publish(web, 3, state, letters=letters)
    assert web.client.get(f"/issues/{SLUG}/3").status_code == status


def test_a_draft_and_whatever_is_no_issue_is_not_found(web: Web) -> None:
    for path in ("1", "2", "-1", "1.5", "x", "%00", "1/", "999999999999999999999", "1 OR 1=1", "../.env", "0x1"):
        answer = web.client.get(f"/issues/{SLUG}/{path}")
        assert (path, answer.status_code, guarded(answer)) == (path, 404, True)
    assert web.client.get("/issues/nothing").status_code == 404


def test_the_front_page_lists_what_everyone_was_sent_newest_first(web: Web) -> None:
    for number in (2, 3, 4):
        publish(web, number, subject=f"Number {number} & more")
    publish(web, 5, MailingState.SENDING)
    publish(web, 6, segment="tag:pro")
    publish(web, 7, MailingState.CANCELLED)
    publish(web, 8, MailingState.SCHEDULED, letters=0)
    for path in (f"/issues/{SLUG}", "/"):
        page = web.client.get(path).text
        links = [link for link in _Links(page).found if re.fullmatch(rf"/issues/{SLUG}/\d+", link)]
        assert links == [f"/issues/{SLUG}/{number}" for number in (4, 3, 2)]
        assert "Number 4 &amp; more" in page
        assert "27 November 2026" in page


def test_issues_lead_to_their_neighbours(web: Web) -> None:
    for number in (2, 4, 7):
        publish(web, number)
    links = _Links(web.client.get(f"/issues/{SLUG}/4").text).found
    assert [link for link in links if link in {f"/issues/{SLUG}/2", f"/issues/{SLUG}/7"}] == [
        f"/issues/{SLUG}/2",
        f"/issues/{SLUG}/7",
    ]


def test_several_newsletters_have_a_front_page_together(web: Web) -> None:
    publish(web, 3)
    other = web.workspace.root / "issues" / "other"
    other.mkdir()
    text = (web.workspace.root / "issues" / SLUG / "newsletter.yaml").read_text()
    (other / "newsletter.yaml").write_text(text.replace("My News", "The Other"))
    page = web.client.get("/").text
    assert {f"/issues/{SLUG}", "/issues/other", f"/issues/{SLUG}/3"} <= set(_Links(page).found)
    assert "The Other" in page


def test_the_feed_is_atom_and_has_what_the_front_page_has(web: Web) -> None:
    for number in (2, 3):
        publish(web, number, subject=f"Number {number} <b>& more</b>")
    publish(web, 4, segment="tag:pro")
    answer = web.client.get(f"/issues/{SLUG}/feed.xml")
    assert (answer.headers["content-type"], guarded(answer)) == ("application/atom+xml", True)
    root = ET.fromstring(answer.content)  # noqa: S314  # what we wrote ourselves
    entries = [
        [entry.findtext(f"{ATOM}{name}") for name in ("id", "title", "summary")] for entry in root.iter(f"{ATOM}entry")
    ]
    assert entries == [
        [f"{BASE}/issues/{SLUG}/{number}", f"Number {number} <b>& more</b>", f"What number {number} is <about> & why"]
        for number in (3, 2)
    ]
    assert root.findtext(f"{ATOM}updated") == "2026-11-26T12:00:00+00:00"


def test_whoever_has_a_page_already_is_not_sent_it_again(web: Web) -> None:
    publish(web, 3)
    for path in (f"/issues/{SLUG}/3", f"/issues/{SLUG}", f"/issues/{SLUG}/feed.xml"):
        first = web.client.get(path)
        again = web.client.get(path, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
        assert (again.status_code, again.content, guarded(again)) == (304, b"", True)
        assert first.headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize(
    ("archive", "front", "feed", "issue", "robots"),
    [
        ("listed", True, 200, 200, "all"),
        ("noindex", True, 200, 200, "noindex, nofollow"),
        ("unlisted", False, 404, 200, "noindex, nofollow"),
    ],
)
def test_the_newsletter_says_who_may_find_its_archive(
    open_web: Opening, *, archive: str, front: bool, feed: int, issue: int, robots: str
) -> None:
    web = open_web()
    write_newsletter(web.workspace.root, archive=archive)
    publish(web, 3)
    page = web.client.get(f"/issues/{SLUG}")
    assert (f"/issues/{SLUG}/3" in page.text, page.headers["x-robots-tag"]) == (front, robots)
    assert web.client.get(f"/issues/{SLUG}/feed.xml").status_code == feed
    copy = web.client.get(f"/issues/{SLUG}/3")
    assert (copy.status_code, copy.headers["x-robots-tag"]) == (issue, robots)
    assert ('<meta name="robots" content="noindex, nofollow">' in copy.text) == (archive != "listed")


def test_another_word_for_the_archive_is_a_mistake(web: Web) -> None:
    write_newsletter(web.workspace.root, archive="hidden")
    with pytest.raises(ContentErrors, match="archive is listed, noindex or unlisted, not 'hidden'"):
        web.workspace.newsletter(SLUG)


def test_the_page_of_an_issue_outlives_its_file_and_its_newsletter(open_web: Opening) -> None:
    web = open_web()
    publish(web, 3)
    for path in sorted((web.workspace.root / "issues" / SLUG).iterdir()):
        path.unlink()
    answer = web.client.get(f"/issues/{SLUG}/3")
    assert (answer.status_code, "Number 3." in answer.text) == (200, True)
    assert web.client.get(f"/issues/{SLUG}").status_code == 404


def test_a_subject_full_of_markup_is_only_words(web: Web) -> None:
    publish(web, 3, subject="<script>alert(1)</script></title> {look} %s '")
    pages = [web.client.get(path).text for path in (f"/issues/{SLUG}/3", f"/issues/{SLUG}", f"/issues/{SLUG}/feed.xml")]
    assert [("<script" in page, "</title></title>" in page) for page in pages] == [(False, False)] * 3
