"""What goes wrong is said in words, with the place and the next step; nothing is half-written, and the exit code is right."""

import os
import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from .conftest import SLUG, Desk


def _issue(desk: Desk) -> Path:
    return desk.root / "issues" / SLUG / "0001.md"


def _newsletter(desk: Desk) -> Path:
    return desk.root / "issues" / SLUG / "newsletter.yaml"


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def _without_postal_address(desk: Desk) -> None:
    lines = _newsletter(desk).read_text().splitlines(keepends=True)
    _newsletter(desk).write_text("".join(line for line in lines if not line.startswith("postal_address")))


def _with_broken_yaml(desk: Desk) -> None:
    _replace(_newsletter(desk), "beats: [News", "beats: [News, [")


def _with_an_unknown_section(desk: Desk) -> None:
    _replace(_issue(desk), "::: prose", "::: prouse")


def _with_bytes_that_are_not_utf8(desk: Desk) -> None:
    _issue(desk).write_bytes(_issue(desk).read_bytes().replace(b"Hello", b"Hell\xf6"))


def _with_a_file_for_an_outbox(desk: Desk) -> None:
    (desk.root / "outbox").write_text("in the way")


def _without_a_key(desk: Desk) -> None:
    (desk.root / ".env").write_text("")


def _with_rubbish_for_a_database(desk: Desk) -> None:
    (desk.root / "mailer.db").write_text("my notes\n" * 200)


def _without_newsletters(desk: Desk) -> None:
    (desk.root / "issues").rename(desk.root / "elsewhere")


@pytest.mark.parametrize(
    ("spoil", "says", "hint"),
    [
        (_without_postal_address, "newsletter.yaml:2:1: ", "postal_address"),
        (_with_broken_yaml, "newsletter.yaml:", ""),
        (_with_an_unknown_section, "0001.md:18:5: ", "did you mean 'prose'?"),
        (_with_bytes_that_are_not_utf8, "0001.md:9:7: ", "UTF-8"),
        (_with_a_file_for_an_outbox, "the outbox outbox cannot be used", "MAILER_OUTBOX"),
        (_without_a_key, "MAILER_SECRET_KEYS is not set", "token_urlsafe"),
        (_with_rubbish_for_a_database, "is not an SQLite database", "MAILER_DATABASE_URL"),
        (_without_newsletters, "newsletter", ""),
    ],
)
def test_a_send_that_cannot_be_says_why_and_freezes_nothing(
    desk: Desk, spoil: Callable[[Desk], None], says: str, hint: str
) -> None:
    desk.people(3)
    if spoil is _with_rubbish_for_a_database:
        for path in desk.root.glob("mailer.db*"):
            path.unlink()
    spoil(desk)
    done = desk.run("send", "--issue", "1", "--yes")
    assert done.returncode == 1, done.stdout + done.stderr
    assert says in done.stderr
    assert hint in done.stderr
    assert not desk.letters()
    if spoil is not _with_rubbish_for_a_database:
        with closing(sqlite3.connect(desk.root / "mailer.db")) as database:
            assert database.execute("SELECT count(*) FROM mailing").fetchone() == (0,)


def test_a_missing_issue_names_where_it_was_looked_for(desk: Desk) -> None:
    done = desk.run("send", "--issue", "54", "--yes")
    assert done.returncode == 1
    assert f"issues/{SLUG}/0054.md" in done.stderr
    assert "mailer new" in done.stderr


def test_a_newsletter_without_subscribers_says_how_to_get_some(desk: Desk) -> None:
    done = desk.run("send", "--issue", "1", "--yes")
    assert done.returncode == 1
    assert "it has no subscribers" in done.stderr
    assert "subscribers import" in done.stderr


def test_without_a_person_at_the_terminal_nothing_is_sent_unless_told(desk: Desk) -> None:
    desk.people(2)
    done = desk.run("send", "--issue", "1")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert not desk.letters()


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    desk.people(2)
    assert desk.json("send", "--issue", "1", "--dry-run") == {
        "issue": 1,
        "newsletter": SLUG,
        "segment": "",
        "audience": 2,
        "excluded": {},
        "to_send": 2,
        "newcomers": None,
        "state": None,
        "rate": None,
        "findings": [],
    }
    assert desk.run("status", "--issue", "1").returncode == 1


