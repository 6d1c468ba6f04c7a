"""Export, history, merge, bulk changes and figures as a person types them: what is said, and the exit codes."""

import csv
import io
import json
from subprocess import CompletedProcess

import pytest

from .conftest import Desk


def ok(done: CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def failed(done: CompletedProcess[str], code: int) -> str:
    assert (done.returncode, done.stdout) == (code, "")
    return done.stderr


def add(desk: Desk, email: str, *options: str) -> None:
    ok(desk.run("subscribers", "add", email, "--consent-source", "paper form", *options))


def emails(desk: Desk, *arguments: str) -> list[str]:
    return [person["email"] for person in desk.json("subscribers", "list", *arguments)]


@pytest.fixture
def filled(anywhere: Desk) -> Desk:
    """Three people, one of whom has a name that a spreadsheet would run."""
    add(anywhere, "ada@example.org", "--name", "=1+1", "--tag", "beta", "--field", "city=York")
    add(anywhere, "bob@example.com", "--tag", "beta", "--tag", "staff")
    add(anywhere, "cleo@example.com")
    return anywhere


def test_a_segment_can_be_exported_to_a_file_and_to_a_pipe(filled: Desk) -> None:
    done = filled.run("subscribers", "export", "--segment", "tag:beta", "--output", "beta.csv")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "2 people of my-news written to beta.csv.\n")
    written = (filled.root / "beta.csv").read_bytes()
    assert (filled.root / "beta.csv").stat().st_mode & 0o777 == 0o600
    rows = list(csv.DictReader(io.StringIO(written.decode(), newline="")))
    assert [(row["email"], row["name"], row["tags"], row["field:city"]) for row in rows] == [
        ("ada@example.org", "'=1+1", "beta", "York"),
        ("bob@example.com", "", "beta,staff", ""),
    ]
    assert ok(filled.run("subscribers", "export", "--segment", "tag:beta")) == written.decode().replace("\r\n", "\n")
    lines = ok(filled.run("subscribers", "export", "--format", "jsonl")).splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["=1+1", "", ""]
    ok(filled.run("subscribers", "export", "--output", "all.jsonl"))
    assert (filled.root / "all.jsonl").read_text(encoding="utf-8").splitlines() == lines


def test_an_export_that_fails_leaves_nothing_behind_and_the_old_file_as_it_was(filled: Desk) -> None:
    assert "cannot be written" in failed(filled.run("subscribers", "export", "--output", "none/x.csv"), 1)
    assert "there is no format" in failed(filled.run("subscribers", "export", "--format", "xml"), 2)
    (filled.root / "beta.csv").write_text("old")
    before = sorted(path.name for path in filled.root.iterdir())
    assert "column 1" in failed(filled.run("subscribers", "export", "--segment", "x", "--output", "beta.csv"), 1)
    assert (filled.root / "beta.csv").read_text() == "old"
    assert sorted(path.name for path in filled.root.iterdir()) == before


def test_tags_and_endings_in_bulk_are_counted_and_asked_first(filled: Desk) -> None:
    asked = failed(filled.run("subscribers", "tag", "--segment", "domain:example.com", "--add", "vip"), 2)
    assert "selects 2 people of my-news: put vip on them?" in asked
    done = ok(
        filled.run("subscribers", "tag", "--segment", "tag:beta", "--add", "vip", "--remove", "beta", "--yes")
    )  # fmt: skip
    assert done == "2 people have other tags now.\n"
    assert emails(filled, "--segment", "tag:vip") == ["ada@example.org", "bob@example.com"]
    assert "only they themselves" in failed(filled.run("subscribers", "remove", "--segment", "tag:vip"), 2)
    ended = ok(filled.run("subscribers", "remove", "--segment", "tag:vip and not tag:staff", "--yes"))
    assert ended == "1 subscription was ended.\n"
    assert emails(filled, "--status", "unsubscribed") == ["ada@example.org"]
    assert ok(filled.run("subscribers", "remove", "--segment", "tag:none", "--yes")) == (
        "'tag:none' selects nobody of my-news.\n"
    )


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["tag", "--add", "x"], 2, "error: say whom: one EMAIL, or --segment EXPR"),
        (["tag", "ada@example.org", "--segment", "tag:x", "--add", "x"], 2, "error: an EMAIL and --segment"),
        (["tag", "--segment", "tag:x", "--add", "a,b", "--yes"], 1, 'error: "a,b" is not a tag'),
        (["remove"], 2, "error: say whom"),
        (["remove", "--segment", "tag:"], 1, "error: segment, column 5"),
        (["history", "nobody@example.org"], 1, "error: nothing is known of nobody@example.org"),
        (["merge", "ada@example.org", "ADA@example.org"], 1, "error: ada@example.org cannot be merged with itself"),
        (["merge", "ada@example.org", "nobody@example.org"], 1, "error: nobody here has the address"),
        (["stats", "--newsletter", "none"], 1, "error: "),
    ],
)
def test_a_mistake_is_said_with_its_exit_code(desk: Desk, words: list[str], code: int, message: str) -> None:
    add(desk, "ada@example.org")
    assert failed(desk.run("subscribers", *words), code).startswith(message)


