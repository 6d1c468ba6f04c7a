"""Counting and listing by segment with a full ledger: what became of three mailings to everybody, asked of each of them."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import copytree
from statistics import median
from time import perf_counter

from books import fill, fresh, numbers, server, settle_down
from commands import measured
from measuring import ROOT, Figure, headline, scratch
from sample import NUMBER, workspace
from sqlalchemy import text

from mailer.database.engine import Database, connect
from mailer.ledger.segments import condition_now
from subscribers.people import count

PEOPLE = int(os.environ.get("PEOPLE", "200000"))
"""`make bench ARGS=segments PEOPLE=1000000` for the million."""
RUNS = 3
COUNTED = 2.0
"""Seconds in which a million people are counted by any condition."""
LISTED = {"list": 20.0, "export": 45.0, "stats": 10.0}
"""Seconds of a million people, as a process."""
STARTING = 1.5
"""Seconds that a process may take for itself."""
MEMORY = 200.0

EXPRESSIONS = (
    "tag:beta and not tag:staff",
    "field:city contains 99",
    "subscribed since 2026-01-01",
    "not suppressed",
    "never-mailed",
    "mailed",
    f"mailed:{NUMBER}",
    "mailed since 2026-03-01",
    "mailed and not delivered",
    "soft-bounced",
)
MAILINGS = 3


def figures() -> Iterator[Figure]:
    """For each database: seconds of a count by each expression, and of the listings."""
    with scratch() as folder:
        yield from _of("SQLite", folder, f"sqlite:///{folder / 'mailer.db'}")
    with scratch() as folder, ExitStack() as stack:
        yield from _of("PostgreSQL", folder, stack.enter_context(fresh(stack.enter_context(server()))))


def _of(name: str, home: Path, url: str) -> Iterator[Figure]:
    headline(f"{PEOPLE:,} people who were mailed {MAILINGS} times, on {name}")
    slug = workspace().edition(None, NUMBER).letterhead.newsletter
    database = connect(url)
    fill(database, slug, PEOPLE)
    _live(database, slug)
    for expression in EXPRESSIONS:
        taken, people = _counted(database, slug, expression)
        yield Figure(expression, taken, "s", max(0.1, COUNTED * PEOPLE / 1e6), f"{people:,} people")
    database.close()
    copytree(ROOT / "issues", home / "issues")
    for words in (
        ("list", "--json"),
        ("list", "--json", "--segment", "mailed since 2026-03-01"),
        ("export", "--format", "csv"),
        ("export", "--format", "jsonl"),
        ("stats",),
    ):
        taken, megabytes = measured(home, url, "subscribers", *words)
        target = STARTING + LISTED[words[0]] * PEOPLE / 1e6
        yield Figure(f"subscribers {' '.join(words)}", taken, "s", target)
        yield Figure("its peak memory", megabytes, "MB", MEMORY)


def _counted(database: Database, slug: str, expression: str) -> tuple[float, int]:
    taken: list[float] = []
    people = 0
    for _ in range(RUNS):
        with database.reading() as connection:
            start = perf_counter()
            people = count(connection, slug, segment=condition_now(connection, expression, slug))
            taken.append(perf_counter() - start)
    return median(taken), people


def _live(database: Database, slug: str) -> None:
    """Give people tags, fields and proofs of consent, and enter mailings to all but the last fiftieth of them."""
    everybody = numbers(database)
    fields = '\'{"city":"City \' || (id % 1000) || \'","plan":"pro"}\''
    nothing = "CAST('{}' AS jsonb)" if database.path is None else "'{}'"
    if database.path is None:
        fields = f"CAST({fields} AS jsonb)"
    statements = [
        f"UPDATE subscriber SET fields = {fields} WHERE id % 3 = 0",
        f"INSERT INTO subscriber_tag SELECT i, CASE i % 10 WHEN 0 THEN 'staff' ELSE 'beta' END FROM {everybody} WHERE i % 2 = 0",
        f"""INSERT INTO consent_event (subscriber_id, newsletter, action, source, at, evidence)
        SELECT subscriber_id, newsletter, 'attested', 'form', changed_at, {nothing} FROM subscription""",
    ]
    for mailing in range(1, MAILINGS + 1):
        at = f"'2026-0{mailing}-01 06:00:00.000000'"
        at = f"TIMESTAMPTZ {at}" if database.path is None else at
        statements += [
            f"""INSERT INTO mailing (id, newsletter, issue, token, state, reason, said, transport, mode, segment,
            source_digest, edition, audience, opened_at) VALUES ({mailing}, '{slug}', {NUMBER + 1 - mailing},
            'token{mailing}', 'finished', '', '', 'ses', 'bulk', '', '', '{{}}', :n, {at})""",
            f"""INSERT INTO delivery (mailing_id, subscriber_id, state, attempt, sender_id, claimed_at, settled_at,
            message_id, delivered_at, soft_bounced_at)
            SELECT {mailing}, i, CASE WHEN i % 40 = {mailing} THEN 'refused' ELSE 'accepted' END, 1, 1, {at}, {at},
            '0100018f-' || i || '-{mailing}-0000-000000000000-000000',
            CASE WHEN i % 12 <> {mailing} THEN {at} END, CASE WHEN i % 50 = {mailing} THEN {at} END
            FROM {everybody} WHERE i <= :n - :n / 50""",
        ]
    for statement in statements:
        with database.transaction() as connection:
            connection.execute(text(statement), {"n": PEOPLE} if ":n" in statement else {})
    settle_down(database)
