"""What is said of an import and of other changes: one is one and two are two, and what was not read is named."""

import gzip
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from typing import Any, Protocol

import pytest

from ..waiting import PATIENCE  # noqa: TID252  # tests are not a package


class Desk(Protocol):
    """What `desk` offers; its class lives in conftest, which cannot be imported."""

    root: Any
    environment: dict[str, str]

    def run(self, *arguments: str) -> Any:
        """Run a command to its end."""
        ...

    def json(self, *arguments: str) -> Any:
        """Run a command that succeeds and prints JSON."""
        ...


def ok(done: Any) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def failed(done: Any) -> str:
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def write(desk: Desk, name: str, content: str | bytes) -> None:
    (desk.root / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def zipped(files: Mapping[str, str | bytes]) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return whole.getvalue()


def people(number: int, *more: str) -> str:
    return "email,name\n" + "".join(f"p{each}@example.org,\n" for each in range(number)) + "".join(more)


# --- one and two -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (
            0,
            "0 people added to my-news.\n",
        ),
        (
            1,
            (
                "1 person added to my-news, subscribed.\n1 row named somebody a second time.\n1 row refused: 1 no e-mail address.\n"
                "The refused row is in people.refused.csv: mend it there, and import that file with the same options.\n"
                "This was import 1; `mailer subscribers undo-import 1` takes it back.\n"
            ),
        ),
        (
            2,
            (
                "2 people added to my-news, subscribed.\n2 rows named somebody a second time.\n2 rows refused: 2 no e-mail address.\n"
                "The refused rows are in people.refused.csv: mend them there, and import that file with the same options.\n"
                "This was import 1; `mailer subscribers undo-import 1` takes it back.\n"
            ),
        ),
    ],
)
def test_an_import_says_how_many(desk: Desk, number: int, said: str) -> None:
    write(desk, "people.csv", people(number, *["P0@example.org,\nnobody,\n"] * number))
    assert ok(desk.run("subscribers", "import", "people.csv", "--consent-source", "a form", "--yes")) == said


@pytest.mark.parametrize(
    ("there", "learned", "said"),
    [
        (1, 0, "1 was there already."),
        (1, 1, "1 was there already; more is known of them now."),
        (2, 0, "2 were there already."),
        (2, 1, "2 were there already; more is known of 1 of them now."),
        (2, 2, "2 were there already; more is known of them now."),
    ],
)
def test_an_import_says_of_how_many_more_is_known(desk: Desk, there: int, learned: int, said: str) -> None:
    write(desk, "people.csv", people(there))
    command = ("subscribers", "import", "people.csv", "--consent-source", "a form", "--yes")
    ok(desk.run(*command))
    write(
        desk, "people.csv", "email,name\n" + "".join(f"p{n}@example.org,{'P' * (n < learned)}\n" for n in range(there))
    )
    assert ok(desk.run(*command)).splitlines()[1] == said


def test_what_to_look_at_is_counted_too(desk: Desk) -> None:
    write(desk, "people.csv", "email,date\ninfo@example.org,03/04/2025\nada@gmial.com,2025-01-02\n")
    command = ("subscribers", "import", "people.csv", "--dry-run")
    assert desk.run(*command).stderr == (
        "look: 1 address of a role, not of a person: info@example.org\n"
        "look: 1 address whose domain looks misspelt: gmial.com (meant: gmail.com?)\n"
        "look: 1 date can be read in more than one way, or in none, and counts as of today; "
        "as 2025-12-31 it would be read\n"
    )
    write(desk, "people.csv", "email,date\ninfo@example.org,1/2/25\nteam@gmial.com,1/2/25\nbob@gmial.com,2025-01-02\n")
    assert desk.run(*command).stderr == (
        "look: 2 addresses of a role, not of a person: info@example.org, team@gmial.com\n"
        "look: 2 addresses whose domain looks misspelt: gmial.com (meant: gmail.com?)\n"
        "look: 2 dates can be read in more than one way, or in none, and count as of today; "
        "as 2025-12-31 they would be read\n"
    )


def test_changes_of_many_say_how_many(desk: Desk) -> None:
    write(desk, "people.csv", people(2))
    ok(desk.run("subscribers", "import", "people.csv", "--consent-source", "a form", "--yes"))
    ok(desk.run("subscribers", "tag", "p0@example.org", "--add", "first"))
    one, two = ("--segment", "tag:first"), ("--segment", "not tag:nobody")
    assert (
        "'tag:first' selects 1 person of my-news: put x on them?"
        in desk.run("subscribers", "tag", "--add", "x", *one).stderr
    )
    assert ok(desk.run("subscribers", "tag", "--add", "x", "--yes", *one)) == "1 person has other tags now.\n"
    assert ok(desk.run("subscribers", "tag", "--add", "y", "--yes", *two)) == "2 people have other tags now.\n"
    assert ok(desk.run("subscribers", "tag", "--add", "y", "--yes", *two)) == "0 people have other tags now.\n"
    said = desk.run("subscribers", "export", "--output", "one.csv", *one).stderr
    assert said == "1 person of my-news written to one.csv.\n"
    assert (
        desk.run("subscribers", "export", "--output", "two.csv").stderr == "2 people of my-news written to two.csv.\n"
    )
    assert "selects 1 person of my-news: end their subscription" in desk.run("subscribers", "remove", *one).stderr
    assert ok(desk.run("subscribers", "remove", "--yes", *one)) == "1 subscription was ended.\n"
    assert ok(desk.run("subscribers", "remove", "--yes", *one)) == "0 subscriptions were ended.\n"
    assert ok(desk.run("subscribers", "stats")).startswith("my-news: 2 people\n")
    asked = desk.run("subscribers", "undo-import", "1").stderr
    assert "what it did to 2 people is taken back" in asked


