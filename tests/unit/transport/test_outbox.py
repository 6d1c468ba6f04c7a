"""The outbox: one file for each delivery, whole or not at all, and an honest answer about every one of them."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailer.errors import TransportError
from mailer.transport.base import Accepted, Envelope, Lost, NotSent, Receipt
from mailer.transport.outbox import Outbox

MAILING = "f00dcafe"


def envelope(
    delivery: str = "7-1", content: bytes = b"Subject: x\r\n\r\nwords\r\n", mailing: str = MAILING
) -> Envelope:
    return Envelope("news@example.org", "reader@example.org", content, mailing, delivery)


def accepted(delivery: str) -> Receipt:
    return Accepted(f"{MAILING}/{delivery}.eml")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def files_no_larger_than(limit: int) -> Generator[None]:
    """A disk that is full: writing beyond `limit` bytes fails in the middle of a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


# --- what is written ------------------------------------------------------------------------------------------------


def test_each_delivery_becomes_a_file_byte_for_byte(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    letters = {f"{number}-1": bytes([number]) * number * 1000 + b"\r\n" for number in range(1, 51)}

    receipts = outbox.send([envelope(delivery, content) for delivery, content in letters.items()])

    assert receipts == [accepted(delivery) for delivery in letters]
    assert files(tmp_path / "outbox") == {f"{MAILING}/{delivery}.eml": letters[delivery] for delivery in letters}


def test_letters_are_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Outbox(tmp_path / "deep" / "outbox").send([envelope()])
    finally:
        os.umask(before)

    modes = {
        str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "deep" / "outbox").rglob("*")
    }
    assert modes == {f"deep/outbox/{MAILING}": 0o700, f"deep/outbox/{MAILING}/7-1.eml": 0o600}
    assert stat.S_IMODE((tmp_path / "deep" / "outbox").stat().st_mode) == 0o700


def test_an_empty_call_carries_nothing_and_makes_nothing(tmp_path: Path) -> None:
    assert Outbox(tmp_path / "outbox").send([]) == []
    assert not (tmp_path / "outbox").exists()


def test_mailings_have_folders_of_their_own(tmp_path: Path) -> None:
    Outbox(tmp_path).send([envelope(mailing="one"), envelope(mailing="two")])

    assert sorted(files(tmp_path)) == ["one/7-1.eml", "two/7-1.eml"]


@pytest.mark.parametrize("content", [b"the same", b"other words, after a backup was restored"])
def test_a_delivery_that_went_out_is_accepted_again_and_its_letter_left_alone(tmp_path: Path, content: bytes) -> None:
    outbox = Outbox(tmp_path)
    outbox.send([envelope(content=b"the same")])

    assert outbox.send([envelope(content=content)]) == [accepted("7-1")]
    assert files(tmp_path) == {f"{MAILING}/7-1.eml": b"the same"}


