"""`mailer subscribers history` and `merge`: everything about one person, and two people who are one."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailer.cli.options import JsonOption, YesOption
from mailer.cli.output import ask, say, say_json, say_lines
from mailer.cli.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mailer.feedback.stories import Story
    from subscribers.history import Entry, History
    from subscribers.merging import Merge


def history(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address; upper and lower case do not count.")],
    as_json: JsonOption = False,
) -> None:
    """Tell everything that is known of a person, and everything that was sent to them, in order."""
    from mailer.feedback.stories import stories  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.address import parse  # noqa: PLC0415  # lazy: heavy
    from subscribers.errors import UnknownSubscriber  # noqa: PLC0415  # lazy, as the others
    from subscribers.history import history, in_order  # noqa: PLC0415  # lazy: heavy

    address = parse(email)
    workspace = open_workspace()
    with workspace.reading() as connection:
        found = history(connection, address, hashes=workspace.erasure_hashes(address.key))
        if found is None:
            raise UnknownSubscriber(
                f"nothing is known of {address.email}", hint="`mailer subscribers list` says who is here"
            )
        letters = [story for number in found.numbers for story in stories(connection, number)]
    entries = in_order([*found.entries, *(entry for story in letters for entry in _entries(story))])
    if as_json:
        say_json(_as_json(found, entries, letters))
        return
    say(found.email)
    say_lines(f"  {entry.at:%Y-%m-%d %H:%M:%S} UTC  {entry.kind:<12}  {entry.what}" for entry in entries)


def _entries(story: "Story") -> "Iterator[Entry]":
    """A letter's story, each moment at its time; what has none yet stands behind the moment before it."""
    from subscribers.history import Entry  # noqa: PLC0415  # lazy: heavy

    known = [moment.at for moment in story.moments if moment.at is not None]
    at = known[0] if known else None
    for moment in story.moments:
        at = moment.at or at
        if at is not None:
            yield Entry(at, "letter", f"issue {story.issue} of {story.newsletter}: {moment.what}")


def _as_json(found: "History", entries: "Sequence[Entry]", letters: "Sequence[Story]") -> dict[str, Any]:
    return {
        "email": found.email,
        "subscribers": list(found.numbers),
        "entries": [
            {"at": entry.at.isoformat(), "kind": entry.kind, "what": entry.what, **entry.details} for entry in entries
        ],
        "letters": [
            {"newsletter": story.newsletter, "issue": story.issue, "standing": story.standing} for story in letters
        ],
    }


def merge(
    keep: Annotated[str, typer.Argument(metavar="KEEP", help="The address that the person has from now on.")],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Their other address, whose entry goes.")],
    yes: YesOption = False,
) -> int:
    """Make two people one. Whoever left as either of them has left; nobody gets an issue twice by it."""
    from mailer.consent.merging import merge_people  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.address import parse  # noqa: PLC0415  # lazy: heavy
    from subscribers.merging import plan  # noqa: PLC0415  # lazy: heavy

    kept, gone = parse(keep), parse(other)
    workspace = open_workspace()
    with workspace.reading() as connection:
        _say_plan(plan(connection, kept, gone))
    if not ask(f"Merge {gone.email} into {kept.email}? It cannot be taken back.", yes=yes):
        say("Nothing was changed.")
        return 1
    with workspace.transaction() as connection:
        done = merge_people(connection, kept, gone, now=workspace.now())
    say(f"{done.gone.email} is {done.kept.email} now.")
    return 0


def _say_plan(planned: "Merge") -> None:
    say(f"{planned.kept.email} stays, with the tags and fields of both; {planned.gone.email} is not mailed any more.")
    for newsletter, status in sorted(planned.statuses.items()):
        before = planned.before.get(newsletter)
        changed = "" if before is status else f" (now {before})" if before else " (now nothing)"
        say(f"  {newsletter}: {status}{changed}")
    if planned.suppressed:
        what = count(len(planned.suppressed), "suppression", "suppressions")
        say(f"  {what} taken over: {', '.join(planned.suppressed)}")
