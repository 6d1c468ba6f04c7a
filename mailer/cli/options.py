"""The options that several commands share, said once."""

from typing import Annotated

import typer

IssueOption = Annotated[int, typer.Option("--issue", min=1, max=999_999_999, help="The issue's number.")]
NewsletterOption = Annotated[
    str | None,
    typer.Option("--newsletter", metavar="SLUG", help="The newsletter's slug; not needed when there is only one."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]
SegmentOption = Annotated[
    str | None,
    typer.Option("--segment", metavar="EXPR", help='Only whom this selects, e.g. "tag:beta and not tag:staff".'),
]
