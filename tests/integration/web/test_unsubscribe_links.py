"""Whose link it is: it outlives what it was made for, and nothing that only looks like one opens anything."""

import pytest

from mailer.links import Links
from subscribers.address import parse
from subscribers.merging import merge
from subscribers.suppressing import erase

from .conftest import BASE, KEY, SLUG, Opening, Web, guarded


def test_an_erased_person_gets_the_same_page_and_the_same_answer(web: Web) -> None:
    ada, ida = web.person(), web.person("ida@example.org")
    with web.workspace.transaction() as connection:
        hashes = web.workspace.erasure_hashes("ida@example.org")
        erase(connection, parse("ida@example.org"), hashes=hashes, now=web.clock())
    before = web.contents()
    for method in ("GET", "POST"):
        data = {"action": "leave"} if method == "POST" else None
        known, erased = (web.client.request(method, web.link(one), data=data) for one in (ada, ida))
        assert (erased.status_code, guarded(erased)) == (200, True)
        assert ("Leave My News?" in erased.text) == ("Leave My News?" in known.text) == (method == "GET")
    assert "ida" not in str(web.contents())
    assert len(web.contents()["consent_event"]) == len(before["consent_event"]) + 1


def test_somebody_who_was_imported_again_leaves_by_the_link_of_an_old_letter(web: Web) -> None:
    ada = web.person()
    link = web.link(ada)
    assert web.person() == ada
    web.client.post(link)
    assert web.status(ada) == "unsubscribed"


def test_somebody_who_was_merged_into_another_leaves_by_the_link_of_either(web: Web) -> None:
    ada, ida = web.person(), web.person("ida@example.org")
    old = web.link(ida)
    with web.workspace.transaction() as connection:
        merge(connection, parse("ada@example.org"), parse("ida@example.org"), now=web.clock())
    assert "a…@e….org" in web.client.get(old).text
    web.client.post(old)
    assert web.status(ada) == "unsubscribed"
    assert "Welcome back" in web.client.post(old, data={"action": "undo"}).text
    assert web.status(ada) == "subscribed"


def test_a_link_outlives_the_newsletter_itself(web: Web) -> None:
    ada = web.person(newsletter="the-old-one")
    page = web.client.get(web.link(ada, "the-old-one"))
    assert (page.status_code, "Leave the-old-one?" in page.text) == (200, True)
    assert web.client.post(web.link(ada, "the-old-one")).status_code == 200
    assert web.status(ada, "the-old-one") == "unsubscribed"


def test_a_broken_newsletter_yaml_keeps_nobody_from_leaving(open_web: Opening) -> None:
    web = open_web()
    (web.workspace.root / "issues" / SLUG / "newsletter.yaml").write_text("title: [")
    ada = web.person()
    answers = web.client.get(web.link(ada)), web.client.post(web.link(ada))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert web.status(ada) == "unsubscribed"


def test_a_link_survives_three_rotations_of_the_key(open_web: Opening) -> None:
    rotated = ",".join([*(f"a-newer-key-{number}-0123456789" for number in range(3)), KEY])
    web = open_web(secret_keys=rotated)
    ada = web.person()
    old = Links(BASE, [KEY.encode()]).unsubscribe_url(SLUG, ada)
    assert old != web.link(ada)
    assert web.client.post(old).status_code == 200
    assert web.status(ada) == "unsubscribed"


def test_no_flipped_byte_and_no_swapped_part_opens_anything(web: Web) -> None:
    ada, ida = web.person(), web.person("ida@example.org")
    link = web.link(ada)
    head, token = link.rsplit("/", 1)
    letters = "A0_"
    forged = {f"{head}/{token[:at]}{letter}{token[at + 1 :]}" for at in range(len(token)) for letter in letters} - {
        link
    }
    forged |= {f"{head}/{token[:length]}" for length in range(1, len(token))}
    forged |= {f"{head}/{token}{more}" for more in ("0", "=", ".", "%00", "%0a", "%20", "A" * 5000)}
    forged |= {f"{head}/{token[:24]}{ida:x}", f"{head}/{token[:24]}{99:x}", f"{head}/{'A' * 24}{2**70:x}"}
    forged |= {web.workspace.links.preferences_url(SLUG, ada).replace("/p/", "/u/"), link.replace(SLUG, "other-news")}
    before = web.contents()
    answers = [web.client.request(method, url) for url in sorted(forged) for method in ("GET", "POST")]
    assert len(answers) > 200
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers if SLUG in str(answer.request.url)}) == 1
    assert web.contents() == before


def test_the_log_holds_no_token_and_no_address(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1)
    ada = web.person()
    links = [web.link(ada), web.workspace.links.preferences_url(SLUG, ada)]
    for link in links:
        for method in ("GET", "HEAD", "POST", "PUT"):
            web.client.request(method, link, data={"reason": "ada@example.org"})
    web.server.settle()
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert "GET /u/my-news/{token} 200" in "\n".join(ours)
    for secret in (*(link.rpartition("/")[2] for link in links), "ada@example.org"):
        assert secret not in "\n".join(ours)
