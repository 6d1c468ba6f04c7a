"""`mailer subscribers import`: a file of people into a newsletter, and what became of each of its rows."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailer.cli.options import JsonOption, NewsletterOption, YesOption
from mailer.cli.output import ask, say, say_json, warn
from mailer.cli.words import count, reasons
from subscribers.lifecycle import Status

if TYPE_CHECKING:
    from subscribers.imports.report import ImportReport

ConsentOption = Annotated[
    str,
    typer.Option(
        "--consent-source", metavar="TEXT", help="Where they agreed to be written to; without it they are unconfirmed."
    ),
]


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file with the columns email, name and tags.")],
    consent_source: ConsentOption = "",
    newsletter: NewsletterOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> int:
    """Take the people of a CSV file into a newsletter. Nobody who left or was suppressed is brought back."""
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.imports.plain import import_file  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    slug = workspace.newsletter(newsletter).slug
    if not consent_source.strip() and not ask(
        f"Without --consent-source the people of {file} are unconfirmed, and not mailed before they confirm. Go on?",
        yes=yes,
    ):
        say("Nothing was changed.")
        return 1
    with workspace.transaction() as connection:
        report = import_file(
            connection,
            file,
            slug,
            consent_source=consent_source,
            hasher=workspace.erasure_hashes,
            now=workspace.now(),
        )
    if as_json:
        say_json(_report_as_json(report))
        return 0
    _say(report, Status.SUBSCRIBED if consent_source.strip() else Status.UNCONFIRMED)
    return 0


def _say(report: "ImportReport", status: Status) -> None:
    for bad in report.bad:
        warn(f"{report.path}:{bad.line}: {bad.reason}")
    say(f"{count(report.added, 'person', 'people')} added to {report.newsletter}, {status}.")
    if report.changed or report.unchanged:
        say(
            f"{count(report.changed + report.unchanged, 'was', 'were')} there already, {report.changed:,} of them learned more about."
        )
    if report.kept_out:
        say(f"{count(sum(report.kept_out.values()), 'person', 'people')} kept out: {reasons(report.kept_out)}.")
    if report.duplicates:
        say(f"{count(report.duplicates, 'row', 'rows')} named somebody a second time.")
    if report.bad:
        say(f"{count(len(report.bad), 'row', 'rows')} left out as bad; mend them and import the file again.")


def _report_as_json(report: "ImportReport") -> dict[str, Any]:
    return {
        "file": str(report.path),
        "newsletter": report.newsletter,
        "rows": report.rows,
        "added": report.added,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "kept_out": dict(report.kept_out),
        "duplicates": report.duplicates,
        "bad": [{"line": bad.line, "reason": bad.reason} for bad in report.bad],
    }
