"""The page behind the link: what it says, and in which language."""

from .conftest import Web, write_newsletter


def test_the_page_names_the_newsletter_and_the_masked_address_and_has_one_button(web: Web) -> None:
    page = web.client.get(web.link(web.person("ada.lovelace@mail.example.org"))).text
    assert "Leave My News?" in page
    assert "a…@m….org" in page
    assert "lovelace" not in page
    assert "mail.example" not in page
    assert (page.count("<button"), page.count("<script")) == (1, 0)


def test_the_page_speaks_the_newsletters_language(web: Web) -> None:
    write_newsletter(web.workspace.root, language="de-AT", title="Die Nachrichten")
    page = web.client.get(web.link(web.person())).text
    assert '<html lang="de-AT" dir="ltr">' in page
    assert "„Die Nachrichten“ abbestellen?" in page


def test_a_language_that_we_have_no_words_in_is_answered_in_english(web: Web) -> None:
    write_newsletter(web.workspace.root, language="fi", title="Uutiset")
    page = web.client.get(web.link(web.person())).text
    assert '<html lang="en" dir="ltr">' in page
    assert '<p class="title" lang="fi">' in page
    assert "Leave Uutiset?" in page


def test_a_title_full_of_markup_is_only_words(web: Web) -> None:
    write_newsletter(web.workspace.root, title="'<script>alert(1)</script> {look} %s & more'")
    page = web.client.get(web.link(web.person())).text
    assert "<script" not in page
    assert "Leave &lt;script&gt;alert(1)&lt;/script&gt; {look} %s &amp; more?" in page


def test_there_is_a_page_for_whoever_has_no_link(web: Web) -> None:
    known, unknown = web.client.get("/u/my-news"), web.client.get("/u/nothing")
    assert (known.status_code, unknown.status_code) == (200, 404)
    assert "news@example.org" in known.text
