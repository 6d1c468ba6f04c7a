"""`mailer deliveries`: who got an issue, who did not, and why; and the word of a person about what nobody knows."""

from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.options import IssueOption, JsonOption, NewsletterOption, YesOption
from mailer.cli.output import ask, say, say_json_array, say_lines
from mailer.cli.status import the_mailing
from mailer.cli.words import count

if TYPE_CHECKING:
    from mailer.ledger.report import DeliveryRow

app = typer.Typer(help="Who got an issue, who did not, and why.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(
    issue: IssueOption,
    newsletter: NewsletterOption = None,
    state: Annotated[
        str | None,
        typer.Option("--state", help="Only these: a state, a standing, or `excluded` for those left out beforehand."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List a mailing's deliveries, in the order of the address book."""
    from mailer.errors import UsageError  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.report import list_deliveries  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.standing import STANDINGS  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    if state is not None and state not in (*STANDINGS, "excluded"):
        raise UsageError(f"there is no state {state!r}", hint=f"the states are {', '.join((*STANDINGS, 'excluded'))}")
    workspace = open_workspace()
    mailing = the_mailing(workspace, newsletter, issue)
    with workspace.reading() as connection:
        rows = list_deliveries(connection, mailing.id, state)
        if as_json:
            say_json_array(
                {
                    "email": row.email,
                    "subscriber": row.subscriber_id,
                    "state": row.state,
                    "standing": row.standing,
                    "reason": row.reason,
                    "attempt": row.attempt,
                    "claimed_at": row.claimed_at.isoformat() if row.claimed_at else None,
                    "settled_at": row.settled_at.isoformat() if row.settled_at else None,
                    "message_id": row.message_id,
                }
                for row in rows
            )
            return
        say_lines(_as_line(row) for row in rows)


def _as_line(row: "DeliveryRow") -> str:
    who = row.email or f"(erased, number {row.subscriber_id})"
    return f"{who:<40}  {row.standing:<10}  {row.reason or row.message_id or ''}".rstrip()


@app.command()
def resolve(
    issue: IssueOption,
    as_: Annotated[str, typer.Option("--as", help="accepted: they have it. pending: they get it again.")],
    newsletter: NewsletterOption = None,
    state: Annotated[str, typer.Option("--state", help="Which ones; nothing but `uncertain` can be resolved.")] = (
        "uncertain"
    ),
    yes: YesOption = False,
) -> int:
    """Settle uncertain deliveries by a person's word: the letters whose answer was lost."""
    from mailer.errors import UsageError  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.report import progress  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.states import State  # noqa: PLC0415  # lazy: heavy
    from mailer.sending.healing import bury_and_look_up  # noqa: PLC0415  # lazy: heavy
    from mailer.sending.resolving import resolve_uncertain  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    if state != State.UNCERTAIN:
        raise UsageError(
            f"--state is uncertain, not {state!r}", hint="what is known of the others is not a person's to change"
        )
    if as_ not in (State.ACCEPTED, State.PENDING):
        raise UsageError(
            f"--as is accepted or pending, not {as_!r}", hint="accepted: they have it; pending: they get it again"
        )
    workspace = open_workspace()
    mailing = the_mailing(workspace, newsletter, issue)
    # In a mailing that is cancelled or paused nobody else looks whether a sender was killed in its call.
    bury_and_look_up(workspace.database, workspace.transport, mailing, workspace.now)
    with workspace.reading() as connection:
        uncertain = progress(connection, mailing.id, mailing.audience).states.get(State.UNCERTAIN, 0)
    if not uncertain:
        say(f"Nothing of issue {issue} is uncertain.")
        return 0
    people = count(uncertain, "person", "people")
    meaning = (
        f"{people} will be counted as having issue {issue}; whoever did not get it never will."
        if as_ == State.ACCEPTED
        else f"{people} will be sent issue {issue} again; an answer that was lost mostly means that the letter went out, so most of them get it twice."
    )
    if not ask(f"{meaning} Go on?", yes=yes):
        say("Nothing was changed.")
        return 1
    settled = resolve_uncertain(workspace.database, mailing, State(as_), workspace.now())
    say(f"{count(settled, 'delivery is', 'deliveries are')} {as_} now.")
    if as_ == State.PENDING:
        say(f"To send: mailer send {workspace.naming(mailing.newsletter, issue)}")
    return 0
