"""docs/authoring.md says what is true: its example loads, and its mistakes are those that a spoiled copy has."""

import re
from pathlib import Path

import pytest

from mailer.errors import ContentErrors
from mailer.issues.kinds import Kind, read_kinds
from mailer.issues.load import load_issue
from mailer.issues.newsletter import load_newsletter

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8")
SPOILED = [
    ("subject:", "subjet:"),
    ("rating=7", "rating=eleven"),
    ("::: prose", "::: pross"),
    ("1. **[nanoGPT](https://example.org/nanogpt)**", "1. [nanoGPT](https://example.org/nanogpt)"),
    ("{{ first_name |", "{{ frist_name |"),
]


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the shipped newsletter, below a workspace that we stand in."""
    folder = tmp_path / "issues" / "ai-morning-post"
    folder.mkdir(parents=True)
    shipped = ROOT / "issues" / "ai-morning-post" / "newsletter.yaml"
    (folder / "newsletter.yaml").write_bytes(shipped.read_bytes())
    monkeypatch.chdir(tmp_path)
    return Path("issues") / "ai-morning-post"


@pytest.fixture
def kinds() -> dict[str, Kind]:
    return read_kinds([ROOT / "templates" / "morning-post", ROOT / "templates" / "_shared"])


def test_the_example_loads(workspace: Path, kinds: dict[str, Kind]) -> None:
    (workspace / "0054.md").write_text(block("markdown"), encoding="utf-8")
    issue = load_issue(workspace / "0054.md", load_newsletter(workspace), kinds, lambda _: None)
    assert [section.kind for section in issue.sections] == ["lead", "tools", "prose"]


def test_the_mistakes_are_those_of_a_spoiled_copy(workspace: Path, kinds: dict[str, Kind]) -> None:
    text = block("markdown")
    for right, wrong in SPOILED:
        assert right in text
        text = text.replace(right, wrong, 1)
    (workspace / "0055.md").write_text(text, encoding="utf-8")
    with pytest.raises(ContentErrors) as caught:
        load_issue(workspace / "0055.md", load_newsletter(workspace), kinds, lambda _: None)
    assert str(caught.value) + "\n" == block("text")


def test_every_key_is_on_the_page(workspace: Path, kinds: dict[str, Kind]) -> None:
    (workspace / "0054.md").write_text("---\nx: 1\n---\n::: prose\nx\n:::\n", encoding="utf-8")
    with pytest.raises(ContentErrors) as caught:
        load_issue(workspace / "0054.md", load_newsletter(workspace), kinds, lambda _: None)
    keys = re.findall(r"there is ([a-z_, ]+)\)", str(caught.value))
    (workspace / "newsletter.yaml").write_text("x: 1\n", encoding="utf-8")
    with pytest.raises(ContentErrors) as caught:
        load_newsletter(workspace)
    keys += re.findall(r"there is ([a-z_, ]+)\)", str(caught.value))
    assert len(keys) == 2
    assert [key for key in ", ".join(keys).split(", ") if f"`{key}`" not in PAGE] == []