# --- notices ---------------------------------------------------------------------------------------------------------


def test_a_plan_says_how_many_would_be_asked_to_confirm(anywhere: Desk) -> None:
    ok(anywhere.run("subscribers", "add", "here@example.org"))
    for name in ("gone", "away", "full"):
        ok(anywhere.run("subscribers", "add", f"{name}@example.org"))
    ok(anywhere.run("subscribers", "remove", "gone@example.org", "--yes"))
    ok(anywhere.run("suppressions", "add", "full@example.org", "--reason", "undeliverable"))
    ok(anywhere.run("subscribers", "add", "away@example.org", "--consent-source", "a form"))
    names = ("here", "gone", "away", "full", "new", "new+two")
    write(anywhere, "people.csv", "email\n" + "".join(f"{name}@example.org\n" for name in names))
    command = ("subscribers", "import", "people.csv", "--confirm")
    assert ok(anywhere.run(*command, "--dry-run")).splitlines()[-2:] == [
        "2 notices would ask them to confirm.",
        "Nothing was changed: this was a dry run.",
    ]
    planned = anywhere.json(*command, "--dry-run")
    assert (planned["notices"], planned["notices_a_second"]) == (2, None)
    assert anywhere.json(*command, "--yes")["invited"] == 2
    assert anywhere.json(*command, "--dry-run")["notices"] == 0


# --- archives --------------------------------------------------------------------------------------------------------


def test_what_is_no_table_in_an_archive_is_passed_over_and_named(desk: Desk) -> None:
    write(
        desk,
        "export.zip",
        zipped(
            {
                "people.csv": people(2),
                "README.txt": "Dear admin,\nwrite to help@example.org when something is missing.\n",
                "posts.csv": "post_id,title\n1,Hello\n",
                "more/notes.txt": "",
                "logo.png": b"\x89PNG\r\n\x1a\n",
                ".DS_Store": b"\0\0\0\1Bud1",
                "__MACOSX/._people.csv": b"\0\5\x16\7",
                "more.txt": "email\nmore@example.org\n",
            }
        ),
    )
    over = [
        "Passed over: export.zip/logo.png, which is no table.",
        "Passed over: export.zip/README.txt, which is no table of people.",
        "Passed over: export.zip/posts.csv, which holds no addresses.",
        "Passed over: export.zip/notes.txt, which holds no addresses.",
    ]
    command = ("subscribers", "import", "export.zip", "--consent-source", "a form")
    said = ok(desk.run(*command, "--dry-run")).splitlines()
    assert said[0] == "3 rows in 2 files:"
    assert [line for line in said if line.startswith("Passed")] == over
    assert desk.json(*command, "--yes")["passed_over"] == [line.split(",")[0].split(": ")[1] for line in over]
    assert [person["email"] for person in desk.json("subscribers", "list")] == [
        "more@example.org",
        "p0@example.org",
        "p1@example.org",
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"README.txt": "hello", "a.png": "x"},
            "error: x.zip holds no table of people, only a.png, README.txt\n  name a CSV file, or a zip with one in it\n",
        ),
        (
            {"people.csv": "Anschrift\nada@example.org\n"},
            (
                "error: x.zip/people.csv:1: no column is known to hold e-mail addresses\n"
                "  say which: --map COLUMN=email; its columns are `Anschrift`\n"
            ),
        ),
        (
            {"people.csv": people(1), "unsubscribed.xlsx": "PK"},
            "error: x.zip/unsubscribed.xlsx is a spreadsheet\n  save it as CSV (UTF-8), and name that\n",
        ),
        (
            {"people.csv": people(1), "unsubscribed.zip": zipped({"u.csv": people(1)})},
            "error: x.zip/unsubscribed.zip is packed a second time\n  unpack it, and name the files that you mean\n",
        ),
        ({}, "error: x.zip is an empty archive\n"),
    ],
)
def test_an_archive_that_holds_no_table_or_one_that_must_not_be_passed_over_is_refused(
    desk: Desk, files: dict[str, str | bytes], said: str
) -> None:
    write(desk, "x.zip", zipped(files) if files else zipped({"folder/": ""}))
    assert failed(desk.run("subscribers", "import", "x.zip", "--yes")) == said
    assert desk.json("subscribers", "list") == []


