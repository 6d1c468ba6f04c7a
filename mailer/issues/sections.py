"""The sections of an issue's body: where each `::: kind` begins and ends, and what stands outside."""

import re
from dataclasses import dataclass, field

from mailer.issues.attributes import Given, read_attributes
from mailer.issues.source import Place, Source

MOST = 200
"""Sections. More are no letter, and would only make a long wait out of a broken file."""

_FENCE = re.compile(r"[ \t]*:{3,}[ \t]*(?P<rest>.*?)[ \t]*$")
_OPENING = re.compile(r"(?P<kind>[^\s{}]+)[ \t]*(?P<more>.*)")


@dataclass(eq=False)
class Fenced:
    """A section as it stands in the file: its kind's name, its attributes, its lines of Markdown."""

    kind: str
    place: Place
    kind_place: Place
    attributes: tuple[Given, ...]
    outer: "Fenced | None"
    """The section that was open when this one began: a mistake in one of the two."""
    closed: bool = False
    lines: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """Each with its number in the file."""


def find_sections(source: Source, first: int) -> list[Fenced]:
    """Every section from line `first` on, in the order of the file; what is wrong with their fences is noted.

    Fences are matched like brackets. That tells a section that was never closed (the file ends before its `:::`)
    from one that was put inside another.
    """
    found: list[Fenced] = []
    opened: list[Fenced] = []
    outside = False
    for number in range(first, len(source.lines) + 1):
        text = source.lines[number - 1]
        fence = _FENCE.match(text)
        if fence and fence["rest"]:
            if len(found) == MOST:
                source.mistake(source.indent(number), f"an issue has at most {MOST} sections; nothing after is read")
                break
            found.append(_open(source, number, fence, opened[-1] if opened else None))
            opened.append(found[-1])
        elif fence and opened:
            opened.pop().closed = True
        elif fence:
            source.mistake(source.indent(number), "this ':::' closes nothing")
        elif opened:
            opened[-1].lines.append((number, text))
        elif text.strip() and not outside:
            source.mistake(source.indent(number), "text outside any section: put it between '::: prose' and ':::'")
        outside = bool(text.strip()) and not fence and not opened
    for each in found:
        _report(source, each)
    return found


def _open(source: Source, number: int, fence: re.Match[str], outer: Fenced | None) -> Fenced:
    start = fence.start("rest")
    parts = _OPENING.match(fence["rest"])
    if not parts:
        source.mistake((number, start + 1), "the section's kind is missing: '::: kind {name=value}'")
        return Fenced("", source.indent(number), (number, start + 1), (), outer)
    attributes: tuple[Given, ...] = ()
    column = start + parts.start("more") + 1
    if parts["more"].startswith("{"):
        attributes = read_attributes(source, number, column)
    elif parts["more"]:
        source.mistake((number, column), "attributes stand in braces: '::: kind {name=value}'")
    return Fenced(parts["kind"], source.indent(number), (number, start + 1), attributes, outer)


def _report(source: Source, section: Fenced) -> None:
    if not section.closed:
        source.mistake(section.place, f"'::: {section.kind}' is never closed: end it with a line ':::'")
    # What an unclosed section swallowed is not inside it: with its ':::' in place, it would stand after it.
    if section.outer and section.outer.closed:
        outer = f"'::: {section.outer.kind}' of line {section.outer.place[0]}"
        source.mistake(section.place, f"'::: {section.kind}' stands inside {outer}: close that one first")
