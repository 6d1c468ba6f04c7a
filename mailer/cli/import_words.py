"""What is said of an import: what the columns mean, the plan, what a person should look at, and what was done."""

from typing import TYPE_CHECKING, Any, NamedTuple

from mailer.cli.output import say, table, warn
from mailer.cli.words import count, duration, reasons

if TYPE_CHECKING:
    from subscribers.imports.gathering import Gathered
    from subscribers.imports.intake import Plan
    from subscribers.imports.layout import Layout
    from subscribers.imports.records import ImportRow
    from subscribers.imports.refusals import Refusal
    from subscribers.imports.sheets import Sheet
    from subscribers.imports.summary import Summary

_EXAMPLES_IN_JSON = 100


class Notices(NamedTuple):
    """What --confirm would send."""

    number: int
    rate: float | None
    """How many a second may leave; None: as many as you like, or there is none to send."""


def say_layout(sheet: "Sheet", layout: "Layout") -> None:
    """What each column of a file is taken for, when that is not plain."""
    if not layout.always.comes_in:
        say(f"{sheet.name}: nobody in it is mailed")
    if not layout.guessed and not layout.service and not layout.left_out:
        return
    by = f"an export of {layout.service}" if layout.service else "its columns say"
    say(f"{sheet.name}: {by}")
    rows = [(sheet.header[position], f"→ {role}") for position, role in layout.roles.items()]
    rows += [
        (sheet.header[position], "→ whether they are mailed")
        for position in layout.standings
        if position not in layout.roles
    ]
    rows += [(sheet.header[position], f"→ field {name}") for position, name in layout.fields.items()]
    table([("", *row) for row in rows])
    if layout.left_out:
        say(f"  left out: {', '.join(layout.left_out)} (--fields keeps them as custom fields)")


def say_warnings(found: "Gathered") -> None:
    """What a person should look at before the list is mailed."""
    for one in found.suspicions.warnings():
        examples = f": {', '.join(one.examples)}" if one.examples else ""
        warn(f"look: {one.number:,} {one.text}{examples}")
    if found.undated:
        dates = count(found.undated, "date", "dates")
        counts, they = ("counts", "it") if found.undated == 1 else ("count", "they")
        warn(
            f"look: {dates} can be read in more than one way, or in none, and {counts} as of today; "
            f"as 2025-12-31 {they} would be read"
        )


def say_plan(plan: "Plan", found: "Gathered", notices: Notices | None) -> None:
    """The figures of a plan, each with some of the people; and what --confirm would send."""
    from subscribers.imports.meeting import Outcome  # noqa: PLC0415  # lazy: heavy

    summary = plan.summary
    files = count(len(found.names), "file", "files")
    say(
        f"{count(summary.rows, 'row', 'rows')} in {files}:"
        if summary.rows
        else f"0 rows in {files}: there is nobody to import."
    )

    def line(number: int, what: str, examples: list[str]) -> None:
        if number:
            some = f"  e.g. {', '.join(examples[:3])}" if examples else ""
            say(f"{number:>11,}  {what}{some}")

    unconfirmed = summary.added - summary.subscribed
    line(summary.subscribed, "new: subscribed", plan.samples.get((Outcome.ADDED, "subscribed"), []))
    some = plan.samples.get((Outcome.ADDED, "unconfirmed"), [])
    line(unconfirmed, "new: unconfirmed, not mailed before they confirm", some)
    line(summary.changed, "here already, something is learned", plan.samples.get((Outcome.CHANGED, ""), []))
    line(summary.unchanged, "here already, unchanged", [])
    for reason, number in summary.ended.items():
        line(number, f"not to be mailed, as the file says: {reason}", plan.samples.get((Outcome.ENDED, reason), []))
    for reason, number in summary.kept_out.items():
        line(number, f"kept out: {reason}", plan.samples.get((Outcome.KEPT_OUT, reason), []))
    rows = "row" if summary.duplicates == 1 else "rows"
    line(summary.duplicates, f"{rows} of somebody whom another row names", [])
    for kind, number in summary.refused.items():
        some = [one for one in found.refused if one.kind == kind]
        line(number, f"refused: {kind}", _places(some[:3]))
        if some:
            say(f"{'':>13}{some[0].reason}")
    _say_refused(found)
    _say_passed_over(found)
    if notices is not None:
        took = (
            f", at {notices.rate:g} a second: about {duration(notices.number / notices.rate)}" if notices.rate else ""
        )
        say(f"{count(notices.number, 'notice', 'notices')} would ask them to confirm{took}.")