def test_an_archive_that_is_encrypted_or_damaged_is_refused_by_the_name_that_was_given(desk: Desk) -> None:
    whole = bytearray(zipped({"people.csv": people(300)}))
    encrypted = bytearray(whole)
    encrypted[6] |= 1
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    write(desk, "locked.zip", bytes(encrypted))
    assert failed(desk.run("subscribers", "import", "locked.zip", "--yes")) == (
        "error: locked.zip/people.csv is encrypted\n  unpack it with its password, and name the files that you mean\n"
    )
    whole[60] ^= 0xFF
    write(desk, "bad.zip", bytes(whole))
    assert failed(desk.run("subscribers", "import", "bad.zip", "--yes")) == (
        "error: bad.zip/people.csv cannot be unpacked: it is damaged or cut short\n  export or download it again\n"
    )
    write(desk, "people.csv.gz", gzip.compress(people(300).encode(), mtime=0)[:-40])
    assert failed(desk.run("subscribers", "import", "people.csv.gz", "--yes")) == (
        "error: people.csv.gz cannot be unpacked: it is damaged or cut short\n  export or download it again\n"
    )


def test_the_rows_that_a_packed_file_had_refused_are_written_to_a_csv(desk: Desk) -> None:
    write(desk, "people.csv.gz", gzip.compress(people(1, "nobody,\n").encode(), mtime=0))
    done = desk.json("subscribers", "import", "people.csv.gz", "--yes")
    assert (done["files"], done["refused_files"]) == (["people.csv.gz"], ["people.refused.csv"])


# --- JSON Lines ------------------------------------------------------------------------------------------------------


def test_a_key_that_comes_in_the_last_line_alone_counts_as_any_other(anywhere: Desk) -> None:
    rows: list[dict[str, Any]] = [{"email": f"p{number}@example.org"} for number in range(300)]
    rows.append({"email": "ada@example.org", "name": "Ada", "fields": {"city": "Ulm"}, "plan": "pro"})
    write(anywhere, "people.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    command = ("subscribers", "import", "people.jsonl", "--consent-source", "a form", "--fields", "--yes")
    done = anywhere.json(*command)
    assert (done["added"], done["refused"]) == (301, {})
    found = anywhere.json("subscribers", "show", "ada@example.org")
    assert (found["name"], found["fields"]) == ("Ada", {"city": "Ulm", "plan": "pro"})


def test_a_key_in_the_last_line_that_may_say_who_left_is_not_passed_over(desk: Desk) -> None:
    rows = [{"email": f"p{number}@example.org"} for number in range(300)]
    rows.append({"email": "ada@example.org", "bounced": "yes"})
    write(desk, "people.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    assert "may say who is not to be mailed" in failed(desk.run("subscribers", "import", "people.jsonl", "--yes"))
    done = desk.json("subscribers", "import", "people.jsonl", "--map", "bounced=not_mailed", "--yes")
    assert (done["added"], done["ended"]) == (300, {"unsubscribed": 1})


# --- lists as people keep them ---------------------------------------------------------------------------------------


def test_addresses_and_nothing_else_are_a_list_too(desk: Desk) -> None:
    write(desk, "people.txt", "ada@example.org\n\nBob <bob@example.org>\nnobody\nzoe@example.org\n")
    done = desk.json("subscribers", "import", "people.txt", "--consent-source", "a form", "--yes")
    assert (done["rows"], done["added"], [bad["line"] for bad in done["bad"]]) == (4, 3, [4])
    write(desk, "unsubscribed_people.csv", "ada@example.org\n")
    assert desk.json("subscribers", "import", "unsubscribed_people.csv", "--yes")["ended"] == {"unsubscribed": 1}


def test_a_name_that_stands_beside_the_address_is_kept_where_there_is_no_other(desk: Desk) -> None:
    cells = ['"Ada Lovelace <ada@example.org>",', '"""Bob, B."" <bob@example.org>",', "Cy <cy@example.org>,Cyrus"]
    write(desk, "people.csv", "email,name\n" + "".join(f"{cell}\n" for cell in cells))
    assert desk.json("subscribers", "import", "people.csv", "--consent-source", "a form", "--yes")["added"] == 3
    assert {person["email"]: person["name"] for person in desk.json("subscribers", "list")} == {
        "ada@example.org": "Ada Lovelace",
        "bob@example.org": "Bob, B.",
        "cy@example.org": "Cyrus",
    }


def test_without_a_standard_input_nobody_is_asked_and_nothing_is_read(desk: Desk) -> None:
    write(desk, "people.csv", people(1))
    for words, code, said in (
        ("people.csv", 2, "Nobody is here to answer"),
        ("people.csv --yes", 0, ""),
        ("- --yes", 1, "error: standard input is empty"),
    ):
        command = ["sh", "-c", f'exec "$0" -m mailer subscribers import {words} <&-', sys.executable]
        done = subprocess.run(
            command, cwd=desk.root, env=desk.environment, capture_output=True, text=True, check=False, timeout=PATIENCE
        )
        assert (done.returncode, "Traceback" in done.stderr, said in done.stderr) == (code, False, True), done.stderr
