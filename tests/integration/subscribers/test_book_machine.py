"""Nobody who left, was suppressed or was erased is ever mailed again, but by their own act or an operator's lift."""

# ruff: noqa: D102  # a rule's name is its sentence
import csv
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, select

from mailer.database.engine import Database
from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.candidates import verdicts
from subscribers.erasure import keyed_hashes
from subscribers.errors import UnknownSubscriber, Unlawful
from subscribers.imports.at_once import import_file
from subscribers.lifecycle import Actor, Status, SuppressionReason
from subscribers.people import people, show
from subscribers.tables import subscribers

NEWSLETTERS = ("news", "daily")
KEYS = ("ada@example.org", "bob@example.org")
KEYRINGS = ([b"the first secret key"], [b"the second secret key", b"the first secret key"])
SETTABLE = [reason for reason in SuppressionReason if reason is not SuppressionReason.ERASED]

keys = st.sampled_from(KEYS)
newsletters = st.sampled_from(NEWSLETTERS)
consents = st.sampled_from(["paper form", ""])


class Book(RuleBasedStateMachine):
    """The book beside a model of it made of sets."""

    engine: ClassVar[Engine]

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.engine.connect().execution_options(mailer_writes=True)
        self.connection.begin()
        self.now = datetime(2026, 11, 23, tzinfo=UTC)
        self.keyring = KEYRINGS[0]
        # The model.
        self.status: dict[tuple[str, str], Status] = {}
        self.known: set[str] = set()
        self.erased: set[str] = set()
        self.reasons: defaultdict[str, set[SuppressionReason]] = defaultdict(set)
        # The promise, kept apart from the model: who may not be mailed until which act.
        self.gone: set[tuple[str, str]] = set()
        self.held: set[tuple[str, SuppressionReason]] = set()

    def teardown(self) -> None:
        self.connection.rollback()
        self.connection.close()

    def hashes(self, key: str) -> Sequence[str]:
        return keyed_hashes(key, self.keyring)

    def later(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def number(self, key: str) -> int:
        found = show(self.connection, parse(key), NEWSLETTERS[0])
        return 0 if found is None else found.id

    def end_all(self, key: str) -> None:
        for newsletter in NEWSLETTERS:
            if (key, newsletter) in self.status:
                self.status[key, newsletter] = Status.UNSUBSCRIBED
                self.gone.add((key, newsletter))

    def may_enter(self, key: str, newsletter: str) -> bool:
        left = self.status.get((key, newsletter)) is Status.UNSUBSCRIBED
        return key not in self.erased and not self.reasons[key] and not left

    def entered(self, key: str, newsletter: str, consent: str) -> None:
        self.known.add(key)
        if consent:
            self.status[key, newsletter] = Status.SUBSCRIBED
        else:
            self.status.setdefault((key, newsletter), Status.UNCONFIRMED)

    @initialize(subscribed=st.sets(st.tuples(keys, newsletters)))
    def some_are_here_already(self, subscribed: set[tuple[str, str]]) -> None:
        for key, newsletter in sorted(subscribed):
            self.somebody_enters_an_address(key, newsletter, "paper form", Actor.OPERATOR)

    # --- coming in ---------------------------------------------------------------------------------------------------

    @rule(key=keys, newsletter=newsletters, consent=consents, actor=st.sampled_from([Actor.OPERATOR, Actor.IMPORT]))
    def somebody_enters_an_address(self, key: str, newsletter: str, consent: str, actor: Actor) -> None:
        def enter() -> object:
            address, hashes = parse(key.upper()), self.hashes(key)
            return book.subscribe(
                self.connection, address, newsletter, actor=actor, source=consent, hashes=hashes, now=self.later()
            )

        if self.may_enter(key, newsletter):
            enter()
            self.entered(key, newsletter, consent)
        else:
            with pytest.raises(Unlawful):
                enter()

    @rule(rows=st.lists(keys, max_size=5), newsletter=newsletters, consent=consents)
    def a_file_is_imported(self, rows: list[str], newsletter: str, consent: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "people.csv"
            with path.open("w", newline="") as file:
                csv.writer(file).writerows([["email"], *([row] for row in rows)])
            report = import_file(
                self.connection, path, newsletter, consent_source=consent, hasher=self.hashes, now=self.later()
            )
        let_in = {key for key in rows if self.may_enter(key, newsletter)}
        assert sum(report.summary.kept_out.values()) == len(set(rows) - let_in)
        assert report.summary.duplicates == len(rows) - len(set(rows))
        for key in let_in:
            self.entered(key, newsletter, consent)

    @rule(key=keys, newsletter=newsletters)
    def somebody_fills_in_the_form(self, key: str, newsletter: str) -> None:
        def request() -> object:
            address, hashes, now = parse(key), self.hashes(key), self.later()
            return book.subscribe(
                self.connection, address, newsletter, actor=Actor.PERSON, source="/", hashes=hashes, now=now
            )

        if key in self.erased:
            with pytest.raises(Unlawful):
                request()
        else:
            request()
            self.known.add(key)
            self.status.setdefault((key, newsletter), Status.UNCONFIRMED)

    @rule(key=keys, newsletter=newsletters)
    def the_person_confirms(self, key: str, newsletter: str) -> None:
        number = self.number(key)
        if (key, newsletter) in self.status:
            book.confirm(self.connection, number, newsletter, source="/confirm", now=self.later())
            self.status[key, newsletter] = Status.SUBSCRIBED
            self.gone.discard((key, newsletter))
            for reason in (SuppressionReason.UNDELIVERABLE, SuppressionReason.LEFT_ALL):
                self.reasons[key].discard(reason)
                self.held.discard((key, reason))
        else:
            with pytest.raises(Unlawful if key in self.known else UnknownSubscriber):
                book.confirm(self.connection, number, newsletter, source="/confirm", now=self.later())

    # --- leaving -----------------------------------------------------------------------------------------------------

    @rule(key=keys, newsletter=newsletters)
    def the_person_leaves(self, key: str, newsletter: str) -> None:
        book.unsubscribe(self.connection, parse(key), newsletter, source="/unsubscribe", now=self.later())
        if key in self.known:
            self.status[key, newsletter] = Status.UNSUBSCRIBED
            self.gone.add((key, newsletter))

    @rule(key=keys)
    def the_person_leaves_everything(self, key: str) -> None:
        suppressing.leave_all(self.connection, parse(key), source="/unsubscribe", now=self.later())
        if key in self.known:
            self.end_all(key)
            self.reasons[key].add(SuppressionReason.LEFT_ALL)
            self.held.add((key, SuppressionReason.LEFT_ALL))

    @rule(key=keys, newsletter=newsletters)
    def an_operator_removes_them(self, key: str, newsletter: str) -> None:
        try:
            book.remove(self.connection, parse(key), newsletter, now=self.later())
        except UnknownSubscriber:
            assert (key, newsletter) not in self.status  # both outcomes are right, each in its case
            return
        self.status[key, newsletter] = Status.UNSUBSCRIBED
        self.gone.add((key, newsletter))

    # --- addresses ---------------------------------------------------------------------------------------------------

    @rule(key=keys, reason=st.sampled_from(SETTABLE))
    def the_address_is_suppressed(self, key: str, reason: SuppressionReason) -> None:
        suppressing.suppress(self.connection, key, reason, note="", now=self.later())
        self.reasons[key].add(reason)
        self.held.add((key, reason))
        if reason in (SuppressionReason.COMPLAINED, SuppressionReason.BOUNCED, SuppressionReason.LEFT_ALL):
            self.end_all(key)

    @rule(key=keys, reason=st.sampled_from(SuppressionReason), note=st.sampled_from(["", "they asked"]))
    def an_operator_lifts(self, key: str, reason: SuppressionReason, note: str) -> None:
        def lift() -> object:
            now, hashes = self.later(), self.hashes(key)
            return suppressing.lift(self.connection, key, reason, note=note, now=now, hashes=hashes)

        grave = (SuppressionReason.ERASED, SuppressionReason.COMPLAINED, SuppressionReason.BOUNCED)
        if reason is SuppressionReason.LEFT_ALL or (reason in grave and not note):
            with pytest.raises(Unlawful):
                lift()
            return
        lift()
        self.held.discard((key, reason))
        self.reasons[key].discard(reason)
        if reason is SuppressionReason.ERASED:
            self.erased.discard(key)

    @rule(key=keys)
    def the_person_is_erased(self, key: str) -> None:
        suppressing.erase(self.connection, parse(key), hashes=self.hashes(key), now=self.later())
        self.known.discard(key)
        self.erased.add(key)
        for newsletter in NEWSLETTERS:
            self.status.pop((key, newsletter), None)
            self.gone.discard((key, newsletter))
        # Covered by one that outranks them all, and is asked in every way in.
        self.reasons[key].clear()
        self.held = {(held, reason) for held, reason in self.held if held != key}
        self.held.add((key, SuppressionReason.ERASED))

    @rule()
    def the_secret_keys_are_rotated(self) -> None:
        self.keyring = KEYRINGS[1]

    # --- what must hold ----------------------------------------------------------------------------------------------

    @invariant()
    def nobody_is_mailed_who_must_not_be(self) -> None:
        mailable: set[tuple[str, str]] = set()
        for newsletter in NEWSLETTERS:
            verdict = verdicts(newsletter).subquery()
            statement = select(subscribers.c.email_key).join(verdict, verdict.c.subscriber_id == subscribers.c.id)
            found = self.connection.execute(statement.where(verdict.c.exclusion.is_(None))).scalars()
            mailable |= {(key, newsletter) for key in found}
        assert not mailable & self.gone
        assert not {key for key, _ in mailable} & {key for key, _ in self.held}
        expected = {who for who, status in self.status.items() if status is Status.SUBSCRIBED}
        assert mailable == {(key, newsletter) for key, newsletter in expected if not self.reasons[key]}

    @invariant()
    def the_book_is_the_model(self) -> None:
        found = {
            (person.email.lower(), newsletter): (person.status, person.suppressed)
            for newsletter in NEWSLETTERS
            for person in people(self.connection, newsletter)
        }
        order = list(SuppressionReason)
        assert found == {
            (key, newsletter): (status, min(self.reasons[key], key=order.index, default=None))
            for (key, newsletter), status in self.status.items()
        }


def test_nobody_who_is_gone_comes_back_but_by_the_lawful_ways(database: Database) -> None:
    class Here(Book):
        engine = database.engine

    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    examples = 120 if database.path else 30  # PostgreSQL answers each of these small statements ten times slower
    chosen = settings(deadline=None, max_examples=examples, stateful_step_count=30, suppress_health_check=checks)
    run_state_machine_as_test(Here, settings=chosen)
