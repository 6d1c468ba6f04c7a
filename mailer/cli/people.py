"""`mailer subscribers history` and `merge`: everything about one person, and two people who are one."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailer.cli.known import person_json, person_lines
from mailer.cli.options import JsonOption, YesOption
from mailer.cli.output import ask, say, say_json, say_lines
from mailer.cli.words import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mailer.feedback.stories import Moment, NoticeStory, Story
    from subscribers.history import Entry, History
    from subscribers.lifecycle import Status
    from subscribers.merging import Merge
    from subscribers.people import Person


def history(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address; upper and lower case do not count.")],
    as_json: JsonOption = False,
) -> None:
    """Tell all that is known of a person, and what they were sent.

    In order of time. A tag, a name and a field are told as they are now: when they came is not on record.
    """
    from mailer.feedback.stories import notice_stories, stories  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.address import parse  # noqa: PLC0415  # lazy: heavy
    from subscribers.errors import UnknownSubscriber  # noqa: PLC0415  # lazy, as the others
    from subscribers.history import History, history, in_order  # noqa: PLC0415  # lazy: heavy
    from subscribers.people import newsletters, show  # noqa: PLC0415  # lazy: heavy

    address = parse(email)
    workspace = open_workspace()
    with workspace.reading() as connection:
        found = history(connection, address, hashes=workspace.erasure_hashes(address.key))
        former: Mapping[int, str] = found.former if found else {}
        notices = notice_stories(connection, [address.key, *former.values()])
        if found is None and not notices:
            raise UnknownSubscriber(
                f"nothing is known of {address.email}", hint="`mailer subscribers list` says who is here"
            )
        found = found or History(address.email, (), former, None, ())
        letters = [(number, story) for number in found.numbers for story in stories(connection, number)]
        person = show(connection, address, "")
        subscriptions = newsletters(connection, person.id) if person else {}
    told = [
        *found.entries,
        *(entry for number, story in letters for entry in _of_letter(story, former.get(number, ""))),
        *(entry for story in notices for entry in _of_notice(story)),
    ]
    entries = in_order(told)
    if as_json:
        say_json(_as_json(found, person, subscriptions, entries, [story for _, story in letters], notices))
        return
    say_lines(person_lines(person, subscriptions) if person else [found.email])
    if found.belongs_to:
        say(f"  merged into {found.belongs_to}, or left for it: mailer subscribers history {found.belongs_to}")
    say_lines(f"  {entry.at:%Y-%m-%d %H:%M:%S} UTC  {entry.kind:<12}  {entry.what}" for entry in entries)


def _of_letter(story: "Story", former: str) -> "Iterator[Entry]":
    to = f", to {former}" if former else ""
    return _entries(story.moments, "letter", f"issue {story.issue} of {story.newsletter}{to}")


def _of_notice(story: "NoticeStory") -> "Iterator[Entry]":
    about = f"{_NOTICES.get(story.kind, story.kind)} of {story.newsletter}, to {story.email}"
    return _entries(story.moments, "notice", about)


_NOTICES = {
    "confirm": "letter to confirm",
    "move": "letter to confirm a new address",
    "moved": "letter about a new address",
    "test": "test letter",
}


def _entries(moments: "Sequence[Moment]", kind: str, about: str) -> "Iterator[Entry]":
    """A letter's story, each moment at its time; what has none yet stands behind the moment before it."""
    from subscribers.history import Entry  # noqa: PLC0415  # lazy: heavy

    known = [moment.at for moment in moments if moment.at is not None]
    at = known[0] if known else None
    for moment in moments:
        at = moment.at or at
        if at is not None:
            yield Entry(at, kind, f"{about}: {moment.what}")


def _as_json(
    found: "History",
    person: "Person | None",
    newsletters: "Mapping[str, Status]",
    entries: "Sequence[Entry]",
    letters: "Sequence[Story]",
    notices: "Sequence[NoticeStory]",
) -> dict[str, Any]:
    return {
        "email": found.email,
        "person": None if person is None else _now(person, newsletters),
        "belongs_to": found.belongs_to,
        "subscribers": list(found.numbers),
        "entries": [
            {"at": entry.at.isoformat(), "kind": entry.kind, "what": entry.what, **entry.details} for entry in entries
        ],
        "letters": [
            {"newsletter": story.newsletter, "issue": story.issue, "standing": story.standing} for story in letters
        ],
        "notices": [
            {"kind": story.kind, "newsletter": story.newsletter, "email": story.email, "standing": story.standing}
            for story in notices
        ],
    }


def _now(person: "Person", newsletters: "Mapping[str, Status]") -> dict[str, Any]:
    """As `subscribers show` has it; seen from no newsletter there is no `status`."""
    return {name: value for name, value in person_json(person).items() if name != "status"} | {
        "newsletters": newsletters
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
