"""`mailer subscribers` as a person types it: what it says, what it prints for programs, and its exit codes."""

from subprocess import CompletedProcess

import pytest

from .conftest import Desk

NOBODY = '"nobody" is not an e-mail address that can be written to: an email address must have an @-sign'

CSV = """\
email,name,tags
ada@example.org,Ada Lovelace,"beta,staff"
nobody,No,
bob@example.org,,
"cleo@example.org","Cleo
of Alexandria",early bird;beta
ADA@example.org,Ada again,vip
"""


def ok(done: CompletedProcess[str]) -> str:
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def failed(done: CompletedProcess[str], code: int) -> str:
    assert (done.returncode, done.stdout) == (code, "")
    return done.stderr


def emails(desk: Desk, *arguments: str) -> list[str]:
    return [person["email"] for person in desk.json("subscribers", "list", *arguments)]


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """A workspace into which CSV was imported, with consent."""
    (desk.root / "people.csv").write_text(CSV, encoding="utf-8")
    done = desk.run("subscribers", "import", "people.csv", "--consent-source", "paper form", "--yes")
    assert done.returncode == 0
    return desk


def test_an_address_is_added_shown_tagged_and_listed(desk: Desk) -> None:
    added = ok(
        desk.run(
            *("subscribers", "add", "Ada@Example.ORG", "--name", "Ada", "--tag", "beta", "--tag", "vip"),
            *("--field", "plan=pro", "--field", "motto=a=b", "--consent-source", "paper form"),
        )
    )
    assert added == "Ada@example.org is subscribed to my-news.\n"
    assert ok(desk.run("subscribers", "tag", "ada@example.org", "--add", "early bird", "--remove", "vip")) == (
        "Ada@example.org: beta, early bird\n"
    )
    person = {
        "email": "Ada@example.org",
        "name": "Ada",
        "status": "subscribed",
        "suppressed": None,
        "tags": ["beta", "early bird"],
        "fields": {"motto": "a=b", "plan": "pro"},
    }
    assert desk.json("subscribers", "list") == [person]
    assert desk.json("subscribers", "show", "ADA@example.org") == {**person, "newsletters": {"my-news": "subscribed"}}
    assert ok(desk.run("subscribers", "show", "ada@example.org")) == (
        "Ada@example.org  Ada\n  my-news: subscribed\n  tags: beta, early bird\n  motto: a=b\n  plan: pro\n"
    )


def test_without_a_consent_source_an_address_is_unconfirmed_and_the_command_says_so(desk: Desk) -> None:
    assert ok(desk.run("subscribers", "add", "ada@example.org")) == (
        "ada@example.org is unconfirmed for my-news.\n"
        "They are not mailed before they confirm, or before you say with --consent-source where they agreed.\n"
    )


def test_a_file_is_imported_and_every_row_accounted_for(desk: Desk) -> None:
    (desk.root / "people.csv").write_text(CSV, encoding="utf-8")
    assert ok(desk.run("subscribers", "import", "people.csv", "--consent-source", "paper form", "--dry-run")) == (
        f"""5 rows in 1 file:
          3  new: subscribed  e.g. ada@example.org, bob@example.org, cleo@example.org
          1  row of somebody whom another row names
          1  refused: no e-mail address  e.g. people.csv:3
             {NOBODY}
The refused row is in people.refused.csv: mend it there, and import that file with the same options.
Nothing was changed: this was a dry run.
"""
    )
    assert emails(desk) == []
    assert ok(desk.run("subscribers", "import", "people.csv", "--consent-source", "paper form", "--yes")) == (
        """3 people added to my-news, subscribed.
1 row named somebody a second time.
1 row refused: 1 no e-mail address.
The refused row is in people.refused.csv: mend it there, and import that file with the same options.
This was import 1; `mailer subscribers undo-import 1` takes it back.
"""
    )
    ok(desk.run("subscribers", "remove", "bob@example.org", "--yes"))
    assert desk.json("subscribers", "import", "people.csv", "--yes") == {
        "import": 2,
        "newsletter": "my-news",
        "state": "done",
        "files": ["people.csv"],
        "rows": 5,
        "added": 0,
        "subscribed": 0,
        "changed": 0,
        "unchanged": 2,
        "ended": {},
        "kept_out": {"unsubscribed": 1},
        "refused": {"no e-mail address": 1},
        "duplicates": 1,
        "bad": [{"file": "people.csv", "line": 3, "reason": NOBODY}],
        "refused_files": ["people.refused.csv"],
        "passed_over": [],
        "warnings": [],
        "invited": 0,
    }


