"""Files that are damaged in every way we could think of: an exit code as documented, figures that add up, and nobody comes back."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

FILES = 120
SEED = 7
SAMPLES = Path(__file__).parents[1] / "fixtures" / "imports"

CHILD = """
import contextlib, gzip, io, json, random, sys, zipfile
from pathlib import Path
from mailer.__main__ import run

files, seed = int(sys.argv[1]), int(sys.argv[2])
chance = random.Random(seed)
people = ["ada", "left", "bounced", "erased", "new", "O'Neil", "zoe"]
samples = [
    "email,name,tags\\n{0}@example.org,Ada,beta\\n{1}@example.org,,\\n",
    "sep=;\\nemail;status;city\\n{0}@example.org;subscribed;Ulm\\n{1}@example.org;complained;\\n",
    "Email Address,First Name,OPTIN_TIME,LEID,EUID,TAGS\\n{0}@example.org,A,2020-01-02 03:04:05,1,2,\\"\\"\\"x\\"\\"\\"\\n",
    "EMAIL;FIRSTNAME;EMAIL_BLACKLISTED;SMS_BLACKLISTED\\n{0}@example.org;A;0;0\\n{1}@example.org;B;1;0\\n",
    "email\\tstatus\\tdate\\n{0}@example.org\\tunsubscribed\\t2020-01-02\\n{1}@example.org\\tactive\\t1.2.20\\n",
    '{{"email": "{0}@example.org", "fields": {{"city": "Ulm"}}}}\\n{{"email": "{1}@example.org", "tags": ["a", "b"]}}\\n',
    "email,name,status,status_at,suppressed,tags,created_at,consent,suppressions\\n"
    "{0}@example.org,,subscribed,2020-01-02T03:04:05+00:00,,,2020-01-02T03:04:05+00:00,,\\n",
]
for sample in sorted(Path(sys.argv[3]).iterdir()):
    text = sample.read_text(encoding="utf-8").replace("{", "{{").replace("}", "}}")
    samples.append(text.replace("ada@example.org", "{0}@example.org").replace("bob@example.org", "{1}@example.org"))
nasty = [b"\\0", b'"', b"'", b",", b";", b"\\t", b"\\r", b"\\n", b"\\r\\n", b"\\xff", b"\\xc3", b"\\xef\\xbb\\xbf", b"\\xf0\\x9f\\x92\\xa9",
    b"=1+1", b"@", b"<", b"{", b"}", b"[", b"\\\\ud800", b"sep=", b"x" * 9000, b"," * 1200, b'"' * 501, b"null", b"email", b"1e999",
    b"%PDF-1.7", b"<html>", b"Status", b"03/04/2025", b"left@example.org", b"\\nerased@example.org,subscribed\\n", b"\\nbounced@example.org,,\\n"]

def damaged(data):
    for _ in range(chance.randrange(5)):
        at = chance.randrange(len(data) + 1)
        kind = chance.randrange(5)
        if kind == 0:
            data = data[:at]
        elif kind == 1:
            data = data[:at] + data[at + chance.randrange(1, 9):]
        elif kind == 2:
            data = data[:at] + chance.choice(nasty) + data[at:]
        elif kind == 3:
            data = data + data[at:]
        else:
            data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1:]
    return data

def packed(data):
    kind = chance.randrange(8)
    if kind == 0:
        return damaged(gzip.compress(data, mtime=0))
    if kind == 1:
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as archive:
            archive.writestr(chance.choice(["a.csv", "../../b.csv", "c", "cleaned_members_export.csv"]), data)
        return damaged(whole.getvalue())
    if kind == 2:
        text = data.decode("utf-8", "replace")
        return damaged(text.encode(chance.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])))
    return data

for number in range(files):
    text = chance.choice(samples).format(*chance.sample(people, 2))
    path = Path(chance.choice(["people", "unsubscribed_people"]) + f"-{number}" + chance.choice([".csv", ".gz", ""]))
    path.write_bytes(packed(damaged(text.encode())) if chance.random() < 0.95 else chance.randbytes(300))
    words = ["subscribers", "import", str(path), "--yes", "--json", "--refused", "refused"]
    words += chance.choice([[], ["--consent-source", "a form"], ["--consent-source", "a form", "--fields"], ["--dry-run"]])
    words += chance.choice([[], [], ["--map", "#1=email"], ["--map", "name=-"]])
    answer, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(answer), contextlib.redirect_stderr(said):
        code = run(words)
    print(json.dumps([code, answer.getvalue(), said.getvalue(), words]), flush=True)
"""

UNDO = """
import sys
from mailer.__main__ import run

for number in sys.argv[1:]:
    assert run(["subscribers", "undo-import", number, "--yes"]) == 0, number
"""


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


def _child(desk: Desk, program: str, *words: str) -> list[str]:
    command = [sys.executable, "-c", program, *words]
    done = subprocess.run(
        command, cwd=desk.root, env=desk.environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def _figures_add_up(found: dict[str, Any]) -> bool:
    several = sum(sum(found[name].values()) for name in ("ended", "kept_out", "refused"))
    return found["rows"] == sum(found[name] for name in ("added", "changed", "unchanged", "duplicates")) + several


def _standings(desk: Desk) -> list[tuple[str, str, str | None, list[str]]]:
    return [
        (each["email"], each["status"], each["suppressed"], each["tags"]) for each in desk.json("subscribers", "list")
    ]


def test_damaged_files_never_end_in_a_traceback_and_bring_nobody_back(desk: Desk) -> None:
    for name in ("ada", "left", "bounced", "erased"):
        added = desk.run("subscribers", "add", f"{name}@example.org", "--consent-source", "a form")
        assert added.returncode == 0, added.stderr
    desk.run("subscribers", "remove", "left@example.org", "--yes")
    desk.run("suppressions", "add", "bounced@example.org", "--reason", "bounced")
    desk.run("subscribers", "erase", "erased@example.org", "--yes")
    before = _standings(desk)
    assert {email: (status, suppressed) for email, status, suppressed, _ in before} == {
        "ada@example.org": ("subscribed", None),
        "left@example.org": ("unsubscribed", None),
        "bounced@example.org": ("unsubscribed", "bounced"),
    }

    (desk.root / "refused").mkdir()
    for line in _child(desk, CHILD, str(FILES), str(SEED), str(SAMPLES)):
        code, answer, said, words = json.loads(line)
        assert code in (0, 1), (code, said, words)
        assert answer if code == 0 else said.startswith(("error: ", "look: ")), (said, words)
        assert code or _figures_add_up(json.loads(answer)), (answer, words)

    after = {email: (status, suppressed) for email, status, suppressed, _ in _standings(desk)}
    assert after["left@example.org"][0] == "unsubscribed"
    assert after["bounced@example.org"] in (
        ("unsubscribed", "bounced"),
        ("unsubscribed", "complained"),
    )  # a file may say so
    assert "erased@example.org" not in after
    imports = desk.json("subscribers", "imports")
    assert len(imports) > FILES // 10
    _child(desk, UNDO, *(str(one["import"]) for one in imports))  # the newest first
    assert _standings(desk) == before
