"""`mailer suppressions`: the addresses that are never mailed, why, and what it takes to lift that."""

import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailer.cli.options import JsonOption, YesOption
from mailer.cli.output import ask, say, say_json, say_json_array, say_lines, say_lines_or, say_prose
from mailer.cli.words import count
from mailer.errors import NotFound, UsageError
from subscribers.lifecycle import SuppressionReason

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mailer.ses.suppression import Pulled
    from subscribers.suppressed import Suppressed

app = typer.Typer(help="Addresses that are never mailed.", no_args_is_help=True, rich_markup_mode=None)

EmailArgument = Annotated[str, typer.Argument(metavar="EMAIL", help="The address; upper and lower case do not count.")]


_ADDED = (
    SuppressionReason.OPERATOR,
    SuppressionReason.BOUNCED,
    SuppressionReason.COMPLAINED,
    SuppressionReason.UNDELIVERABLE,
    SuppressionReason.LEFT_ALL,
)
"""`erased` is made by erasing, and in no other way."""

_MEANS = {
    SuppressionReason.OPERATOR: "Somebody here suppressed it; whoever is subscribed gets letters again.",
    SuppressionReason.BOUNCED: (
        "A letter came back for good: there was no such mailbox. If there still is none, the next letter bounces too, and "
        "too many of those make Amazon stop this account. Subscriptions stay ended: only the person can subscribe again."
    ),
    SuppressionReason.COMPLAINED: (
        "This person called a letter spam. If they do so again, it is this account that suffers. Subscriptions stay ended: "
        "only they themselves can subscribe again."
    ),
    SuppressionReason.UNDELIVERABLE: (
        "Letters came back several times, over weeks. Whoever is subscribed gets letters again, until that repeats itself."
    ),
    SuppressionReason.ERASED: (
        "This person asked to be erased. Lifting it brings nothing back: it only lets the address be entered again, which "
        "should be because they asked for that."
    ),
}
_AT_AMAZON = (SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED)