def test_a_plan_names_a_file_once_and_says_what_is_wrong_with_the_first_row(desk: Desk) -> None:
    (desk.root / "a.csv").write_text("email,status\n" + "p@example.org,vip\n" * 2, encoding="utf-8")
    (desk.root / "b.csv").write_text("email,status\np@example.org,gold\n", encoding="utf-8")
    said = ok(desk.run("subscribers", "import", "a.csv", "b.csv", "--dry-run")).splitlines()
    first = said.index("          3  refused: a status that is not known  e.g. a.csv:2, :3, b.csv:2")
    assert said[first + 1].startswith('             the status "vip" is not known here; say subscribed, ')


def test_refused_rows_are_mended_where_they_are_and_imported_again(filled: Desk) -> None:
    refused = filled.root / "people.refused.csv"
    text = refused.read_text(encoding="utf-8-sig")
    reason = NOBODY.replace('"', '""')
    head = "refused_file,refused_line,refused_reason,email,name,tags"
    assert text.splitlines() == [head, f'people.csv,3,"{reason}",nobody,No,']
    refused.write_text(text.replace(",nobody,", ",nobody@example.org,"), encoding="utf-8-sig")
    done = filled.json("subscribers", "import", "people.refused.csv", "--consent-source", "paper form", "--yes")
    assert (done["added"], done["refused"]) == (1, {})
    assert "nobody@example.org" in emails(filled)


def test_refused_rows_that_somebody_mends_are_never_written_over(filled: Desk) -> None:
    refused = filled.root / "people.refused.csv"
    again = ("subscribers", "import", "people.csv", "--consent-source", "paper form", "--dry-run")
    assert filled.json(*again)["refused_files"] == ["people.refused.csv"]  # it says the same
    refused.write_text("half of it is mended", encoding="utf-8")
    for _ in range(2):
        assert filled.json(*again)["refused_files"] == ["people.refused-2.csv"]
    assert refused.read_text(encoding="utf-8") == "half of it is mended"
    (filled.root / "people.refused-2.csv").write_text("the other half", encoding="utf-8")
    assert filled.json(*again)["refused_files"] == ["people.refused-3.csv"]
    assert sorted(path.name for path in filled.root.iterdir() if "refused" in path.name) == [
        "people.refused-2.csv",
        "people.refused-3.csv",
        "people.refused.csv",
    ]


def test_an_import_is_listed_and_taken_back(filled: Desk) -> None:
    ok(filled.run("subscribers", "remove", "bob@example.org", "--yes"))
    [listed] = filled.json("subscribers", "imports")
    assert (listed["import"], listed["state"], listed["added"], listed["files"]) == (1, "done", 3, ["people.csv"])
    assert "taken back" in failed(filled.run("subscribers", "undo-import", "1"), 2)
    assert ok(filled.run("subscribers", "undo-import", "1", "--yes")) == (
        "Import 1 is taken back. Whoever did something since then keeps that.\n"
    )
    assert emails(filled) == ["bob@example.org"]  # who left since then: no import may bring them back
    assert [each["state"] for each in filled.json("subscribers", "imports")] == ["undone"]
    assert failed(filled.run("subscribers", "undo-import", "9", "--yes"), 1) == (
        "error: there is no import 9\n  `mailer subscribers imports` lists them\n"
    )


def test_unconfirmed_people_are_asked_once_whether_they_want_it(desk: Desk) -> None:
    (desk.root / "people.csv").write_text("email\nada@example.org\nbob@example.org\n", encoding="utf-8")
    command = ("subscribers", "import", "people.csv", "--confirm", "--yes")
    assert [desk.json(*command)["invited"] for _ in range(2)] == [2, 0]
    ok(desk.run("subscribers", "undo-import", "1", "--yes"))
    assert (emails(desk), desk.json(*command)["invited"]) == ([], 2)


def test_columns_of_anybody_are_guessed_shown_and_asked_about(desk: Desk) -> None:
    (desk.root / "people.csv").write_text("E-Mail;Vorname;Plan\nada@example.org;Ada;Pro\n", encoding="utf-8")
    asked = desk.run("subscribers", "import", "people.csv")
    assert asked.returncode == 2
    assert "Is that what the columns mean?" in asked.stderr
    assert [" ".join(line.split()) for line in asked.stdout.splitlines()] == [
        "people.csv: its columns say",
        "E-Mail → email",
        "Vorname → first_name",
        "left out: Plan (--fields keeps them as custom fields)",
    ]
    ok(desk.run("subscribers", "import", "people.csv", "--fields", "--map", "Vorname=-", "--yes"))
    [person] = desk.json("subscribers", "list")
    assert (person["email"], person["name"], person["fields"]) == ("ada@example.org", "", {"plan": "Pro"})


