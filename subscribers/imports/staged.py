"""The good rows of a file, on their way from the parser into the staging. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from subscribers.imports.wanted import Wanted


class StagedRow(NamedTuple):
    """A good row of a file, in the order of the columns of `import_row`."""

    email_key: str
    email: str | None
    """None: as its key."""
    name: str
    tags: int
    """The number of a combination of tags: a file has a million rows, and a dozen of those."""
    fields: str
    """Custom fields as JSON, in order of their names; empty: none."""
    wanted: int
    """A `Wanted`."""
    since: str | None
    """When they agreed, or left, as the file says: UTC, `2026-05-01 07:30:00.000000`."""
    record: str
    """Of an export of ours everything that it knows, as JSON; else empty."""


_PLAIN = 3
"""Values of a plain person."""


@dataclass
class Page:
    """Good rows that are staged together; their order does not matter.

    Most people of most files are plain: they are subscribed, and there is nothing of them but the address, a name and
    tags. Those are kept as bare values one behind the other, as the database takes them: a tuple each would cost as
    much as all the reading.
    """

    plain: list[str | int] = field(default_factory=list[str | int])
    """Key, name, number of the combination of tags; key, name, …"""
    others: list[StagedRow] = field(default_factory=list[StagedRow])

    def __len__(self) -> int:
        return len(self.plain) // _PLAIN + len(self.others)

    def plain_rows(self) -> Iterator[tuple[str | int, ...]]:
        """The plain people, each by themselves."""
        values = iter(self.plain)
        return zip(values, values, values, strict=True)

    def keys(self) -> list[str]:
        """The addresses of those who want to come in."""
        plain: list[str] = self.plain[::_PLAIN]  # pyright: ignore[reportAssignmentType]  # every third one is a key
        return plain + [row.email_key for row in self.others if row.wanted <= Wanted.UNCONFIRMED]
