"""`mailer test`: an issue in one's own inbox before anybody else gets it."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.options import IssueOption, JsonOption, NewsletterOption
from mailer.cli.output import say, say_json, warn

if TYPE_CHECKING:
    from mailer.ledger.notices import NoticeRow


def send_test(
    issue: IssueOption,
    to: Annotated[
        list[str], typer.Option("--to", metavar="EMAIL", help="Where to; several are asked for with several --to.")
    ],
    newsletter: NewsletterOption = None,
    as_json: JsonOption = False,
) -> int:
    """Send an issue as it is now to yourself: marked as a test, in no mailing, and its links change nothing."""
    from mailer.cli.signals import stop_signals  # noqa: PLC0415  # lazy: only a run needs them
    from mailer.rendering.checks import check_edition  # noqa: PLC0415  # lazy: heavy
    from mailer.sending.testing import send_tests  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring.notices import Notices  # noqa: PLC0415  # lazy: heavy
    from subscribers.address import parse  # noqa: PLC0415  # lazy: heavy

    emails = list({address.key: address.email for address in map(parse, to)}.values())
    workspace = open_workspace()
    notices = Notices(workspace)
    edition = workspace.edition(newsletter, issue)
    for finding in check_edition(edition):
        warn(f"{finding.level}: {finding.message}")
    notices.transport.prepare(edition.letterhead.from_email, len(emails))
    with stop_signals() as stop:
        run = notices.test_run(edition, stopped=stop.asked)
        found = send_tests(
            run,
            emails,
            newsletter=edition.letterhead.newsletter,
            issue=issue,
            number=workspace.number,
            sleep=workspace.sleep,
            now=workspace.now(),
        )
    if as_json:
        say_json([{"email": one.email, "state": one.state, "reason": one.reason} for one in found])
    else:
        _say(found)
        where = notices.transport.where("notice")
        if where and any(one.state == "accepted" for one in found):
            say(f"It lies in {where}" if len(found) == 1 else f"They lie in {where}")
    if stop.number is not None:
        return 128 + stop.number
    return _exit_code(found)


def _say(found: "list[NoticeRow]") -> None:
    for one in found:
        why = f" ({one.reason})" if one.reason else ""
        say(f"{one.email}: {one.state}{why}")


def _exit_code(found: "list[NoticeRow]") -> int:
    """0: all were accepted; 4: some could not be tried, and may be tried again; 3: some were refused, or nobody knows."""
    states = {one.state.value for one in found}
    if states <= {"accepted"}:
        return 0
    return 4 if any(one.state == "withheld" and one.reason != "suppressed" for one in found) else 3
