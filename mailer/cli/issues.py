"""`mailer new`, `issues list`, `check`, `render`, `preview`: the writer's side, before anything is sent."""

from pathlib import Path
from typing import Annotated

import typer

from mailer.cli.options import IssueOption, JsonOption, NewsletterOption
from mailer.cli.output import say, say_json, table

app = typer.Typer(help="The issues that were written.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(newsletter: NewsletterOption = None, as_json: JsonOption = False) -> None:
    """List the issues of a newsletter, newest last; a broken one with its first mistake."""
    from mailer.issues.shelf import list_issues  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.segments import check  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    letter = workspace.newsletter(newsletter)
    listed = list_issues(letter.path.parent, letter, workspace.kinds(letter), check)
    if as_json:
        say_json(
            [
                {
                    "number": one.number,
                    "date": one.date.isoformat() if one.date else None,
                    "subject": one.subject,
                    "path": str(one.path),
                    "mistake": one.mistake,
                }
                for one in listed
            ]
        )
        return
    if not listed:
        say(f"{letter.slug} has no issue yet: `mailer new` writes the first.")
        return
    table(
        [(one.number, one.date or "", one.mistake or one.subject or "") for one in listed],
        head=("issue", "date", "subject"),
    )


def new(newsletter: NewsletterOption = None) -> None:
    """Write the next issue's file, ready to be filled in."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415  # lazy: only here

    from mailer.issues.shelf import write_next_issue  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    letter = workspace.newsletter(newsletter)
    today = workspace.now().astimezone(ZoneInfo(letter.timezone)).date()
    path = write_next_issue(letter.path.parent, letter, workspace.kinds(letter), today)
    say(f"{path}")
    say("Write it, look at it with `mailer preview`, send it with `mailer send`.")


def check(issue: IssueOption, newsletter: NewsletterOption = None, as_json: JsonOption = False) -> int:
    """Read, render and check an issue; 1 when it cannot be sent as it is."""
    from mailer.errors import ContentErrors  # noqa: PLC0415  # lazy: heavy
    from mailer.rendering.checks import check_edition, check_inbox  # noqa: PLC0415  # lazy: heavy
    from mailer.rendering.pipeline import render_edition  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    try:
        letter = workspace.newsletter(newsletter)
        written = workspace.issue(letter, issue)
        findings = [*check_edition(render_edition(written, workspace.theme(letter))), *check_inbox(written)]
    except ContentErrors as error:
        if not as_json:
            raise
        say_json([{"level": "error", "message": str(mistake)} for mistake in error.mistakes])
        return 1
    errors = sum(finding.level == "error" for finding in findings)
    if as_json:
        say_json([{"level": finding.level, "message": finding.message} for finding in findings])
    else:
        for finding in findings:
            say(f"{finding.level}: {finding.message}")
        if not findings:
            say(f"Issue {issue} is ready to be sent.")
    return 1 if errors else 0


def render(
    issue: IssueOption,
    output: Annotated[
        Path, typer.Option("--output", help="The folder to write issue.html, issue.txt and issue.mjml to.")
    ],
    newsletter: NewsletterOption = None,
) -> None:
    """Render an issue to files, as it would be sent, with sample values for personal words."""
    from mailer.errors import MailerError  # noqa: PLC0415  # lazy: heavy
    from mailer.rendering.pipeline import render_stages  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    letter = workspace.newsletter(newsletter)
    rendered = render_stages(workspace.issue(letter, issue), workspace.theme(letter))
    files = {"issue.html": rendered.html, "issue.txt": rendered.text, "issue.mjml": rendered.mjml}
    try:
        output.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (output / name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise MailerError(
            f"{output}: cannot be written: {error.strerror}", hint="name another folder with --output"
        ) from error
    for name in files:
        say(str(output / name))


def preview(issue: IssueOption, newsletter: NewsletterOption = None) -> None:
    """Open an issue in a browser, as it would be sent, with sample values for personal words."""
    import tempfile  # noqa: PLC0415  # lazy: only here
    import webbrowser  # noqa: PLC0415  # lazy: only here

    folder = Path(tempfile.mkdtemp(prefix="mailer-preview-"))
    render(issue, folder, newsletter)
    page = folder / "issue.html"
    if not webbrowser.open(page.as_uri()):
        say(f"No browser was found here; open {page.as_uri()} yourself.")
