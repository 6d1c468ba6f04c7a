"""`mailer status`, `pause`, `resume`, `cancel`: what a mailing is doing, and the three ways to change that."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailer.cli.hearing import hearing_lines
from mailer.cli.options import IssueOption, JsonOption, NewsletterOption, YesOption
from mailer.cli.output import ask, say, say_json
from mailer.cli.pauses import way_on, what_to_do
from mailer.cli.words import count, reasons

if TYPE_CHECKING:
    from mailer.ledger.mailings import MailingRow
    from mailer.ledger.report import Progress
    from mailer.wiring import Workspace


def status(issue: IssueOption, newsletter: NewsletterOption = None, as_json: JsonOption = False) -> None:
    """Say how far a mailing is: every delivery of its audience, counted once."""
    from mailer.feedback.hearing import hear  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.audience import excluded  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.report import progress  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.senders import left_behind  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    mailing = the_mailing(workspace, newsletter, issue)
    with workspace.reading() as connection:
        counts = progress(connection, mailing.id, mailing.audience)
        left_out = excluded(connection, mailing.id)
        heard = hear(connection, mailing)
    gone = left_behind(workspace.database, mailing.id) if counts.standings["claimed"] else 0
    if as_json:
        last = heard.told.last_event_at.isoformat() if heard and heard.told else None
        more = {"last_event_at": last, "left_behind": gone, "said": mailing.said or None}
        say_json({**status_json(mailing, counts), **more})
        return
    say_status(mailing, counts)
    named = workspace.naming(mailing.newsletter, issue)
    if gone:
        say(
            f"  left behind {gone:,} of the claimed, by a sender that is gone: `mailer send {named}` finds out about them"
        )
    if heard is not None:
        settings = workspace.settings
        reads = bool(settings.events_queue_url or settings.ses_topic_arns)
        for heading, words in hearing_lines(
            heard, workspace.now(), configuration_set=settings.ses_configuration_set, reads=reads
        ):
            say(f"  {heading:<11} {words}")
    if left_out:
        say(f"  left out    {reasons(left_out)}")
    if mailing.state == "paused":
        if mailing.said:
            say(f"  it said     {mailing.said}")
        say(f"  what to do  {what_to_do(mailing.reason, named)}")
        say(f"  to go on    {way_on(mailing.reason, named)}")
    elif mailing.state == "sending" and counts.open:
        say(f"  to go on    mailer send {named}")


def pause(issue: IssueOption, newsletter: NewsletterOption = None, as_json: JsonOption = False) -> None:
    """Pause a mailing: every sender stops claiming; what is in a call is settled."""
    from mailer.errors import MailingError  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger import mailings  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.states import PauseReason  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    mailing = the_mailing(workspace, newsletter, issue)
    with workspace.transaction() as connection:
        moved = mailings.pause(connection, mailing.id, PauseReason.OPERATOR)
    if not moved and mailing.state != "paused":
        raise MailingError(
            f"issue {issue} is {mailing.state.value}, not sending", hint="only a mailing that sends can pause"
        )
    _say_change(
        workspace,
        newsletter,
        issue,
        f"Issue {issue} is paused. `mailer resume {workspace.naming(mailing.newsletter, issue)}` lets it go on.",
        as_json=as_json,
    )


def resume(issue: IssueOption, newsletter: NewsletterOption = None, as_json: JsonOption = False) -> None:
    """Let a paused mailing go on; `mailer send` then sends it."""
    from mailer.errors import MailingError  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger import mailings  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    mailing = the_mailing(workspace, newsletter, issue)
    with workspace.transaction() as connection:
        moved = mailings.resume(connection, mailing.id)
    if not moved and mailing.state != "sending":
        raise MailingError(
            f"issue {issue} is {mailing.state.value}, not paused", hint="only a paused mailing can go on"
        )
    again = f"mailer send {workspace.naming(mailing.newsletter, issue)}"
    _say_change(workspace, newsletter, issue, f"Issue {issue} may go on: {again}", as_json=as_json)


def cancel(
    issue: IssueOption,
    newsletter: NewsletterOption = None,
    discard: Annotated[
        bool,
        typer.Option(
            "--discard", help="Forget a mailing of which no letter left this machine, so that it can be sent anew."
        ),
    ] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> int:
    """End a mailing: those who have the issue keep it, whoever is pending does not get it."""
    from mailer.errors import MailingError  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger import mailings, senders  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.report import progress  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    mailing = the_mailing(workspace, newsletter, issue)
    if discard:
        return _discard(workspace, mailing, yes=yes)
    with workspace.reading() as connection:
        pending = progress(connection, mailing.id, mailing.audience).states.get("pending", 0)
    people = count(pending, "pending person does", "pending people do")
    if not ask(f"Cancel issue {issue}? {people} not get it, and it cannot be sent again.", yes=yes):
        say("Nothing was changed.")
        return 1
    with workspace.transaction() as connection:
        withheld = mailings.cancel(connection, mailing.id, workspace.now())
    if withheld is None and mailing.state != "cancelled":
        raise MailingError(f"issue {issue} is {mailing.state.value}: there is nothing to cancel")
    # No run will look any more whether a sender was killed in its call.
    senders.bury(workspace.database, workspace.now())
    _say_change(workspace, newsletter, issue, f"Issue {issue} is cancelled.", as_json=as_json)
    return 0


def _discard(workspace: "Workspace", mailing: "MailingRow", *, yes: bool) -> int:
    from mailer.errors import MailingError  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger import mailings  # noqa: PLC0415  # lazy: heavy

    named = workspace.naming(mailing.newsletter, mailing.issue)
    if not ask(f"Forget the mailing of issue {mailing.issue}, and who was in it?", yes=yes):
        say("Nothing was changed.")
        return 1
    with workspace.transaction() as connection:
        if not mailings.discard(connection, mailing):
            raise MailingError(
                f"letters of issue {mailing.issue} have left this machine: who got it is never forgotten",
                hint=f"`mailer cancel {named}` ends it; correct yourself in a new issue",
            )
    say(f"The mailing of issue {mailing.issue} is forgotten; `mailer send {named}` opens a new one.")
    return 0


def the_mailing(workspace: "Workspace", newsletter: str | None, issue: int) -> "MailingRow":
    """The mailing of an issue. Raises NotFound when none was opened."""
    from mailer.errors import NotFound  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.mailings import find  # noqa: PLC0415  # lazy: heavy

    slug = workspace.slug(newsletter)
    with workspace.reading() as connection:
        mailing = find(connection, slug, issue)
    if mailing is None:
        raise NotFound(
            f"issue {issue} of {slug} has no mailing: it was never sent",
            hint=f"mailer send {workspace.naming(slug, issue)}",
        )
    return mailing


def _say_change(workspace: "Workspace", newsletter: str | None, issue: int, words: str, *, as_json: bool) -> None:
    from mailer.ledger.report import progress  # noqa: PLC0415  # lazy: heavy

    mailing = the_mailing(workspace, newsletter, issue)
    with workspace.reading() as connection:
        counts = progress(connection, mailing.id, mailing.audience)
    if as_json:
        say_json(status_json(mailing, counts))
        return
    say(words)
    say_status(mailing, counts)


def status_json(mailing: "MailingRow", counts: "Progress") -> dict[str, Any]:
    """The JSON contract of `status` (DESIGN §6): each delivery counted once, under its standing."""
    return {
        "issue": mailing.issue,
        "newsletter": mailing.newsletter,
        "state": mailing.state.value,
        "reason": mailing.reason or None,
        "audience": counts.audience,
        **counts.standings,
    }


def say_status(mailing: "MailingRow", counts: "Progress") -> None:
    """The same for a person."""
    because = f" ({mailing.reason})" if mailing.reason else ""
    say(f"Issue {mailing.issue} of {mailing.newsletter}: {mailing.state.value}{because}")
    say(f"  audience    {counts.audience:,}")
    for name, number in counts.standings.items():
        if number:
            why = f"  ({reasons(counts.withheld_because)})" if name == "withheld" else ""
            say(f"  {name:<11} {number:,}{why}")
    if not counts.adds_up:
        say(
            f"  the ledger does not add up: {sum(counts.states.values()):,} rows for an audience of {counts.audience:,}"
        )
