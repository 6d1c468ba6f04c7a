"""The links of a test letter, which belong to nobody."""

from .conftest import SLUG, Web, guarded


def test_the_links_of_a_test_letter_say_what_they_are_and_do_nothing(web: Web) -> None:
    web.person()
    before = web.contents()
    url = web.workspace.links.test_url(SLUG, 1)
    answers = [web.client.get(url), web.client.post(url, data={"List-Unsubscribe": "One-Click"})]
    assert [(answer.status_code, "nobody was unsubscribed" in answer.text) for answer in answers] == [(200, True)] * 2
    view = web.client.get(f"{url}/view")
    assert (view.status_code, "The first issue of My News" in view.text, guarded(view)) == (200, True, True)
    assert web.contents() == before


def test_a_draft_is_seen_by_whoever_has_its_test_letter_and_by_nobody_else(web: Web) -> None:
    url = web.workspace.links.test_url(SLUG, 1)
    forged = [url[:-1] + "2", url.replace("/t/", "/u/"), f"{url[:-3]}AAA/view", f"/t/{SLUG}/1/view"]
    assert {web.client.get(each).status_code for each in forged} == {404}
