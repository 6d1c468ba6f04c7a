"""`mailer send`: show the plan, ask, open or find the mailing, send, report."""

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailer.cli.options import IssueOption, JsonOption, NewsletterOption, YesOption
from mailer.cli.output import ask, say, say_json, warn
from mailer.cli.pauses import pause_words
from mailer.cli.words import count, duration, reasons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mailer.ledger.mailings import MailingRow
    from mailer.rendering.edition import Edition
    from mailer.sending.opening import Plan
    from mailer.sending.run import End
    from mailer.transport.base import Finding
    from mailer.wiring import Workspace


def send(
    issue: IssueOption,
    newsletter: NewsletterOption = None,
    segment: Annotated[
        str | None, typer.Option("--segment", help='Only whom this selects, e.g. "tag:beta and not tag:staff".')
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="Send to so many of the audience now; the same command goes on."),
    ] = None,
    also_new: Annotated[
        bool, typer.Option("--also-new", help="Add people who subscribed after the audience was frozen.")
    ] = False,
    rate: Annotated[
        float | None,
        typer.Option("--rate", min=0.01, max=100_000, help="At most so many letters a second, over all senders."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> int:
    """Send an issue to its subscribers: nobody twice, nobody forgotten. The same command resumes."""
    from mailer.sending.opening import check_transport, check_unchanged, make_plan, nobody  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    edition = _edition(workspace, newsletter, issue)
    plan = make_plan(workspace.database, edition.letterhead.newsletter, issue, segment, also_new=also_new)
    if plan.found is not None:
        named = workspace.naming(plan.newsletter, issue)
        check_transport(plan.found, workspace.transport.name, named)
        check_unchanged(plan.found, edition.source_digest, named, also_new=also_new)
    nothing_to_do = _nothing_to_do(plan)
    # Asked before anything is said of rate and time: both are the account's. Nothing is frozen yet. Whoever is paused for
    # trouble with the account learns by --dry-run whether it is mended.
    asks = nothing_to_do is None or (dry_run and nothing_to_do.value == "paused")
    found = (
        ()
        if not asks
        else workspace.transport.prepare(edition.letterhead.from_email, min(plan.to_send, limit or plan.to_send))
    )
    if not as_json:
        _say_plan(workspace, edition, plan, None if nothing_to_do else workspace.rate(rate), limit)
        for finding in found:
            warn(f"  note       {finding.what}\n             {finding.remedy}")
    if dry_run:
        if as_json:
            say_json(_plan_json(plan, None if nothing_to_do else workspace.rate(rate), found))
        return 0
    if plan.found is None and plan.audience == 0:
        raise nobody(plan.newsletter, plan.segment, plan.excluded)
    if nothing_to_do is not None:
        return _finish(workspace, plan.newsletter, issue, nothing_to_do, as_json=as_json)
    if not ask(_question(plan, limit), yes=yes):
        warn("Nothing was sent.")
        return 1
    return _send(workspace, edition, plan, segment=segment, limit=limit, also_new=also_new, rate=rate, as_json=as_json)


def _question(plan: "Plan", limit: int | None) -> str:
    if not plan.to_send:
        # A sender was killed in its last call: there is nobody to claim, and still something to find out.
        return f"Nobody of issue {plan.issue} is pending, but not everybody is settled. Go on?"
    return f"Send issue {plan.issue} to {count(min(plan.to_send, limit or plan.to_send), 'person', 'people')}?"


def _edition(workspace: "Workspace", newsletter: str | None, issue: int) -> "Edition":
    from mailer.errors import RenderError  # noqa: PLC0415  # lazy: heavy
    from mailer.rendering.checks import check_edition  # noqa: PLC0415  # lazy: heavy

    edition = workspace.edition(newsletter, issue)
    errors = [finding.message for finding in check_edition(edition) if finding.level == "error"]
    if errors:
        raise RenderError(
            f"issue {issue} cannot be sent as it is:\n" + "\n".join(f"  {error}" for error in errors),
            hint=f"`mailer check {workspace.naming(edition.letterhead.newsletter, issue)}` says it again when it is mended",
        )
    return edition


def _nothing_to_do(plan: "Plan") -> "End | None":
    from mailer.ledger.states import MailingState, PauseReason  # noqa: PLC0415  # lazy: heavy
    from mailer.sending.run import End  # noqa: PLC0415  # lazy: heavy

    if plan.found is None:
        return None
    match plan.found.state:
        case MailingState.PAUSED if plan.found.reason != PauseReason.QUOTA:
            return End.PAUSED
        case MailingState.CANCELLED:
            return End.CANCELLED
        case MailingState.FINISHED if not plan.newcomers:
            return End.FINISHED
        case _:
            return None


def _send(
    workspace: "Workspace",
    edition: "Edition",
    plan: "Plan",
    *,
    segment: str | None,
    limit: int | None,
    also_new: bool,
    rate: float | None,
    as_json: bool,
) -> int:
    from mailer.cli.progress import shown_progress  # noqa: PLC0415  # lazy: rich
    from mailer.cli.signals import stop_signals  # noqa: PLC0415  # lazy: only a run needs them
    from mailer.errors import MailerError  # noqa: PLC0415  # lazy: heavy
    from mailer.message import Press  # noqa: PLC0415  # lazy: heavy
    from mailer.sending.opening import add_new, open_mailing, resume_after_quota  # noqa: PLC0415  # lazy: heavy

    # Whatever can be known to fail is tried before anybody is frozen: the links' key, the letter itself.
    _ = workspace.links
    Press(edition)
    mailing = open_mailing(
        workspace.database,
        edition,
        segment=segment or plan.segment,
        transport=workspace.transport.name,
        mode=workspace.mode(rate),
        token=workspace.token,
        now=workspace.now(),
    )
    if also_new:
        added = add_new(workspace.database, mailing)
        if not as_json:
            say(f"Added {count(added, 'person who has', 'people who have')} subscribed since the audience was frozen.")
    resume_after_quota(workspace.database, mailing)
    with stop_signals() as stop, shown_progress(workspace, mailing, quiet=as_json) as observe:
        run = workspace.run(mailing, rate=rate, limit=limit, stopped=stop.asked, observe=observe)
        try:
            end = run.go()
        except MailerError as error:
            # Some have it: that is not "nothing happened". What could not be written down is uncertain, and not sent again.
            warn(f"error: {error}")
            if error.hint:
                warn(f"  {error.hint}")
            warn(
                f"  Whoever got it does not get it again. To go on: mailer send {workspace.naming(mailing.newsletter, mailing.issue)}"
            )
            if as_json:
                _say_figures(workspace, mailing)
            return 4
    return _finish(
        workspace,
        mailing.newsletter,
        mailing.issue,
        end,
        as_json=as_json,
        signal=stop.number,
    )


def _say_figures(workspace: "Workspace", mailing: "MailingRow") -> None:
    """How far it came, for a program; nothing when the database is what broke."""
    from mailer.cli.status import status_json  # noqa: PLC0415  # lazy: heavy
    from mailer.errors import DatabaseError  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.mailings import find  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.report import progress  # noqa: PLC0415  # lazy: heavy

    with suppress(DatabaseError), workspace.reading() as connection:
        found = find(connection, mailing.newsletter, mailing.issue) or mailing
        say_json(status_json(found, progress(connection, found.id, found.audience)))


def _finish(
    workspace: "Workspace",
    newsletter: str,
    issue: int,
    end: "End",
    *,
    as_json: bool,
    signal: int | None = None,
) -> int:
    from mailer.cli.status import say_status, status_json  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.mailings import find  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.report import progress  # noqa: PLC0415  # lazy: heavy

    with workspace.reading() as connection:
        mailing = find(connection, newsletter, issue)
        if mailing is None:
            warn(f"The mailing of issue {issue} was discarded meanwhile.")
            return 1
        counts = progress(connection, mailing.id, mailing.audience)
    if as_json:
        say_json(status_json(mailing, counts))
    else:
        say_status(mailing, counts)
        _say_end(workspace, mailing, end)
    if signal is not None and end == "stopped":
        return 128 + signal
    if end == "cancelled":
        return 1
    if end != "finished":
        return 4
    return 3 if counts.states.get("uncertain") or counts.states.get("refused") else 0


def _say_end(workspace: "Workspace", mailing: "MailingRow", end: "End") -> None:
    again = f"mailer send {workspace.naming(mailing.newsletter, mailing.issue)}"
    match end.value:
        case "finished":
            pass
        case "limit":
            say(f"Stopped at --limit. The rest is pending: {again}")
        case "paused":
            say(pause_words(workspace, mailing))
        case "cancelled":
            say("The mailing was cancelled: whoever was pending does not get this issue.")
        case "stopped":
            say(f"Stopped. Nobody is left in a call; the same command goes on: {again}")
        case _:
            say(f"Another sender still has people in a call. When it is done, the same command finishes: {again}")
    where = workspace.transport.where(mailing.token)
    if where:
        say(f"The letters lie in {where}")


def _say_plan(workspace: "Workspace", edition: "Edition", plan: "Plan", rate: float | None, limit: int | None) -> None:
    from mailer.rendering.slots import fill  # noqa: PLC0415  # lazy: heavy

    say(f"{edition.letterhead.title}, issue {plan.issue}: {fill(edition.subject, {}, ())}")
    segment = f" of {plan.segment!r}" if plan.segment else ""
    say(f"  audience   {count(plan.audience, 'person', 'people')}{segment}")
    if plan.excluded:
        say(f"  left out   {reasons(plan.excluded)}")
    if plan.previous is not None:
        difference = plan.audience - plan.previous.audience
        say(f"  compared   {difference:+,} against issue {plan.previous.issue} ({plan.previous.audience:,})")
    if plan.found is not None:
        say(
            f"  so far     opened {plan.found.opened_at:%Y-%m-%d %H:%M} UTC, {plan.found.state}; {plan.to_send:,} still to send"
        )
    if plan.newcomers is not None:
        say(
            f"  new        {count(plan.newcomers, 'person has', 'people have')} subscribed since the audience was frozen"
        )
    say(f"  transport  {workspace.transport.name}: {workspace.transport.about}")
    if rate is not None:
        now = min(plan.to_send, limit or plan.to_send)
        mode = plan.found.mode if plan.found else workspace.mode(rate)
        how = f", {_MODES[mode]}" if mode else ""
        say(f"  rate       {rate:g} a second{how}, about {duration(now / rate)}")


_MODES = {"raw": "a call for each letter", "bulk": "up to 50 people in a call"}


def _plan_json(plan: "Plan", rate: float | None, found: "Sequence[Finding]") -> dict[str, Any]:
    return {
        "issue": plan.issue,
        "newsletter": plan.newsletter,
        "segment": plan.segment,
        "audience": plan.audience,
        "excluded": dict(plan.excluded),
        "to_send": plan.to_send,
        "newcomers": plan.newcomers,
        "state": plan.found.state.value if plan.found else None,
        "rate": rate,
        "findings": [{"what": finding.what, "remedy": finding.remedy} for finding in found],
    }