def _places(refused: "list[Refusal]") -> list[str]:
    """Where they stand; a file that several stand in is named once."""
    places, file = list[str](), None
    for one in refused:
        places.append(f":{one.line}" if one.file == file else f"{one.file}:{one.line}")
        file = one.file
    return places


def say_done(row: "ImportRow", found: "Gathered") -> None:
    """What was done, and how to take it back."""
    summary = row.counts
    each = [(summary.subscribed, "subscribed"), (summary.added - summary.subscribed, "unconfirmed")]
    those = [(number, status) for number, status in each if number]
    status = those[0][1] if len(those) == 1 else " and ".join(f"{number:,} {word}" for number, word in those)
    became = f", {status}" if status else ""
    say(f"{count(summary.added, 'person', 'people')} added to {row.newsletter}{became}.")
    if summary.changed or summary.unchanged:
        there = summary.changed + summary.unchanged
        of = "" if summary.changed == there else f"{summary.changed:,} of "
        learned = f"; more is known of {of}them now" if summary.changed else ""
        say(f"{count(there, 'was', 'were')} there already{learned}.")
    for counts, what in ((summary.ended, "not to be mailed, as the file says"), (summary.kept_out, "kept out")):
        if counts:
            say(f"{count(sum(counts.values()), 'person', 'people')} {what}: {reasons(counts)}.")
    if summary.duplicates:
        say(f"{count(summary.duplicates, 'row', 'rows')} named somebody a second time.")
    if summary.refused:
        say(f"{count(sum(summary.refused.values()), 'row', 'rows')} refused: {reasons(summary.refused)}.")
    _say_refused(found)
    _say_passed_over(found)
    if found.invited:
        say(f"{count(found.invited, 'notice', 'notices')} to confirm will go out at the pace of all letters.")
    if summary.writes:
        say(f"This was import {row.id}; `mailer subscribers undo-import {row.id}` takes it back.")


def say_stopped(row: "ImportRow", rows: int) -> None:
    """How far it came, and both ways on."""
    say(f"Import {row.id} is stopped, with {row.position:,} of {count(rows, 'row', 'rows')} done.")
    say(f"The same command goes on with it; `mailer subscribers undo-import {row.id}` takes it back.")


def _say_refused(found: "Gathered") -> None:
    one = sum(found.summary.refused.values()) == 1
    for path in found.refused_files:
        row, them = ("The refused row is", "it") if one else ("The refused rows are", "them")
        say(f"{row} in {path}: mend {them} there, and import that file with the same options.")


def _say_passed_over(found: "Gathered") -> None:
    for name, why in found.passed_over:
        say(f"Passed over: {name}, {why}.")


def plan_as_json(plan: "Plan", found: "Gathered", notices: Notices | None) -> dict[str, Any]:
    """A plan for a program."""
    samples = {
        f"{outcome.value}{': ' if reason else ''}{reason}": some for (outcome, reason), some in plan.samples.items()
    }
    asked = {} if notices is None else {"notices": notices.number, "notices_a_second": notices.rate}
    return {"import": None, "dry_run": True, **_figures(plan.summary, found), "samples": samples, **asked}


def import_as_json(row: "ImportRow", found: "Gathered") -> dict[str, Any]:
    """An import for a program."""
    head = {"import": row.id, "newsletter": row.newsletter, "state": row.state.value}
    return head | _figures(row.counts, found) | {"invited": found.invited}


def _figures(summary: "Summary", found: "Gathered") -> dict[str, Any]:
    return {
        "files": found.names,
        **summary.as_json(),
        "bad": [{"file": one.file, "line": one.line, "reason": one.reason} for one in found.refused][
            :_EXAMPLES_IN_JSON
        ],
        "refused_files": [str(path) for path in found.refused_files],
        "passed_over": [name for name, _ in found.passed_over],
        "warnings": [
            {"warning": one.text, "rows": one.number, "examples": list(one.examples)}
            for one in found.suspicions.warnings()
        ],
    }
