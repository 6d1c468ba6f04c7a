"""`mailer subscribers stats`: how the list is, in figures and in a small plot."""

import shutil
import sys
from typing import TYPE_CHECKING, Any

from mailer.cli.options import JsonOption, NewsletterOption
from mailer.cli.output import say, say_json, table
from mailer.cli.words import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mailer.ledger.health import Health
    from subscribers.statistics import Week

WEEKS = 12
DOMAINS = 10

_WIDEST = 40
"""Characters of the longest bar, where the terminal has room for them."""
_FIGURES = 28
"""Characters of a line before its bar."""


def stats(newsletter: NewsletterOption = None, as_json: JsonOption = False) -> None:
    """Say how the list is, in figures and a small plot.

    By state, by domain, its growth by week, and whose letters do not arrive.
    """
    from mailer.ledger.audience import hold_still  # noqa: PLC0415  # lazy: heavy
    from mailer.ledger.health import health  # noqa: PLC0415  # lazy: heavy
    from mailer.wiring import open_workspace  # noqa: PLC0415  # lazy: heavy
    from subscribers.statistics import by_domain, by_state, by_week  # noqa: PLC0415  # lazy: heavy

    workspace = open_workspace()
    slug = workspace.slug(newsletter)
    with workspace.reading() as connection:
        hold_still(connection)
        states = by_state(connection, slug)
        domains = by_domain(connection, slug, DOMAINS)
        weeks = by_week(connection, slug, last=workspace.now().date(), weeks=WEEKS)
        letters = health(connection, slug)
    if as_json:
        say_json(_as_json(slug, states, domains, weeks, letters))
        return
    say(f"{slug}: {count(sum(states.values()), 'person', 'people')}")
    table((f"  {state}", f"{number:>11,}") for state, number in states.items())
    if domains:
        say("\nDomains of those who may be mailed")
        mailable = states["mailable"]
        table((f"  {domain}", f"{number:>11,}", f"{number / mailable:>6.1%}") for domain, number in domains.items())
    _plot(weeks)
    say("\nLetters to those who may be mailed")
    _say_health(letters)


def _plot(weeks: "Sequence[Week]") -> None:
    """A bar for each week: as long as those who came, with those who left cut from its end."""
    encoding = (getattr(sys.stdout, "encoding", None) or "").lower()
    full, less = ("█", "░") if encoding.startswith("utf") else ("#", "-")
    room = shutil.get_terminal_size().columns - _FIGURES
    width = max(1, min(_WIDEST, room))
    say(f"\nWeek from   came    left  {full} gain {less} left")
    most = max((max(week.came, week.left) for week in weeks), default=0)
    for week in weeks:
        came, left = (-(-number * width // most) if most else 0 for number in (week.came, week.left))
        bar = full * max(0, came - left) + less * left
        say(f"{week.begins}  {week.came:>6,}  {week.left:>6,}  {bar}".rstrip())


def _say_health(letters: "Health") -> None:
    say(f"  {count(letters.mailed, 'was', 'were')} mailed at least once.")
    if not letters.mailed:
        return
    if letters.never_delivered is None:
        say("  No delivery was heard of yet, so nobody can say who never got one: see `mailer events`.")
    else:
        say(
            f'  {letters.never_delivered:,} of them never had a letter delivered: --segment "mailed and not delivered" selects them.'
        )
    for times, people in letters.soft_bouncing.items():
        more = " or more" if times == max(letters.soft_bouncing) and times > 1 else ""
        say(f"  {people:,} had {times}{more} soft-bounced: --segment soft-bounced selects all who ever had.")


def _as_json(
    slug: str,
    states: "Mapping[str, int]",
    domains: "Mapping[str, int]",
    weeks: "Sequence[Week]",
    letters: "Health",
) -> dict[str, Any]:
    return {
        "newsletter": slug,
        "people": sum(states.values()),
        "states": dict(states),
        "domains": dict(domains),
        "weeks": [{"begins": week.begins.isoformat(), "came": week.came, "left": week.left} for week in weeks],
        "mailed": letters.mailed,
        "never_delivered": letters.never_delivered,
        "soft_bouncing": {str(times): people for times, people in letters.soft_bouncing.items()},
    }
