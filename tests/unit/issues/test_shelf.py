"""Where newsletters and issues lie, and what `mailer new` and `mailer issues list` do."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from mailer.errors import ContentErrors, MailerError, NotFound, UsageError
from mailer.issues.kinds import Kind
from mailer.issues.load import load_issue
from mailer.issues.model import Newsletter
from mailer.issues.shelf import (
    Listed,
    choose_newsletter,
    find_issue,
    find_newsletters,
    issue_files,
    list_issues,
    next_number,
    write_next_issue,
)

TODAY = date(2026, 11, 23)


def nothing_wrong(_: str) -> None:
    return None


def newsletters(root: Path, *slugs: str) -> Path:
    for slug in slugs:
        (root / slug).mkdir(parents=True)
        (root / slug / "newsletter.yaml").touch()
    return root


def issues(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_a_newsletter_is_a_folder_with_its_yaml(tmp_path: Path) -> None:
    newsletters(tmp_path, "weekly", "daily", "Not a slug")
    issues(tmp_path / "notes", "0001.md")
    assert find_newsletters(tmp_path) == ["daily", "weekly"]
    assert find_newsletters(tmp_path / "nowhere") == []


def test_the_only_newsletter_needs_no_name(tmp_path: Path) -> None:
    assert choose_newsletter(newsletters(tmp_path, "daily"), None) == tmp_path / "daily"


def test_one_of_several_newsletters_must_be_named(tmp_path: Path) -> None:
    newsletters(tmp_path, "daily", "weekly")
    assert choose_newsletter(tmp_path, "weekly") == tmp_path / "weekly"
    with pytest.raises(UsageError) as caught:
        choose_newsletter(tmp_path, None)
    assert caught.value.hint == "name one of them: daily, weekly"


@pytest.mark.parametrize("slug", ["dayly", "daily/../daily", "../daily"])
def test_an_unknown_newsletter_is_not_found_and_the_one_meant_is_named(slug: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        choose_newsletter(newsletters(tmp_path, "daily", "weekly"), slug)
    assert str(caught.value) == f"there is no newsletter '{slug}' under {tmp_path}"
    assert caught.value.hint.startswith(("did you mean 'daily'?", "there is daily, weekly"))


def test_no_newsletter_at_all_says_how_to_begin_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        choose_newsletter(tmp_path, None)
    assert "mailer init" in caught.value.hint


def test_issues_are_files_and_folders_named_by_their_number(tmp_path: Path) -> None:
    issues(
        tmp_path,
        "0054.md",
        "7.md",
        "0012/issue.md",
        "draft.md",
        "0.md",
        "٣.md",
        "0013/other.md",
        "issue.md",
        "x/issue.md",
    )
    issues(tmp_path, "054.md")
    assert issue_files(tmp_path) == {
        7: [tmp_path / "7.md"],
        12: [tmp_path / "0012" / "issue.md"],
        54: [tmp_path / "0054.md", tmp_path / "054.md"],
    }  # fmt: skip


def test_an_issue_is_found_by_its_number(tmp_path: Path) -> None:
    issues(tmp_path, "0054.md", "0055/issue.md")
    assert find_issue(tmp_path, 54) == tmp_path / "0054.md"
    assert find_issue(tmp_path, 55) == tmp_path / "0055" / "issue.md"


def test_an_issue_in_a_folder_of_its_own_is_named_by_the_folder(
    folder: Path, newsletter: Newsletter, kinds: dict[str, Kind], front: str
) -> None:
    path = issues(folder, "0007/issue.md") / "0007" / "issue.md"
    path.write_text(front + "::: prose\nx\n:::\n")
    assert load_issue(path, newsletter, kinds, nothing_wrong).number == 7


def test_a_file_that_is_not_named_by_its_number_is_no_issue(
    folder: Path, newsletter: Newsletter, kinds: dict[str, Kind], front: str
) -> None:
    path = folder / "draft.md"
    path.write_text(front + "::: prose\nx\n:::\n")
    with pytest.raises(ContentErrors) as caught:
        load_issue(path, newsletter, kinds, nothing_wrong)
    assert str(caught.value) == f"{path}:2:9: the file is named by its number: 0007.md, not 'draft'"


def test_a_missing_issue_says_where_it_was_looked_for_and_what_is_near(tmp_path: Path) -> None:
    folder = issues(tmp_path / "daily", "0001.md", "0050.md", "0053.md", "0054.md")
    with pytest.raises(NotFound) as caught:
        find_issue(folder, 55)
    assert str(caught.value) == (
        f"there is no issue 55 of 'daily': looked for {folder}/0055.md and {folder}/0055/issue.md"
    )
    assert caught.value.hint == "issues nearby: 50, 53, 54; `mailer new` writes the next"
    with pytest.raises(NotFound) as caught:
        find_issue(tmp_path / "empty", 1)
    assert caught.value.hint == "there is none yet; `mailer new` writes the next"


def test_two_files_with_one_number_are_a_mistake(tmp_path: Path) -> None:
    issues(tmp_path, "54.md", "0054.md", "0054/issue.md")
    with pytest.raises(ContentErrors) as caught:
        find_issue(tmp_path, 54)
    said = f"issue 54 is also in {tmp_path / '0054' / 'issue.md'}: two files have one number"
    assert [str(each) for each in caught.value.mistakes] == [
        f"{tmp_path / '0054.md'}:1:1: {said}",
        f"{tmp_path / '54.md'}:1:1: {said}",
    ]


def test_the_next_issue_loads_as_it_stands(folder: Path, newsletter: Newsletter, kinds: dict[str, Kind]) -> None:
    assert next_number(folder) == 1
    path = write_next_issue(folder, newsletter, kinds, TODAY)
    assert path == folder / "0001.md"
    issue = load_issue(path, newsletter, kinds, nothing_wrong)
    assert (issue.number, issue.date, issue.sections[0].kind) == (1, TODAY, "prose")
    text = path.read_text()
    assert '::: lead {rating=0..10 kicker="…"}' in text
    assert "first_name, name, email, town" in text.replace("There is ", "")
    issues(folder, "0041/issue.md")
    assert write_next_issue(folder, newsletter, kinds, TODAY) == folder / "0042.md"


def test_the_next_issue_loads_in_a_theme_of_any_one_kind(
    folder: Path, newsletter: Newsletter, kinds: dict[str, Kind]
) -> None:
    for name, kind in kinds.items():
        path = write_next_issue(folder, newsletter, {name: kind}, TODAY)
        assert load_issue(path, newsletter, kinds, nothing_wrong).sections[0].kind == name


def test_a_theme_without_kinds_has_no_next_issue(folder: Path, newsletter: Newsletter) -> None:
    with pytest.raises(MailerError, match="declares no kind of section"):
        write_next_issue(folder, newsletter, {}, TODAY)
    assert issue_files(folder) == {}


def test_writers_at_the_same_moment_get_an_issue_each(
    folder: Path, newsletter: Newsletter, kinds: dict[str, Kind]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(write_next_issue, folder, newsletter, kinds, TODAY) for _ in range(40)]
        paths = [future.result() for future in futures]
    assert sorted(paths) == [folder / f"{number:04d}.md" for number in range(1, 41)]
    for path in paths:
        load_issue(path, newsletter, kinds, nothing_wrong)
    assert len(list(folder.iterdir())) == 41


def test_a_folder_that_cannot_be_written_says_so(
    tmp_path: Path, newsletter: Newsletter, kinds: dict[str, Kind]
) -> None:
    with pytest.raises(MailerError) as caught:
        write_next_issue(tmp_path / "nowhere", newsletter, kinds, TODAY)
    assert str(caught.value) == f"{tmp_path / 'nowhere' / '0001.md'} cannot be written: No such file or directory"


def test_a_broken_issue_is_listed_with_its_first_mistake(
    folder: Path, newsletter: Newsletter, kinds: dict[str, Kind], front: str
) -> None:
    good = front + "::: prose\nx\n:::\n"
    (folder / "0007.md").write_text(good.replace("A subject", '"Hi {{ name | reader }}"'))
    (folder / "0008.md").write_text(good)
    issues(folder, "0009.md", "9.md")
    listed = list_issues(folder, newsletter, kinds, nothing_wrong)
    assert listed[0] == Listed(7, folder / "0007.md", date(2025, 12, 20), "Hi reader", None)
    assert [(each.number, each.date, each.subject, str(each.mistake)) for each in listed[1:]] == [
        (8, None, "", f"{folder}/0008.md:2:9: number is 7, but the file's name says 8"),
        (9, None, "", f"{folder}/9.md:1:1: issue 9 is also in {folder}/0009.md: two files have one number"),
    ]
