"""A database that is opened twice in one process, as `mailer serve` does: nothing that was committed is lost."""

import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from mailer.database.engine import connect

ANOTHER = """
import sys
from mailer.database.engine import connect
from sqlalchemy import text
database = connect(sys.argv[1])
with database.transaction() as connection:
    connection.execute(text("INSERT INTO word VALUES ('theirs')"))
database.close()
"""
READER = """
import sqlite3, sys
print(*[row[0] for row in sqlite3.connect(sys.argv[1]).execute("SELECT word FROM word ORDER BY word")])
"""


def test_what_is_committed_after_another_process_left_is_there(tmp_path: Path) -> None:
    path = tmp_path / "mailer.db"
    url = f"sqlite:///{path}"
    first = connect(url)
    with first.transaction() as connection:
        connection.execute(text("CREATE TABLE word (word TEXT)"))
    second = connect(url)  # opening and closing the file here once dropped the first one's locks
    subprocess.run([sys.executable, "-c", ANOTHER, url], check=True)
    with first.transaction() as connection:
        connection.execute(text("INSERT INTO word VALUES ('ours')"))
    done = subprocess.run([sys.executable, "-c", READER, str(path)], check=True, capture_output=True, text=True)
    first.close()
    second.close()
    assert done.stdout.split() == ["ours", "theirs"]
