"""`editable` in newsletter.yaml: which fields readers may change themselves, and how they are called."""

from pathlib import Path

import pytest

from mailer.errors import ContentErrors
from mailer.issues.newsletter import load_newsletter

YAML = """\
title: News
sender: News <news@example.org>
publisher: Example Press
postal_address: 1 Example Street
theme: morning-post
"""


def _folder(root: Path, more: str) -> Path:
    folder = root / "news"
    folder.mkdir()
    (folder / "newsletter.yaml").write_text(YAML + more, encoding="utf-8")
    return folder


def test_readers_may_change_the_fields_that_are_named(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "fields: [city, plan]\neditable: {city: Your city}\n")
    assert load_newsletter(folder).editable == {"city": "Your city"}


def test_without_the_key_they_may_change_none(tmp_path: Path) -> None:
    assert load_newsletter(_folder(tmp_path, "fields: [city]\n")).editable == {}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("fields: [city]\neditable: {ctiy: Your city}\n", "editable: 'ctiy' is not among fields, did you mean 'city'?"),
        ("editable: {plan: Plan}\n", "editable: 'plan' is not among fields: name it there first"),
        ("fields: [city]\neditable: [city]\n", "editable must be a mapping"),
        ("fields: [city]\neditable: {city: 5.5.}\neditable: {}\n", "'editable' is given twice"),
    ],
)
def test_a_mistake_is_said_at_its_place(tmp_path: Path, more: str, says: str) -> None:
    with pytest.raises(ContentErrors) as caught:
        load_newsletter(_folder(tmp_path, more))
    assert says in str(caught.value)