def test_an_edited_issue_is_refused_in_the_middle_and_goes_on_when_it_is_put_back(desk: Desk) -> None:
    desk.people(5)
    assert desk.run("send", "--issue", "1", "--limit", "2", "--yes").returncode == 4
    before = _issue(desk).read_text()
    _replace(_issue(desk), "welcome", "a warm welcome")
    refused = desk.run("send", "--issue", "1", "--yes")
    assert refused.returncode == 1
    assert "was edited after its mailing opened" in refused.stderr
    assert "put the file back" in refused.stderr
    assert sum(desk.letters().values()) == 2
    _issue(desk).write_text(before)
    assert desk.run("send", "--issue", "1", "--yes").returncode == 0
    assert sum(desk.letters().values()) == 5


def test_a_locked_database_is_waited_for_and_then_named(desk: Desk) -> None:
    desk.people(2)
    with closing(sqlite3.connect(desk.root / "mailer.db", isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        done = desk.run("send", "--issue", "1", "--yes")
        holder.execute("ROLLBACK")
    assert done.returncode in (1, 4)
    assert "another process holds the database" in done.stderr
    assert not desk.letters()
    assert desk.run("send", "--issue", "1", "--yes").returncode == 0


def _only_small_files() -> None:
    # As a disk that is full does: no file may grow beyond this, whoever writes it (and a signal must not kill us).
    import signal  # noqa: PLC0415  # runs in the child

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))


def test_a_disk_that_takes_no_more_stops_the_send_whole_and_it_goes_on_later(desk: Desk) -> None:
    desk.people(400)
    stopped = desk.run("send", "--issue", "1", "--yes", preexec_fn=_only_small_files)
    assert stopped.returncode in (1, 4), stopped.stdout + stopped.stderr
    assert "error: " in stopped.stderr
    with closing(sqlite3.connect(desk.root / "mailer.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not list(desk.root.glob("outbox/*/.*.tmp"))
    assert desk.run("send", "--issue", "1", "--yes").returncode == 0
    assert desk.letters() == dict.fromkeys(range(1, 401), 1)


def test_a_database_that_cannot_be_written_is_named(desk: Desk) -> None:
    desk.people(2)
    if os.geteuid() == 0:
        # Root may write anything: a folder in the place of the log is as good as no permission.
        (desk.root / "mailer.db-journal").mkdir()
        (desk.root / "mailer.db").write_bytes(b"")
        (desk.root / "mailer.db-wal").unlink(missing_ok=True)
    else:
        (desk.root / "mailer.db").chmod(0o400)
    done = desk.run("send", "--issue", "1", "--yes")
    assert done.returncode == 1
    assert "error: the database" in done.stderr


def test_figures_for_programs_are_the_contract(desk: Desk) -> None:
    desk.people(2)
    sent = desk.json("send", "--issue", "1", "--yes")
    assert {**sent, "last_event_at": None, "left_behind": 0, "said": None} == desk.status()
    assert sent == {
        "issue": 1,
        "newsletter": SLUG,
        "state": "finished",
        "reason": None,
        "audience": 2,
        "pending": 0,
        "claimed": 0,
        "accepted": 2,
        "uncertain": 0,
        "refused": 0,
        "withheld": 0,
        "delivered": 0,
        "bounced": 0,
        "complained": 0,
        "rejected": 0,
    }
    listed = desk.json("deliveries", "list", "--issue", "1")
    assert [(one["email"], one["state"]) for one in listed] == [
        ("p1@example.org", "accepted"),
        ("p2@example.org", "accepted"),
    ]


def test_pause_resume_cancel_and_discard(desk: Desk) -> None:
    desk.people(6)
    assert desk.run("send", "--issue", "1", "--limit", "2", "--yes").returncode == 4
    assert desk.json("pause", "--issue", "1")["reason"] == "operator"
    paused = desk.run("send", "--issue", "1", "--yes")
    assert (paused.returncode, "mailer resume --issue 1" in paused.stdout) == (4, True)
    assert desk.json("resume", "--issue", "1")["state"] == "sending"
    cancelled = desk.json("cancel", "--issue", "1", "--yes")
    assert (cancelled["state"], cancelled["accepted"], cancelled["withheld"]) == ("cancelled", 2, 4)
    assert desk.run("send", "--issue", "1", "--yes").returncode == 1
    assert desk.run("cancel", "--issue", "1", "--discard", "--yes").returncode == 0
    assert desk.run("send", "--issue", "1", "--yes").returncode == 0
    assert desk.status()["accepted"] == 6