@app.command("list")
def list_(
    reason: Annotated[SuppressionReason | None, typer.Option("--reason", help="Only those for this reason.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List the suppressed addresses. One that is suppressed for several reasons stands there several times."""
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.suppressed import list_suppressed  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    with workspace.reading() as connection:
        found = list_suppressed(connection, reason)
        if as_json:
            say_json_array(_as_json(one) for one in found)
            return
        say_lines_or((_as_line(one) for one in found), f"No address is suppressed{f' as {reason}' if reason else ''}.")


@app.command()
def add(
    email: EmailArgument,
    reason: Annotated[
        SuppressionReason, typer.Option("--reason", help="Why; any but `erased`.")
    ] = SuppressionReason.OPERATOR,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What whoever lifts it should know.")] = "",
) -> None:
    """Never mail an address again until that is lifted. It need not be in the address book."""
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.address import parse  # noqa: PLC0415  # lazy: heavy
    from subscribers.rows import is_erased, lock_erasures  # noqa: PLC0415  # lazy: heavy
    from subscribers.suppressing import suppress  # noqa: PLC0415  # lazy: heavy

    if reason not in _ADDED:
        raise UsageError(f"--reason cannot be {reason}", hint="mailer subscribers erase EMAIL erases a person")
    address = parse(email)
    workspace = open_workspace()
    hashes = workspace.erasure_hashes(address.key)
    with workspace.transaction() as connection:
        lock_erasures(connection, to_erase=False)
        # Written down in clear, an address that was erased would be known again; and it is not mailed anyway.
        erased = is_erased(connection, hashes)
        added = not erased and suppress(connection, address.key, reason, note=note, now=workspace.now())
    if erased:
        say("That person was erased: they are not mailed, and nothing more is written down about them.")
    else:
        say(f"{address.email} is {'' if added else 'already '}suppressed: {reason}.")


@app.command()
def lift(
    email: EmailArgument,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="Why: who asked for it, and when.")],
    reason: Annotated[
        SuppressionReason | None, typer.Option("--reason", help="Which one; not needed when there is only one.")
    ] = None,
    yes: YesOption = False,
) -> int:
    """Lift a suppression, so that the address may be mailed again."""
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers import lifecycle  # noqa: PLC0415  # lazy, as the others
    from subscribers.address import parse  # noqa: PLC0415  # lazy: heavy
    from subscribers.suppressing import lift  # noqa: PLC0415  # lazy: heavy

    if not note.strip():
        raise UsageError("--note is empty", hint="write down who asked for it, and when")
    address = parse(email)
    workspace = open_workspace()
    hashes = workspace.erasure_hashes(address.key)
    with workspace.reading() as connection:
        there = _there(connection, address.key, hashes)
    chosen = _which(address.email, there, reason)
    lifecycle.lift(chosen, lifecycle.Actor.OPERATOR, note)
    say_prose(_MEANS[chosen])
    if chosen in _AT_AMAZON:
        say_prose(
            "Amazon keeps a list of its own for the account. While the address is on it, no letter gets there, and "
            "`mailer suppressions pull` suppresses it again. To take it off:"
        )
        say(f"  aws sesv2 delete-suppressed-destination --email-address {address.key}")
    if not ask(f"Lift `{chosen}` for {address.email}?", yes=yes):
        say("Nothing was changed.")
        return 1
    with workspace.transaction() as connection:
        lift(connection, address.key, chosen, note=note, now=workspace.now(), hashes=hashes)
        left = _there(connection, address.key, hashes)
    say(f"Lifted: {address.email} is " + (f"still suppressed: {', '.join(left)}." if left else "suppressed no more."))
    return 0


@app.command()
def pull(as_json: JsonOption = False) -> int:
    """Suppress here whoever is on the suppression list of the Amazon account. Nothing is ever lifted by it."""
    import time  # noqa: PLC0415  # lazy: only here

    from mailer.cli.signals import SIGNALLED, stop_signals  # noqa: PLC0415  # lazy: only here
    from mailer.ses.client import reading_client  # noqa: PLC0415  # lazy: boto3
    from mailer.ses.suppression import pull  # noqa: PLC0415  # lazy: boto3
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    client = reading_client()
    database = workspace.database
    try:
        with stop_signals("Stopping after this page.") as stop, _shown() as observe:
            pulled = pull(
                client,
                database,
                hashes=workspace.erasure_hashes,
                now=workspace.now,
                clock=time.monotonic,
                sleep=workspace.sleep,
                stopped=stop.asked,
                observe=observe,
            )
    finally:
        client.close()
    if as_json:
        say_json(_pulled_as_json(pulled))
    else:
        say_lines(_pulled_lines(pulled))
    return SIGNALLED + stop.number if stop.number is not None else 0


@contextmanager
def _shown() -> "Generator[Callable[[Pulled], None]]":
    """An observer that draws how far it is, if a person looks at it: Amazon gives a page a second."""
    if not sys.stderr.isatty():
        yield lambda _pulled: None
        return
    from rich.console import Console  # noqa: PLC0415  # lazy: only for a person at a terminal

    with Console(stderr=True).status("Asking Amazon") as status:
        yield lambda pulled: status.update(f"{pulled.seen:,} addresses read, {pulled.new:,} new")


def _pulled_lines(pulled: "Pulled") -> Iterator[str]:
    yield f"{count(pulled.seen, 'address', 'addresses')} read from Amazon's list, {pulled.new:,} suppressed since now."
    if pulled.erased:
        yield f"{count(pulled.erased, 'was', 'were')} erased here, and not written down again."
    if pulled.unusable:
        yield f"{count(pulled.unusable, 'is', 'are')} no address that could be written to."
    if not pulled.whole:
        yield "The list was not read to its end: the same command goes on from here, within a day."


def _pulled_as_json(pulled: "Pulled") -> dict[str, Any]:
    return {
        "seen": pulled.seen,
        "new": pulled.new,
        "erased": pulled.erased,
        "unusable": pulled.unusable,
        "whole": pulled.whole,
    }


def _there(connection: "Connection", key: str, hashes: Sequence[str]) -> list[str]:
    """Every reason that an address is suppressed for, also when nothing is left of it but a hash."""
    from subscribers.rows import is_erased  # noqa: PLC0415  # lazy: heavy
    from subscribers.suppressed import of_address  # noqa: PLC0415  # lazy: heavy

    erased = [SuppressionReason.ERASED.value] if is_erased(connection, hashes) else []
    return [*erased, *(one.reason for one in of_address(connection, key))]


def _which(email: str, there: Sequence[str], reason: SuppressionReason | None) -> SuppressionReason:
    """The suppression that is meant. Raises NotFound and UsageError."""
    if not there or (reason is not None and reason.value not in there):
        others = f"; it is: {', '.join(there)}" if there else ""
        raise NotFound(
            f"{email} is not suppressed{f' as {reason}' if reason else ''}{others}",
            hint="see `mailer suppressions list`",
        )
    if reason is None and len(there) > 1:
        raise UsageError(
            f"{email} is suppressed for several reasons: {', '.join(there)}", hint="say which one with --reason"
        )
    return reason or SuppressionReason(there[0])


def _as_line(one: "Suppressed") -> str:
    return f"{one.key or '(erased)':<40}  {one.reason:<13}  {one.at:%Y-%m-%d}  {one.note}".rstrip()


def _as_json(one: "Suppressed") -> dict[str, Any]:
    return {"email": one.key, "reason": one.reason, "at": one.at.isoformat(), "note": one.note}
