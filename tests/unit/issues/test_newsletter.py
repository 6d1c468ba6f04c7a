"""newsletter.yaml: what it says, and every way to get it wrong."""

from pathlib import Path

import pytest

from mailer.errors import ContentErrors
from mailer.issues.model import Newsletter
from mailer.issues.newsletter import load_newsletter


def test_every_key_becomes_a_value(folder: Path) -> None:
    path = folder / "newsletter.yaml"
    path.write_text(
        path.read_text()
        .replace("1 Example Street, Manchester", "|\n  1 Example Street,\n  Manchester")
        .replace("sender: The Daily Test", 'sender: "Daily, The"')
        .replace('sender: "Daily, The" <daily@example.org>', "sender: '\"Daily, The\" <Daily@BÜCHER.example>'")
        + "reply_to: editor@example.org\nlabels: {lead: Top story}\n"
    )
    assert load_newsletter(folder) == Newsletter(
        slug="daily",
        path=path,
        title="The Daily Test",
        from_name="Daily, The",
        from_email="Daily@xn--bcher-kva.example",
        publisher="Test Press Ltd",
        postal_address="1 Example Street, Manchester",
        theme="plain",
        language="en-GB",
        timezone="Europe/London",
        tagline="All that fits",
        established=1999,
        beats=("Tests", "Theories"),
        reply_to="editor@example.org",
        site="https://daily.example.org",
        fields=("town",),
        labels={"lead": "Top story"},
    )


def test_a_handful_of_keys_is_enough(folder: Path) -> None:
    (folder / "newsletter.yaml").write_text(
        "title: T\nsender: T <t@example.org>\npublisher: P\npostal_address: A\ntheme: plain\n"
    )
    newsletter = load_newsletter(folder)
    assert (newsletter.language, newsletter.timezone, newsletter.site) == ("en-GB", "UTC", "")


def test_what_the_law_asks_for_must_be_there_and_the_message_says_so(folder: Path) -> None:
    (folder / "newsletter.yaml").write_text("title: T\ntheme: plain\n")
    with pytest.raises(ContentErrors) as caught:
        load_newsletter(folder)
    law = "the law asks for it in every letter (CAN-SPAM in the USA, CASL in Canada)"
    assert [each.message for each in caught.value.mistakes] == [
        f"'postal_address' is missing: where the publisher gets paper mail; {law}",
        f"'publisher' is missing: who sends the letters; {law}",
        f"'sender' is missing: whom the letters are from, 'Name <name@example.org>'; {law}",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("The Daily Test <daily@example.org>", "daily@example.org", ["8:9: sender has a name and an address: 'The AI Morning Post <post@example.org>'"]),
        ("The Daily Test <daily@example.org>", "<daily@example.org>", ["8:9: sender has a name and an address: 'The AI Morning Post <post@example.org>'"]),
        ("The Daily Test <daily@example.org>", "A <b@c.org> <d@e.org>", ["8:9: sender has a name and an address: 'The AI Morning Post <post@example.org>'"]),
        ("<daily@example.org>", "<daily>", ['8:9: sender: "daily" is not an e-mail address that can be written to: an email address must have an @-sign']),
        ("The Daily Test <daily@example.org>", '"Post\\r\\nBcc: x <daily@example.org>"', ["8:9: sender must be one line, without breaks and tabs"]),
        ("The Daily Test <daily@example.org>", '"Post\\u0000 <daily@example.org>"', ["8:9: sender must not hold control characters"]),
        ("The Daily Test <", "=?utf-8?q?hi=0ABcc:_v=40example.com?= <", ["8:9: sender cannot hold '=?…?=', which mail programs decode: write the name as it is read"]),
        ("The Daily Test\ntag", "=?utf-8?q?hi?=\ntag", ["1:8: title cannot hold '=?…?=', which mail programs decode"]),
        ("en-GB", "en-XY", ["5:11: unknown language 'en-XY', did you mean 'en-"]),
        ("en-GB", "english", ["5:11: unknown language 'english', "]),
        ("Europe/London", "Europe/Londn", ["6:11: unknown time zone 'Europe/Londn', did you mean 'Europe/London'?"]),
        ("Europe/London", "Europe", ["6:11: unknown time zone 'Europe', "]),
        ("Europe/London", "../../etc/passwd", ["6:11: unknown time zone '../../etc/passwd', "]),
        ("theme: plain", "theme: ../plain", ["7:8: theme is a folder's name under templates/, not '../plain'"]),
        ("1999", "99", ["3:14: established must be between 1600 and 9999, not 99"]),
        ("[Tests, Theories]", "Tests", ["4:8: beats must be a list, such as [one, two], not 'Tests'"]),
        ("[Tests, Theories]", "[Tests, [a]]", ["4:16: beats must be words, not a list"]),
        ("https://daily", "daily", ["11:7: site: an address begins with https:// or http://, not like 'daily.example.org', did you mean"]),
        ("[town]", "[town, Town, name, town]", [
            "12:16: a field's name is of a-z, 0-9 and _, not 'Town'",
            "12:22: 'name' is there for every newsletter: leave it out",
            "12:28: the field 'town' is given twice",
        ]),
        ("[town]", "[town]\nreply_to: me", ['13:11: reply_to: "me" is not an e-mail address']),
        ("[town]", "[town]\nreply_to: =?x?q?y?=@example.org", ["13:11: reply_to cannot hold '=?…?='"]),
        ("[town]", "[town]\nlabels: {lead: [a]}", ["13:16: labels.lead must be words, not a list"]),
        ("tagline", "tag-line", ["2:1: unknown key 'tag-line', did you mean 'tagline'?"]),
        ("tagline: All that fits", "title: Again", ["2:1: 'title' is given twice, first on line 1"]),
    ],
)  # fmt: skip
def test_a_mistake_is_reported_at_its_own_place(old: str, new: str, expected: list[str], folder: Path) -> None:
    path = folder / "newsletter.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ContentErrors) as caught:
        load_newsletter(folder)
    found = str(caught.value).splitlines()
    assert len(found) == len(expected)
    assert all(line.startswith(f"{path}:{each}") for line, each in zip(found, expected, strict=True)), found


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "just words\n", "- a\n"])
def test_a_newsletter_without_keys_is_a_mistake(text: str, folder: Path) -> None:
    (folder / "newsletter.yaml").write_text(text)
    with pytest.raises(ContentErrors, match="there must be lines of `key: value` here"):
        load_newsletter(folder)


def test_a_missing_newsletter_is_a_mistake_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ContentErrors) as caught:
        load_newsletter(tmp_path / "nowhere")
    path = tmp_path / "nowhere" / "newsletter.yaml"
    assert str(caught.value) == f"{path}:1:1: cannot be read: No such file or directory"


def test_the_folders_name_must_be_a_slug(folder: Path, tmp_path: Path) -> None:
    folder.rename(tmp_path / "My News")
    with pytest.raises(ContentErrors, match="'My News' is none"):
        load_newsletter(tmp_path / "My News")
