"""`mailer subscribers tag` and `remove`: one person, or all whom a segment selects, counted and asked about first."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.known import known
from mailer.cli.options import NewsletterOption, SegmentOption, YesOption
from mailer.cli.output import ask, say
from mailer.cli.signals import SIGNALLED, stop_signals
from mailer.cli.words import count
from mailer.errors import UsageError
from subscribers.lifecycle import Status

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from mailer.wiring import Workspace
    from subscribers.many import Slice

EmailOrSegment = Annotated[
    str | None, typer.Argument(metavar="EMAIL", help="The address; or say whom with --segment.", show_default=False)
]


def tag(
    email: EmailOrSegment = None,
    add: Annotated[list[str] | None, typer.Option("--add", metavar="TAG", help="Put this tag on them.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", metavar="TAG", help="Take this tag off them.")] = None,
    segment: SegmentOption = None,
    newsletter: NewsletterOption = None,
    yes: YesOption = False,
) -> int:
    """Put tags on people, or take tags off them.

    On one person, or on everyone whom a segment selects; those are counted and asked about first.
    """
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.values import clean_tags  # noqa: PLC0415  # lazy: heavy

    if not add and not remove:
        raise UsageError("nothing to do", hint="say --add TAG or --remove TAG")
    _one_or_many(email, segment)
    put_on, taken_off = clean_tags(add or []), clean_tags(remove or [])
    both = [each for each in put_on if each in taken_off]
    if both:
        raise UsageError(f"{', '.join(both)}: both --add and --remove", hint="say one of them")
    workspace = open_workspace()
    if email is not None:
        return _tag_one(workspace, email, put_on, taken_off)
    from subscribers.many import tag_slice  # noqa: PLC0415  # lazy: heavy

    changes = [f"put {', '.join(put_on)} on them"] if put_on else []
    changes += [f"take {', '.join(taken_off)} off them"] if taken_off else []

    def one(connection: "Connection", slug: str, chosen: "ColumnElement[bool]", after: int) -> "Slice":
        return tag_slice(connection, slug, chosen, after=after, add=put_on, remove=taken_off)

    def said(changed: int) -> str:
        return f"{count(changed, 'person has', 'people have')} other tags now."

    return _all(workspace, newsletter, segment or "", " and ".join(changes), one, said, yes=yes)


def _tag_one(workspace: "Workspace", email: str, add: tuple[str, ...], remove: tuple[str, ...]) -> int:
    from subscribers import book  # noqa: PLC0415  # lazy: heavy
    from subscribers.address import parse  # noqa: PLC0415  # lazy: heavy

    address = parse(email)
    with workspace.transaction() as connection:
        person = known(workspace, connection, address, "")
        book.untag(connection, person.id, remove)
        book.tag(connection, person.id, add)
        tags = known(workspace, connection, address, "").tags
    say(f"{person.email}: {', '.join(tags) or 'no tags'}")
    return 0


def remove(
    email: EmailOrSegment = None,
    segment: SegmentOption = None,
    newsletter: NewsletterOption = None,
    yes: YesOption = False,
) -> int:
    """End subscriptions to one newsletter.

    Of one person, or of everyone whom a segment selects; those are counted and asked about first. They stay in the book, so that no import brings them back.
    """
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy

    _one_or_many(email, segment)
    workspace = open_workspace()
    if email is not None:
        return _remove_one(workspace, newsletter, email, yes=yes)
    from subscribers.many import remove_slice  # noqa: PLC0415  # lazy: heavy

    def one(connection: "Connection", slug: str, chosen: "ColumnElement[bool]", after: int) -> "Slice":
        return remove_slice(connection, slug, chosen, after=after, now=workspace.now(), note=f"segment {segment}")

    what = "end their subscription to it (only they themselves can begin it again)"

    def said(changed: int) -> str:
        return f"{count(changed, 'subscription was', 'subscriptions were')} ended."

    return _all(workspace, newsletter, segment or "", what, one, said, over=Status.UNSUBSCRIBED, yes=yes)


def _remove_one(workspace: "Workspace", newsletter: str | None, email: str, *, yes: bool) -> int:
    from subscribers import book  # noqa: PLC0415  # lazy: heavy
    from subscribers.address import parse  # noqa: PLC0415  # lazy: heavy

    address = parse(email)
    slug = workspace.slug(newsletter)
    with workspace.reading() as connection:
        person = known(workspace, connection, address, slug)
    question = f"End the subscription of {person.email} to {slug}? Only they themselves can begin it again."
    # Whoever has left has nothing to lose; that they have is on record from here on, whatever becomes of an import.
    if person.status not in (None, Status.UNSUBSCRIBED) and not ask(question, yes=yes):
        say("Nothing was changed.")
        return 1
    with workspace.transaction() as connection:
        ended = book.remove(connection, address, slug, now=workspace.now())
    say(f"{person.email} is {'now' if ended else 'already'} unsubscribed from {slug}.")
    return 0


def _one_or_many(email: str | None, segment: str | None) -> None:
    if (email is None) == (segment is None):
        raise UsageError(
            "say whom: one EMAIL, or --segment EXPR" if email is None else "an EMAIL and --segment do not go together",
            hint="`mailer subscribers list --segment EXPR` shows whom a segment selects",
        )


def _all(
    workspace: "Workspace",
    newsletter: str | None,
    segment: str,
    what: str,
    one: "Callable[[Connection, str, ColumnElement[bool], int], Slice]",
    said: "Callable[[int], str]",
    *,
    over: Status | None = None,
    yes: bool,
) -> int:
    """Count, ask, do it slice by slice, and say how many were changed; the exit code.

    For whom `over` is their status already it is done already: that is told with the question.
    """
    from mailer.ledger.segments import condition_of  # noqa: PLC0415  # lazy: heavy
    from subscribers.people import count as count_people  # noqa: PLC0415  # lazy: heavy

    slug = workspace.slug(newsletter)
    chosen = condition_of(segment, slug)
    with workspace.reading() as connection:
        people = count_people(connection, slug, segment=chosen)
        done_already = 0 if over is None else count_people(connection, slug, segment=chosen, status=over)
    if not people:
        say(f"{segment!r} selects nobody of {slug}.")
        return 0
    already = f", {count(done_already, 'of whom is', 'of whom are')} {over} already" if done_already else ""
    if not ask(f"{segment!r} selects {count(people, 'person', 'people')} of {slug}{already}: {what}?", yes=yes):
        say("Nothing was changed.")
        return 1
    after, changed = 0, 0
    with stop_signals("Stopping after these people.") as stop:
        while not stop.asked():
            with workspace.transaction() as connection:
                done = one(connection, slug, chosen, after)
            if not done.people:
                say(said(changed))
                return 0
            after, changed = done.last, changed + done.changed
    say(f"{said(changed)} It was stopped before the end: the same command goes on.")
    return SIGNALLED + (stop.number or 0)