def test_a_merge_is_planned_asked_about_and_told(filled: Desk) -> None:
    ok(filled.run("subscribers", "remove", "bob@example.com", "--yes"))
    refused = filled.run("subscribers", "merge", "ada@example.org", "bob@example.com")
    assert refused.returncode == 2
    assert refused.stdout == (
        "ada@example.org stays, with the tags and fields of both; bob@example.com is not mailed any more.\n"
        "  my-news: unsubscribed (now subscribed)\n"
    )
    assert len(emails(filled)) == 3
    ok(filled.run("subscribers", "merge", "ada@example.org", "bob@example.com", "--yes"))
    assert emails(filled) == ["ada@example.org", "cleo@example.com"]
    (ada,) = filled.json("subscribers", "list", "--segment", "tag:staff")
    assert (ada["email"], ada["status"], ada["tags"]) == ("ada@example.org", "unsubscribed", ["beta", "staff"])
    told = ok(filled.run("subscribers", "history", "ADA@example.org"))
    assert "merged with bob@example.com, who was number 2" in told
    assert "was removed from my-news" in told
    assert failed(filled.run("subscribers", "add", "bob@example.com"), 1).startswith("error: bob@example.com is supp")


def test_erasing_takes_the_addresses_along_that_were_merged(filled: Desk) -> None:
    ok(filled.run("subscribers", "merge", "ada@example.org", "bob@example.com", "--yes"))
    asked = failed(filled.run("subscribers", "erase", "ada@example.org"), 2)
    assert "ada@example.org and bob@example.com: their address" in asked
    ok(filled.run("subscribers", "erase", "ada@example.org", "--yes"))
    for email in ("ada@example.org", "bob@example.com"):
        assert "was erased" in failed(filled.run("subscribers", "add", email), 1)
        (entry,) = filled.json("subscribers", "history", email)["entries"]
        assert entry["kind"] == "erased"


def test_a_history_tells_of_letters_too(filled: Desk) -> None:
    ok(filled.run("send", "--issue", "1", "--segment", "never-mailed and tag:staff", "--yes"))
    told = filled.json("subscribers", "history", "bob@example.com")
    assert (told["email"], told["subscribers"]) == ("bob@example.com", [2])
    assert told["letters"] == [{"newsletter": "my-news", "issue": 1, "standing": "accepted"}]
    kinds = [entry["kind"] for entry in told["entries"]]
    assert kinds[:2] == ["entered", "consent"]
    assert set(kinds[2:]) == {"letter"}
    assert [entry["at"] for entry in told["entries"]] == sorted(entry["at"] for entry in told["entries"])
    assert "issue 1 of my-news" in ok(filled.run("subscribers", "history", "bob@example.com"))
    assert emails(filled, "--segment", "mailed:1") == ["bob@example.com"]
    assert emails(filled, "--segment", "never-mailed") == ["ada@example.org", "cleo@example.com"]


def test_figures_are_the_same_for_people_and_programs(filled: Desk) -> None:
    ok(filled.run("subscribers", "remove", "ada@example.org", "--yes"))
    figures = filled.json("subscribers", "stats")
    assert (figures["people"], figures["states"]) == (3, {"mailable": 2, "unsubscribed": 1})
    assert figures["domains"] == {"example.com": 2}
    assert len(figures["weeks"]) == 12
    assert {name: value for name, value in figures["weeks"][-1].items() if name != "begins"} == {"came": 3, "left": 1}
    assert (figures["mailed"], figures["never_delivered"], figures["soft_bouncing"]) == (0, None, {})
    said = ok(filled.run("subscribers", "stats")).splitlines()
    assert said[0] == "my-news: 3 people"
    assert said[1].split() == ["mailable", "2"]
    (week,) = [line for line in said if line.startswith(figures["weeks"][-1]["begins"])]
    assert week.split()[1:3] == ["3", "1"]
    assert len(week.split()[3]) == 40


def test_an_export_taken_into_an_empty_book_lists_the_same_people(desk: Desk) -> None:
    add(desk, "ada@example.org", "--name", "=1+1", "--tag", "=x", "--tag", "early bird", "--field", "city='=York")
    add(desk, "bob@example.org", "--name", 'O\'Hara "Bob", née =1', "--field", "plan=@pro", "--field", "city=-1")
    ok(desk.run("subscribers", "add", "cleo@example.org"))
    add(desk, "dan@example.org")
    ok(desk.run("subscribers", "remove", "dan@example.org", "--yes"))
    before = desk.json("subscribers", "list")
    ok(desk.run("subscribers", "export", "--output", "all.csv"))
    for path in desk.root.glob("mailer.db*"):
        path.unlink()
    assert emails(desk) == []
    ok(desk.run("subscribers", "import", "all.csv", "--consent-source", "our own export", "--yes"))
    # What an import writes of whoever left is that they left, and nothing else: dan has no name or tag to lose.
    assert desk.json("subscribers", "list") == before