def test_an_import_without_consent_asks_and_a_script_must_answer_beforehand(desk: Desk) -> None:
    (desk.root / "people.csv").write_text("email\nada@example.org\n", encoding="utf-8")
    asked = desk.run("subscribers", "import", "people.csv")
    assert asked.returncode == 2
    assert "unconfirmed" in asked.stdout
    assert "--yes" in asked.stderr
    assert emails(desk) == []
    ok(desk.run("subscribers", "import", "people.csv", "--yes"))
    assert emails(desk, "--status", "unconfirmed") == ["ada@example.org"]


def test_a_list_is_narrowed_by_segment_and_status_and_counted(filled: Desk) -> None:
    assert emails(filled) == ["ada@example.org", "bob@example.org", "cleo@example.org"]
    assert emails(filled, "--segment", "tag:beta and not tag:staff") == ["cleo@example.org"]
    assert emails(filled, "--status", "unsubscribed") == []
    assert ok(filled.run("subscribers", "list", "--count", "--segment", 'tag:vip or tag:"early bird"')) == "2\n"
    assert filled.json("subscribers", "list", "--segment", "tag:early") == []
    lines = ok(filled.run("subscribers", "list")).splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "ada@example.org subscribed Ada Lovelace #beta #staff #vip",
        "bob@example.org subscribed",
        "cleo@example.org subscribed Cleo of Alexandria #beta #early bird",
    ]


def test_whoever_was_removed_is_not_brought_back(filled: Desk) -> None:
    assert failed(filled.run("subscribers", "remove", "bob@example.org"), 2)
    removed = ok(filled.run("subscribers", "remove", "bob@example.org", "--yes"))
    assert removed == "bob@example.org is now unsubscribed from my-news.\n"
    again = failed(filled.run("subscribers", "add", "bob@example.org", "--consent-source", "they wrote"), 1)
    assert again.startswith("error: this subscription was ended, and only the person can begin it again\n")
    assert emails(filled, "--status", "subscribed") == ["ada@example.org", "cleo@example.org"]
    assert ok(filled.run("subscribers", "remove", "bob@example.org", "--yes")).startswith("bob@example.org is already")


def test_erasing_leaves_no_trace_in_the_file_and_keeps_the_person_out(filled: Desk) -> None:
    before = b"".join(path.read_bytes() for path in filled.root.glob("mailer.db*"))
    assert b"ada@example.org" in before
    asked = failed(filled.run("subscribers", "erase", "ada@example.org"), 2)
    assert "proofs of consent will be gone" in asked
    ok(filled.run("subscribers", "erase", "ADA@example.org", "--yes"))
    after = b"".join(path.read_bytes() for path in filled.root.glob("mailer.db*")).lower()
    assert b"ada@example.org" not in after
    assert b"lovelace" not in after
    assert failed(filled.run("subscribers", "show", "ada@example.org"), 1)
    assert "was erased" in failed(filled.run("subscribers", "add", "ada@example.org"), 1)
    assert filled.json("subscribers", "import", "people.csv", "--yes")["kept_out"] == {"erased": 1}


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["add", "nobody"], 1, 'error: "nobody" is not an e-mail address'),
        (["add", "ada@example.org", "--field", "plan"], 2, "error: --field plan: there is no `=`"),
        (["add", "ada@example.org", "--field", "name=Ada"], 1, "error: `name` cannot be a custom field"),
        (["add", "ada@example.org", "--newsletter", "none"], 1, "error: "),
        (["show", "ada@example.org"], 1, "error: nobody here has the address ada@example.org"),
        (["tag", "ada@example.org"], 2, "error: nothing to do"),
        (["tag", "ada@example.org", "--add", "x"], 1, "error: nobody here has the address ada@example.org"),
        (["remove", "ada@example.org", "--yes"], 1, "error: nobody here has the address ada@example.org"),
        (["erase", "ada@example.org", "--yes"], 1, "error: nobody here has the address ada@example.org"),
        (["list", "--segment", "tags:x"], 1, "error: segment, column 1: unknown word `tags:`\n  tags:x\n  ^\n"),
        (["list", "--status", "gone"], 2, "Usage:"),
        (["import", "none.csv", "--yes"], 1, "error: none.csv cannot be read: No such file or directory"),
        (["import", ".", "--yes"], 1, "error: . is not a file"),
    ],
)
def test_a_mistake_is_said_with_its_exit_code(desk: Desk, words: list[str], code: int, message: str) -> None:
    assert failed(desk.run("subscribers", *words), code).startswith(message)
