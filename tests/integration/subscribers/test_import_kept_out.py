"""Whom an import keeps out, and which rows it refuses: each with its reason, and none takes another one along."""

from pathlib import Path

from sqlalchemy import Connection, select

from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.lifecycle import SuppressionReason
from subscribers.tables import subscriptions

from .plain_files import FORM, NEWS, NOW, counts, everybody, hasher, load


def test_nobody_is_brought_back_and_everybody_kept_out_is_counted(connection: Connection, tmp_path: Path) -> None:
    names = ["left", "complained", "bounced", "operator", "undeliverable", "left-all", "erased", "stranger", "fine"]
    addresses = {name: parse(f"{name}@example.org") for name in names}
    load(connection, tmp_path, "email\n" + "".join(f"{name}@example.org\n" for name in names if name != "stranger"))
    book.unsubscribe(connection, addresses["left"], NEWS, source="/unsubscribe", now=NOW)
    for reason in SuppressionReason:
        if reason is SuppressionReason.ERASED:
            suppressing.erase(connection, addresses["erased"], hashes=hasher("erased@example.org")[1:], now=NOW)
        else:
            suppressing.suppress(connection, addresses[reason.value].key, reason, note="", now=NOW)
    suppressing.suppress(connection, addresses["stranger"].key, SuppressionReason.BOUNCED, note="", now=NOW)
    before = everybody(connection), connection.execute(select(subscriptions)).all()

    content = "email,name,tags\n" + "".join(
        f"{name.upper()}@example.org,New,new\n" for name in [*names, "erased"] if name != "fine"
    )
    kept = {
        "complained": 1,
        "bounced": 2,
        "operator": 1,
        "undeliverable": 1,
        "left-all": 1,
        "erased": 1,
        "duplicates": 1,
    }
    for source in (FORM, None):
        assert counts(load(connection, tmp_path, content, source)) == {"unsubscribed": 1, **kept}
    assert (everybody(connection), connection.execute(select(subscriptions)).all()) == before
    # Who left one newsletter may be asked into another; the rest may not.
    assert counts(load(connection, tmp_path, content, newsletter="daily")) == {"added": 1, **kept}
    assert everybody(connection, "daily") == {"left@example.org": ("New", "subscribed", ("new",))}


def test_a_suppression_of_several_reasons_keeps_out_once_for_the_gravest(
    connection: Connection, tmp_path: Path
) -> None:
    for reason in (SuppressionReason.LEFT_ALL, SuppressionReason.BOUNCED):
        suppressing.suppress(connection, "ada@example.org", reason, note="", now=NOW)
    assert counts(load(connection, tmp_path, "email\nada@example.org\n")) == {"bounced": 1}


def test_a_bad_row_is_reported_at_its_line_and_stops_no_other(connection: Connection, tmp_path: Path) -> None:
    content = (
        b"email,name,tags\n"
        b"ada@example.org,Ada,beta\n"
        b"nobody,No,\n"  # 3
        b'bob@example.org,"Bob\nthe\nBuilder",beta\n'  # 4-6
        b"cleo@example.org,Cleo\n"  # 7: short
        b"dan@example.org,Dan,beta,staff\n"  # 8: long
        b"eve@example.org,E\xefe,\n"  # 9: Latin-1, which is read as what it is
        b"fay@example.org,F\0ay,\n"  # 10: NUL
        b'gus@example.org,"Gus "the" Great",\n'  # 11: stray quote
        b"hal@example.org,Hal,\n"
        b",Nobody,\n"  # 13
        b'"ida@example.org,Ida,\n'  # 14: never closed
        b"jon@example.org,Jon,\n"
    )
    report = load(connection, tmp_path, content)
    assert [(bad.line, bad.reason.partition(" (")[0]) for bad in sorted(report.refused, key=lambda bad: bad.line)] == [
        (3, '"nobody" is not an e-mail address that can be written to: an email address must have an @-sign'),
        (7, "2 cells, but the header names 3 columns"),
        (8, "4 cells, but the header names 3 columns"),
        (10, "a name contains the character U+0000, which cannot be kept"),
        (11, "a double quote stands inside a quoted cell; write it twice there"),
        (13, "an e-mail address is missing"),
        (14, "a double quote is opened here and not closed"),
    ]
    assert counts(report) == {"added": 5, "bad": 7}
    assert {email: name for email, (name, _, _) in everybody(connection).items()} == {
        "ada@example.org": "Ada",
        "bob@example.org": "Bob the Builder",
        "eve@example.org": "Eïe",
        "hal@example.org": "Hal",
        "jon@example.org": "Jon",
    }


def test_a_huge_cell_is_a_bad_row_and_no_more(connection: Connection, tmp_path: Path) -> None:
    content = f"email,name\nada@example.org,{'x' * 200_000}\nbob@example.org,Bob\n"
    report = load(connection, tmp_path, content)
    assert [(bad.line, bad.reason) for bad in report.refused] == [(2, "a cell is longer than 131,072 characters")]
    assert counts(report) == {"added": 1, "bad": 1}


def test_many_quotes_that_are_never_closed_lose_only_their_own_rows(connection: Connection, tmp_path: Path) -> None:
    rows = "".join(f'"p{n}@example.org,x\nq{n}@example.org,y\n' for n in range(300))
    report = load(connection, tmp_path, "email,name\n" + rows)
    assert [bad.line for bad in report.refused] == [2, 4, 6, 8, 10]
    assert counts(report) == {"added": 300, "bad": 300}
