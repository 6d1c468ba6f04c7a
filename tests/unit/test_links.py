"""Links: what is signed can be read, and nothing else can."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import SettingsError
from mailer.links import Links, Purpose

NEWSLETTER = "ai-morning-post"
KEY, OLDER, OLDEST = b"k" * 32, b"o" * 32, b"e" * 32
LINKS = Links("https://news.example.org", [KEY])

ids = st.integers(min_value=1, max_value=2**63 - 1)


def token_of(url: str) -> str:
    return url.rsplit("/", 1)[1]


def test_links_lead_where_the_pages_will_stand() -> None:
    links = Links("https://news.example.org/mail/", [KEY])

    assert links.unsubscribe_url(NEWSLETTER, 500).startswith("https://news.example.org/mail/u/ai-morning-post/")
    assert links.preferences_url(NEWSLETTER, 500).startswith("https://news.example.org/mail/p/ai-morning-post/")
    assert links.view_url(NEWSLETTER, 54) == "https://news.example.org/mail/issues/ai-morning-post/54"


def test_links_of_sent_letters_never_change() -> None:
    """Someone will press one of these in 2036: this exact address must still be read."""
    url = "https://news.example.org/u/ai-morning-post/ElimWdCJIeZfwI-H3wL9Sazg1f4"

    assert LINKS.unsubscribe_url(NEWSLETTER, 500) == url
    assert LINKS.read(Purpose.UNSUBSCRIBE, NEWSLETTER, token_of(url)) == 500


@given(ids)
def test_what_is_signed_can_be_read(subscriber: int) -> None:
    unsubscribe = token_of(LINKS.unsubscribe_url(NEWSLETTER, subscriber))
    preferences = token_of(LINKS.preferences_url(NEWSLETTER, subscriber))

    assert LINKS.read(Purpose.UNSUBSCRIBE, NEWSLETTER, unsubscribe) == subscriber
    assert LINKS.read(Purpose.PREFERENCES, NEWSLETTER, preferences) == subscriber


@given(ids)
def test_a_token_serves_one_purpose_in_one_newsletter(subscriber: int) -> None:
    unsubscribe = token_of(LINKS.unsubscribe_url(NEWSLETTER, subscriber))
    preferences = token_of(LINKS.preferences_url(NEWSLETTER, subscriber))

    assert LINKS.read(Purpose.PREFERENCES, NEWSLETTER, unsubscribe) is None
    assert LINKS.read(Purpose.UNSUBSCRIBE, NEWSLETTER, preferences) is None
    assert LINKS.read(Purpose.UNSUBSCRIBE, "ai-evening-post", unsubscribe) is None


@given(ids, st.data())
def test_a_token_with_any_byte_changed_is_worth_nothing(subscriber: int, data: st.DataObject) -> None:
    token = token_of(LINKS.unsubscribe_url(NEWSLETTER, subscriber))
    at = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters().filter(lambda character: character != token[at]))

    assert LINKS.read(Purpose.UNSUBSCRIBE, NEWSLETTER, token[:at] + other + token[at + 1 :]) is None


@given(ids, st.data())
def test_a_shortened_or_lengthened_token_is_worth_nothing(subscriber: int, data: st.DataObject) -> None:
    token = token_of(LINKS.unsubscribe_url(NEWSLETTER, subscriber))
    length = data.draw(st.integers(0, len(token) - 1))
    more = data.draw(st.text(alphabet=string.hexdigits + "=-_ \n\0", min_size=1))

    assert LINKS.read(Purpose.UNSUBSCRIBE, NEWSLETTER, token[:length]) is None
    assert LINKS.read(Purpose.UNSUBSCRIBE, NEWSLETTER, token + more) is None
    assert LINKS.read(Purpose.UNSUBSCRIBE, NEWSLETTER, more + token) is None


@given(st.text())
def test_whatever_a_stranger_writes_is_answered_with_none(token: str) -> None:
    assert LINKS.read(Purpose.UNSUBSCRIBE, NEWSLETTER, token) is None


@given(st.text(max_size=40), ids)
def test_any_newsletter_gives_a_plain_address(newsletter: str, subscriber: int) -> None:
    url = LINKS.preferences_url(newsletter.encode(errors="replace").decode(), subscriber)

    assert url.isascii()
    assert url.isprintable()
    assert not set(url) & set(' <>"')


def test_one_persons_token_is_not_anothers() -> None:
    mine = token_of(LINKS.unsubscribe_url(NEWSLETTER, 500))
    theirs = token_of(LINKS.unsubscribe_url(NEWSLETTER, 501))

    assert LINKS.read(Purpose.UNSUBSCRIBE, NEWSLETTER, mine[:24] + theirs[24:]) is None


def test_old_links_survive_three_rotations_and_die_with_their_key() -> None:
    token = token_of(Links("https://news.example.org", [OLDEST]).unsubscribe_url(NEWSLETTER, 7))

    assert (
        Links("https://news.example.org", [KEY, OLDER, b"x" * 32, OLDEST]).read(Purpose.UNSUBSCRIBE, NEWSLETTER, token)
        == 7
    )
    assert Links("https://news.example.org", [KEY, OLDER]).read(Purpose.UNSUBSCRIBE, NEWSLETTER, token) is None


def test_new_links_are_signed_with_the_newest_key() -> None:
    token = token_of(Links("https://news.example.org", [KEY, OLDER]).unsubscribe_url(NEWSLETTER, 7))

    assert LINKS.read(Purpose.UNSUBSCRIBE, NEWSLETTER, token) == 7


def test_links_stay_short() -> None:
    assert len(LINKS.unsubscribe_url(NEWSLETTER, 10_000_000)) < 80
    assert len(LINKS.unsubscribe_url("a" * 63, 2**63 - 1)) < 145


@pytest.mark.parametrize(
    "base_url",
    [
        "news.example.org",
        "ftp://news.example.org",
        "https://",
        "https:///u",
        "https://news.example.org/a b",
        "https://nachrichten.exämple.org",
        "https://news.example.org\r\nBcc: all@example.org",
        "https://news.example.org>",
        'https://news.example.org"',
        "https://=?utf-8?q?=0ABcc?=/",
        "https://news.example.org?list=1",
        "https://news.example.org#top",
        "https://user:secret@news.example.org",
        "https://news.example.org:port",
        "https://[::1",
        "http://news.example.org",
        "http://localhost.example.org",
        "https://news.example.org/" + "a" * 300,
    ],
)
def test_a_base_url_that_no_letter_can_carry_is_refused_before_anything_is_sent(base_url: str) -> None:
    with pytest.raises(SettingsError, match="MAILER_BASE_URL"):
        Links(base_url, [KEY])


@pytest.mark.parametrize(
    "base_url",
    ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000", "https://news.example.org:8443/x"],
)
def test_this_machine_may_do_without_https(base_url: str) -> None:
    assert Links(base_url, [KEY]).view_url("a", 1) == f"{base_url}/issues/a/1"


def test_links_are_never_signed_without_a_key() -> None:
    with pytest.raises(SettingsError, match="key"):
        Links("https://news.example.org", [])
