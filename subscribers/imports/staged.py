"""A good row of a file, on its way from the parser into the staging. Pure."""

from typing import NamedTuple


class StagedRow(NamedTuple):
    """A good row of a file, in the order of the columns of `import_row`."""

    email_key: str
    email: str
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
