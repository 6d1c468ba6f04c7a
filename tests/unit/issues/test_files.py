"""Bytes of an issue's file: encodings, ends of lines, sizes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mailer.errors import ContentErrors
from mailer.issues.kinds import Kind
from mailer.issues.load import load_issue
from mailer.issues.model import Issue, Newsletter, Paragraph, Text

Load = Callable[[str | bytes], Issue]
Mistakes = Callable[[str | bytes], list[str]]

GOOD = "::: prose\nwords\n:::\n"


def test_a_byte_order_mark_is_no_mistake_and_moves_no_place(front: str, load: Load, mistakes: Mistakes) -> None:
    assert load(b"\xef\xbb\xbf" + (front + GOOD).encode()).sections == load(front + GOOD).sections
    assert mistakes(b"\xef\xbb\xbfwords") == mistakes("words")


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_may_end_as_on_any_system(end: str, front: str, load: Load, mistakes: Mistakes) -> None:
    text = front + GOOD
    assert load(text.replace("\n", end)).sections == load(text).sections
    spoiled = text.replace("words", "words\nand <i>more</i>")
    assert mistakes(spoiled.replace("\n", end)) == ["9:5: raw HTML: <i> (write *italics* instead)"]


def test_bytes_that_are_not_utf_8_are_named_with_what_they_meant(front: str, mistakes: Mistakes) -> None:
    text = (front + GOOD).encode().replace(b"words", "zwölf Wörter: caf".encode() + b"\xe9")
    assert mistakes(text) == ["8:18: the byte 0xE9 is not UTF-8 (in Windows-1252 it is 'é'): save the file as UTF-8"]


def test_what_else_is_wrong_with_a_file_in_another_encoding_is_said_too(front: str, mistakes: Mistakes) -> None:
    text = (front + GOOD).encode("latin-1").replace(b"words", b"\xfc <b>")
    assert mistakes(text) == [
        "8:1: the byte 0xFC is not UTF-8 (in Windows-1252 it is 'ü'): save the file as UTF-8",
        "8:3: raw HTML: <b> (write **bold** instead)",
    ]


def test_utf_16_is_one_mistake_and_not_a_thousand(front: str, mistakes: Mistakes) -> None:
    assert mistakes((front + GOOD).encode("utf-16")) == ["1:1: the file is UTF-16: save it as UTF-8"]


@pytest.mark.parametrize(
    ("character", "about"),
    [
        ("\x00", "the control character U+0000: delete it"),
        ("\x1b", "the control character U+001B: delete it"),
        ("\x7f", "the control character U+007F: delete it"),
        ("\x92", "the control character U+0092: Gmail clips a mail that holds it; '’' was probably meant"),
        ("\x81", "the control character U+0081: Gmail clips a mail that holds it; delete it"),
        ("\u2028", "the line separator U+2028: an ordinary line break is meant"),
    ],
)
def test_control_characters_are_refused(character: str, about: str, front: str, mistakes: Mistakes) -> None:
    assert mistakes(front + f"::: prose\nit{character}s\n:::\n") == [f"8:3: {about}"]


def test_a_control_character_that_is_everywhere_is_reported_once(front: str, mistakes: Mistakes) -> None:
    assert mistakes(front + "::: prose\n\x00a\x00\nb\x00\n:::\n") == [
        "8:1: the control character U+0000, 3 times in this file: delete it"
    ]


def test_a_file_of_more_than_a_megabyte_is_not_read(mistakes: Mistakes) -> None:
    assert mistakes(b"x" * 1_000_001) == ["1:1: is larger than 1 MB (1,000,000 bytes): an issue is words only"]


def test_an_empty_file_says_what_an_issue_begins_with(mistakes: Mistakes) -> None:
    assert mistakes("") == [
        "1:1: the front matter is missing: the first line is '---', then number, date, subject, …",
        "1:1: the issue has no section: '::: prose', a few lines of Markdown, ':::'",
    ]


def test_a_file_that_cannot_be_read_is_a_mistake_and_not_a_crash(
    newsletter: Newsletter, kinds: dict[str, Kind]
) -> None:
    path = newsletter.path.parent / "0007.md"
    path.mkdir()
    with pytest.raises(ContentErrors) as caught:
        load_issue(path, newsletter, kinds, lambda _: None)
    assert str(caught.value) == f"{path}:1:1: cannot be read: Is a directory"


def test_the_source_digest_tells_an_edit_of_either_file(front: str, load: Load, newsletter: Newsletter) -> None:
    first = load(front + GOOD)
    again = load(front + GOOD)
    other_words = load(front + GOOD.replace("words", "word"))
    newsletter.path.write_text(newsletter.path.read_text() + "# a comment\n")
    other_newsletter = load(front + GOOD)
    digests = [each.source_digest for each in (first, again, other_words, other_newsletter)]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
    assert all(len(digest) == 64 for digest in digests)


def test_a_good_issue_is_a_value_without_surprises(
    front: str, load: Load, newsletter: Newsletter, tmp_path: Path
) -> None:
    issue = load(front + GOOD)
    assert issue.newsletter == newsletter
    assert issue.path == tmp_path / "issues" / "daily" / "0007.md"
    assert (issue.number, issue.subject) == (7, (Text("A subject"),))
    assert issue.sections[0].blocks == (Paragraph((Text("words"),)),)
