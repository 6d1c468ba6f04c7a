"""Whatever is imported, done by people and taken back, in whatever order: nobody is mailed who must not be, and nobody is lost."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.database.engine import Database
from subscribers import book, suppressing
from subscribers.address import parse
from subscribers.errors import Unlawful
from subscribers.lifecycle import SuppressionReason
from subscribers.people import people

from .import_desk import ENDED, FOR_GOOD, JOURNAL, NEWS, Desk, Row, row

_names = st.sampled_from(["ada", "new", "other"])
_rows = st.lists(
    st.builds(
        row,
        _names,
        st.sampled_from(["subscribed", "unconfirmed", *ENDED]),
        date=st.sampled_from(["", "2020-01-02"]),
        name=st.sampled_from(["", "Ada"]),
        tags=st.sampled_from(["", "beta"]),
        city=st.sampled_from(["", "Ulm"]),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda one: one[0],
)
_steps = st.lists(
    st.tuples(st.just("import"), _rows)
    | st.tuples(st.just("undo"), st.integers(0, 9))
    | st.tuples(st.sampled_from(["leaves", "confirms", "is added", "complains"]), _names),
    min_size=2,
    max_size=8,
)


@dataclass
class Model:
    """Who must not be mailed, by their own will or by an import that stands; and who must, by theirs or an operator's."""

    said: dict[int, list[Row]] = field(default_factory=dict[int, list[Row]])
    left: set[str] = field(default_factory=set[str])
    complained: set[str] = field(default_factory=set[str])
    theirs: set[str] = field(default_factory=lambda: {"ada"})
    acted: bool = False

    def not_mailed(self) -> set[str]:
        """Everybody who must not be mailed now."""
        ended = {one[0].partition("@")[0] for rows in self.said.values() for one in rows if one[1] in ENDED}
        return ended | self.left | self.complained

    def mailed(self) -> set[str]:
        """Everybody whom no taking back may lose."""
        return self.theirs - self.not_mailed()

    def confirmed(self, name: str) -> None:
        """Their own word is newer than that of the files, but for what it does not lift."""
        self.left.discard(name)
        self.theirs.add(name)
        for number, rows in self.said.items():
            self.said[number] = [one for one in rows if one[0] != f"{name}@example.org" or one[1] in FOR_GOOD]


def _step(desk: Desk, model: Model, what: str, given_: Any) -> None:
    match what:
        case "import":
            model.said[desk.load(given_)] = list(given_)
        case "undo" if model.said:
            number: int = sorted(model.said)[int(given_) % len(model.said)]
            desk.undo(number)
            del model.said[number]
        case "leaves":
            book.unsubscribe(desk.connection, parse(f"{given_}@example.org"), NEWS, source="", now=desk.now())
            if given_ in desk.standings():
                model.acted = True
                model.left.add(given_)
                model.theirs.discard(given_)
        case "complains":
            suppressing.suppress(
                desk.connection, f"{given_}@example.org", SuppressionReason.COMPLAINED, note="", now=desk.now()
            )
            model.acted = True
            model.complained.add(given_)
            model.theirs.discard(given_)
        case "is added":
            with suppress(Unlawful):
                desk.enter(given_)
                model.theirs.add(given_)
                model.acted = True
        case "confirms":
            person = next((one.id for one in people(desk.connection, NEWS) if one.email.startswith(given_)), None)
            if person is None:
                return
            model.acted = True
            try:
                book.confirm(desk.connection, person, NEWS, source="", now=desk.now())
            except Unlawful:
                return
            model.confirmed(given_)
        case _:
            pass


def _holds(desk: Desk, model: Model) -> bool:
    mailed = desk.mailed()
    return mailed.isdisjoint(model.not_mailed()) and model.mailed() <= mailed


def test_whatever_is_taken_back_nobody_returns_who_left_or_whom_what_stands_ended(
    database: Database, tmp_path: Path
) -> None:
    @settings(deadline=None, max_examples=60 if database.path else 20, suppress_health_check=[HealthCheck.nested_given])
    @given(_steps, st.randoms(use_true_random=False))
    def does(steps: list[tuple[str, Any]], chance: Any) -> None:
        with database.engine.connect().execution_options(mailer_writes=True) as connection:
            connection.begin()
            desk, model = Desk(connection, tmp_path), Model()
            desk.enter("ada")
            before = desk.everything()
            for what, given_ in steps:
                _step(desk, model, what, given_)
                assert _holds(desk, model), (what, given_)
            rest = sorted(model.said)
            chance.shuffle(rest)
            for number in rest:
                desk.undo(number)
                del model.said[number]
                assert _holds(desk, model), rest
            assert desk.everything(JOURNAL) == [[], [], []]
            if not model.acted:
                assert desk.everything() == before
            connection.rollback()

    does()
