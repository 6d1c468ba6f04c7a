"""Anything in any order: people come and go, senders claim, answer, die; the ledger keeps its promises after each step."""

import sqlite3
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import event

from mailer.database.engine import Database

from .machine import Machine


def test_whatever_happens_nobody_gets_two_and_nobody_is_forgotten(database: Database, tmp_path: Path) -> None:
    if database.path is not None:
        _never_wait_for_the_disk(database)
    examples = 100 if database.path is not None else 40
    run_state_machine_as_test(
        type("MachineOnThis", (Machine,), {"database": database, "folder": tmp_path}),
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # shrinking a history takes minutes, and a short one is easy to read as it is
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )


def _never_wait_for_the_disk(database: Database) -> None:
    """Thousands of commits, and no power cut among them."""

    def relax(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA synchronous = OFF").close()

    database.engine.dispose()
    event.listen(database.engine, "connect", relax)
