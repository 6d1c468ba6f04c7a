"""Attributes of a section: their types, and the reading of `{rating=7 kicker="Analysis"}`."""

import re
from dataclasses import dataclass
from typing import cast

import yaml

from mailer.issues.source import Source, closest
from mailer.issues.urls import WEB, wrong_with

_RANGE = re.compile(r"(-?[0-9]{1,9})\.\.(-?[0-9]{1,9})")
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")


@dataclass(frozen=True)
class Words:
    """`text`: a few words on one line."""

    def read(self, given: str) -> str:
        """The value. Raises ValueError, saying what it must be."""
        if not given.strip():
            raise ValueError("must not be empty")
        return given.strip()


@dataclass(frozen=True)
class Address:
    """`url`: an address on the web."""

    def read(self, given: str) -> str:
        """The value. Raises ValueError, saying what it must be."""
        if wrong := wrong_with(given, WEB):
            raise ValueError(f"must be an address: {wrong}")
        return given


@dataclass(frozen=True)
class Range:
    """`0..10`: a whole number between the two, both included."""

    lowest: int
    highest: int

    def read(self, given: str) -> int:
        """The value. Raises ValueError, saying what it must be."""
        if not _WHOLE.fullmatch(given) or not self.lowest <= int(given) <= self.highest:
            raise ValueError(f"must be a whole number from {self.lowest} to {self.highest}, not '{given}'")
        return int(given)


@dataclass(frozen=True)
class Choice:
    """`[left, right]`: one of these words."""

    words: tuple[str, ...]

    def read(self, given: str) -> str:
        """The value. Raises ValueError, saying what it must be."""
        if given not in self.words:
            near = closest(given, self.words)
            guess = f", did you mean '{near}'?" if near else ""
            raise ValueError(f"must be one of {', '.join(self.words)}, not '{given}'{guess}")
        return given


AttributeType = Words | Address | Range | Choice


def attribute_type(node: yaml.Node) -> AttributeType | None:
    """The type that a theme declares for an attribute; None when it is none."""
    if isinstance(node, yaml.SequenceNode):
        nodes = cast("list[yaml.Node]", node.value)
        words = tuple(cast("str", each.value) for each in nodes if isinstance(each, yaml.ScalarNode))
        return Choice(words) if words and len(words) == len(nodes) else None
    if node.value == "text":
        return Words()
    if node.value == "url":
        return Address()
    if isinstance(node, yaml.ScalarNode) and (found := _RANGE.fullmatch(node.value)):
        lowest, highest = int(found[1]), int(found[2])
        return Range(lowest, highest) if lowest < highest else None
    return None


@dataclass(frozen=True)
class Given:
    """One attribute as it was written: its words, and the columns where its name and its value begin."""

    name: str
    value: str
    column: int
    value_column: int


_GIVEN = re.compile(
    r"""(?P<name>[A-Za-z][\w-]*)[ \t]*=[ \t]*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"'{}“”‘’]+))"""
)


def read_attributes(source: Source, line: int, column: int) -> tuple[Given, ...]:
    """Read the attributes in the braces that open at `column`, to the end of the line."""
    text = source.lines[line - 1]
    position, given = column, list[Given]()
    while True:
        position += len(text[position:]) - len(text[position:].lstrip())
        if text[position:].rstrip() == "}":
            return tuple(given)
        if position >= len(text):
            source.mistake((line, column), "the brace that opens here is not closed")
            return tuple(given)
        found = _GIVEN.match(text, position)
        if not found or found.end() == len(text.rstrip()) or text[found.end()] not in " \t}":
            source.mistake((line, position + 1), _malformed(text[position:].rstrip()))
            return tuple(given)
        if any(each.name == found["name"] for each in given):
            source.mistake((line, position + 1), f"'{found['name']}' is given twice")
        quoted = found["quoted"]
        value = found["bare"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        start = found.start("bare") if quoted is None else found.start("quoted")
        given.append(Given(found["name"], value, position + 1, start + 1))
        position = found.end()


def _malformed(rest: str) -> str:
    if re.match(r"[\w-]+\s*=\s*['“”‘’]", rest):
        return 'a value with spaces stands in straight double quotes: name="a value"'
    if re.match(r'[\w-]+\s*=\s*"[^"]*$', rest):
        return "the quote that opens here is not closed"
    if "}" not in rest:
        return "the brace is not closed: {name=value}"
    return 'an attribute is written name=value or name="a value"'
