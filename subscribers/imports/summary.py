"""What becomes of files, in figures: every row is in exactly one of them. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from subscribers.imports.meeting import Outcome
from subscribers.lifecycle import Status


@dataclass
class Summary:
    """`rows == added + changed + unchanged + the values of ended, kept_out and refused + duplicates`."""

    rows: int = 0
    """Rows of the files, without headers and empty ones."""
    added: int = 0
    subscribed: int = 0
    """How many of those added are subscribed; the others are unconfirmed."""
    changed: int = 0
    unchanged: int = 0
    ended: dict[str, int] = field(default_factory=dict[str, int])
    """People who are not to be mailed, as the file says, by what it made of them: `unsubscribed` or a suppression."""
    kept_out: dict[str, int] = field(default_factory=dict[str, int])
    """People whom an import cannot bring back, by reason: `unsubscribed` or a suppression's. They stay as they are."""
    refused: dict[str, int] = field(default_factory=dict[str, int])
    """Rows that are no person, by reason."""
    duplicates: int = 0
    """Rows of somebody whom another row names."""

    def take(self, counts: Mapping[tuple[Outcome, str], int]) -> None:
        """Count people who were dealt with."""
        for (outcome, reason), number in counts.items():
            match outcome:
                case Outcome.ADDED:
                    self.added += number
                    self.subscribed += number if reason == Status.SUBSCRIBED else 0
                case Outcome.CHANGED:
                    self.changed += number
                case Outcome.UNCHANGED:
                    self.unchanged += number
                case Outcome.ENDED:
                    self.ended[reason] = self.ended.get(reason, 0) + number
                case Outcome.KEPT_OUT:
                    self.kept_out[reason] = self.kept_out.get(reason, 0) + number

    @property
    def writes(self) -> bool:
        """Whether the book is changed at all."""
        return bool(self.added or self.changed or self.ended)

    def as_json(self) -> dict[str, Any]:
        """The figures, reasons by how often they came."""
        return {
            name: _by_number(cast("Mapping[str, int]", value)) if isinstance(value, Mapping) else value
            for name, value in asdict(self).items()
        }


def _by_number(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