def test_senders_that_race_for_one_delivery_leave_one_whole_letter(tmp_path: Path) -> None:
    letters = [bytes([letter]) * 200_000 for letter in b"abcdefgh"]
    threads = [
        threading.Thread(target=Outbox(tmp_path).send, args=([envelope(content=content)],)) for content in letters
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [(name, content)] = files(tmp_path).items()
    assert name == f"{MAILING}/7-1.eml"
    assert content in letters


# --- what cannot be written -----------------------------------------------------------------------------------------


def test_a_full_disk_stops_the_call_with_nothing_half_written(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    call = [envelope("1-1", b"a" * 100), envelope("2-1", b"b" * 9000), envelope("3-1", b"c" * 100)]

    with files_no_larger_than(5000):
        receipts = outbox.send(call)

    trouble = NotSent(f"the outbox {tmp_path} cannot be used: File too large")
    assert receipts == [accepted("1-1"), trouble, trouble]
    assert files(tmp_path) == {f"{MAILING}/1-1.eml": b"a" * 100}


def test_a_full_disk_before_the_first_letter_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with files_no_larger_than(5000), pytest.raises(TransportError, match="File too large") as caught:
        Outbox(tmp_path).send([envelope(content=b"b" * 9000), envelope("8-1")])

    assert "run the same command again" in caught.value.hint
    assert files(tmp_path) == {}


def test_after_a_full_disk_the_same_call_goes_through(tmp_path: Path) -> None:
    call = [envelope("1-1", b"a" * 100), envelope("2-1", b"b" * 9000)]
    with files_no_larger_than(5000):
        Outbox(tmp_path).send(call)

    assert Outbox(tmp_path).send(call) == [accepted("1-1"), accepted("2-1")]


def test_a_file_in_the_place_of_the_outbox_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file")

    with pytest.raises(TransportError, match="cannot be used") as caught:
        Outbox(tmp_path / "outbox").send([envelope()])

    assert "A file stands where a folder should be" in caught.value.hint


def test_a_file_in_the_place_of_the_mailings_folder_is_an_error_too(tmp_path: Path) -> None:
    (tmp_path / MAILING).write_text("a file")

    with pytest.raises(TransportError, match="cannot be used"):
        Outbox(tmp_path).send([envelope()])
    with pytest.raises(TransportError, match="cannot be used"):
        Outbox(tmp_path).look_up(MAILING, ["7-1"])


@pytest.mark.parametrize("outbox", ["/proc/outbox", "/dev/null/outbox"])
def test_a_place_where_nobody_can_write_is_an_error_that_names_it(outbox: str) -> None:
    with pytest.raises(TransportError, match=outbox):
        Outbox(Path(outbox)).send([envelope()])


def test_a_folder_that_this_user_may_not_write_is_an_error_that_says_what_to_do() -> None:
    """In a process of its own: where tests run as root, it must become someone else first."""
    program = """
import os, sys
from pathlib import Path
from mailer.errors import TransportError
from mailer.transport.base import Envelope
from mailer.transport.outbox import Outbox
if os.getuid() == 0:
    os.setuid(65534)
try:
    Outbox(Path(sys.argv[1])).send([Envelope("a@example.org", "b@example.org", b"x", "m", "1-1")])
except TransportError as error:
    print(error, error.hint, sep="\\n")
"""
    with tempfile.TemporaryDirectory() as closed:  # not tmp_path: its parents are closed to others
        Path(closed).chmod(0o555)
        said = subprocess.run(
            [sys.executable, "-c", program, f"{closed}/outbox"], capture_output=True, text=True, check=False
        )

    assert said.stderr == ""
    assert said.stdout.splitlines() == [
        f"the outbox {closed}/outbox cannot be used: Permission denied",
        "Give this user write access to the folder, or let MAILER_OUTBOX name another.",
    ]


def test_a_disk_that_does_not_confirm_leaves_the_letter_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def failing_for_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        sync(descriptor)

    (tmp_path / MAILING).mkdir()
    monkeypatch.setattr(os, "fsync", failing_for_folders)

    assert Outbox(tmp_path).send([envelope()]) == [Lost("written, but the disk did not confirm it: Input/output error")]


@pytest.mark.parametrize("tag", ["", "..", "../7-1", "a/b", "a\\b", "7-1\n", "7-1\0", ".7-1", "ä-1", "1" * 101])
def test_no_tag_leads_out_of_the_outbox(tmp_path: Path, tag: str) -> None:
    outbox = Outbox(tmp_path / "outbox")
    for call in ([envelope(), envelope(tag)], [envelope(), envelope(mailing=tag)]):
        with pytest.raises(TransportError, match="cannot file a letter"):
            outbox.send(call)
    with pytest.raises(TransportError, match="cannot file a letter"):
        outbox.look_up(MAILING, [tag])
    with pytest.raises(TransportError, match="cannot file a letter"):
        outbox.look_up(tag, ["7-1"])

    assert list(tmp_path.iterdir()) == []


# --- what became of it ----------------------------------------------------------------------------------------------


def test_what_was_written_can_be_looked_up_after_its_sender_died(tmp_path: Path) -> None:
    Outbox(tmp_path).send([envelope("1-1"), envelope("2-3")])

    absent = NotSent("no letter of it lies in the outbox")
    assert Outbox(tmp_path).look_up(MAILING, ["1-1", "2-1", "2-3", "3-1"]) == {
        "1-1": accepted("1-1"),
        "2-1": absent,
        "2-3": accepted("2-3"),
        "3-1": absent,
    }


def test_an_outbox_that_was_never_written_to_holds_nothing(tmp_path: Path) -> None:
    assert Outbox(tmp_path / "outbox").look_up(MAILING, ["1-1"]) == {
        "1-1": NotSent("no letter of it lies in the outbox")
    }


def test_a_look_up_removes_the_drafts_of_the_dead_and_of_nobody_else(tmp_path: Path) -> None:
    (tmp_path / MAILING).mkdir()
    for draft in (".1-1.abc_def.tmp", ".11-1.abcdefgh.tmp"):
        (tmp_path / MAILING / draft).write_bytes(b"half a let")

    assert Outbox(tmp_path).look_up(MAILING, ["1-1"]) == {"1-1": NotSent("no letter of it lies in the outbox")}
    assert list(files(tmp_path)) == [f"{MAILING}/.11-1.abcdefgh.tmp"]


@pytest.mark.parametrize("moment", range(8))
def test_killed_at_any_moment_every_letter_is_whole_or_absent(tmp_path: Path, moment: int) -> None:
    program = f"""
from pathlib import Path
from mailer.transport.base import Envelope
from mailer.transport.outbox import Outbox
outbox = Outbox(Path({str(tmp_path)!r}))
print("ready", flush=True)
for call in range(10_000):
    outbox.send([
        Envelope("a@example.org", "b@example.org", b"x" * 300_000 + b"end", {MAILING!r}, f"{{call * 5 + n}}-1")
        for n in range(5)
    ])
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as sender:
        try:
            assert sender.stdout is not None
            assert sender.stdout.readline() == b"ready\n"
            with pytest.raises(subprocess.TimeoutExpired):
                sender.wait(0.01 + moment * 0.0137)
        finally:
            sender.kill()

    asked = [f"{number}-1" for number in range(5_000)]  # more than anybody writes in a tenth of a second
    found = Outbox(tmp_path).look_up(MAILING, asked)

    carried = {delivery for delivery, receipt in found.items() if isinstance(receipt, Accepted)}
    letters = files(tmp_path)
    assert {f"{MAILING}/{delivery}.eml" for delivery in carried} == set(letters)
    assert {content[-3:] for content in letters.values()} <= {b"end"}
    assert {len(content) for content in letters.values()} <= {300_003}


def test_the_outbox_is_tried_before_anything_is_frozen(tmp_path: Path) -> None:
    assert Outbox(tmp_path / "new" / "letters").prepare("news@example.org", 1) == ()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(TransportError, match="cannot be used") as caught:
        Outbox(tmp_path / "file").prepare("news@example.org", 1)
    assert "MAILER_OUTBOX" in caught.value.hint
