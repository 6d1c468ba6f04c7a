"""`mailer subscribers export`: a newsletter's people as a file, which `mailer subscribers import` takes back without loss."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.options import NewsletterOption, SegmentOption
from mailer.cli.output import say_file, warn
from mailer.cli.words import count
from mailer.errors import MailerError, UsageError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from subscribers.records import Record


def export(
    segment: SegmentOption = None,
    format_: Annotated[
        str,
        typer.Option("--format", metavar="csv|jsonl", help="What kind of file; without it, as its name says, or csv."),
    ] = "",
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="Where to; `-` is standard output.")] = Path(
        "-"
    ),
    newsletter: NewsletterOption = None,
) -> int:
    """Write a newsletter's people, of every status, to a file, with their proofs of consent.

    Cells that a spreadsheet would take for a formula begin with a single quote; importing the file takes it off again.
    """
    from mailer.ledger.audience import hold_still  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.segments import condition_now  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    chosen_format = format_ or ("jsonl" if output.suffix == ".jsonl" else "csv")
    if chosen_format not in ("csv", "jsonl"):
        raise UsageError(f"there is no format {format_!r}", hint="the formats are csv and jsonl")
    workspace = open_workspace()
    slug = workspace.newsletter(newsletter).slug
    with workspace.reading() as connection:
        hold_still(connection)
        chosen = None if segment is None else condition_now(connection, segment, slug)
        written = _Counted()
        pieces = _pieces(connection, slug, chosen, written, as_lines=chosen_format == "jsonl")
        if output == Path("-"):
            say_file(pieces)
            return 0
        _write(output, pieces)
    warn(f"{count(written.people, 'person', 'people')} of {slug} written to {output}.")
    return 0


class _Counted:
    """Counts what passes."""

    people = 0

    def __call__(self, records: "Iterable[Record]") -> "Iterator[Record]":
        for record in records:
            self.people += 1
            yield record


def _pieces(
    connection: "Connection", slug: str, chosen: "ColumnElement[bool] | None", counted: _Counted, *, as_lines: bool
) -> Iterator[str]:
    from subscribers.exports import as_csv, as_json_lines  # noqa: PLC0415  # lazy: heavy
    from subscribers.records import field_names, records  # noqa: PLC0415  # lazy: heavy

    people = counted(records(connection, slug, chosen))
    return as_json_lines(people) if as_lines else as_csv(people, field_names(connection, slug, chosen))


def _write(path: Path, pieces: Iterable[str]) -> None:
    """The file all at once or not at all, readable by nobody else: it holds addresses. Raises MailerError."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.resolve().parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise MailerError(
            f"{path} cannot be written: {error.strerror}",
            hint="nothing was left behind; name another place with --output",
        ) from error
