"""YAML whose every key and value knows its place: the reading behind front matter, newsletter.yaml and kinds."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, TypeVar, cast

import yaml

from mailer.issues.nodes import place, shown
from mailer.issues.source import CONTROL, Locate, Place, Source, closest

_TAG = "tag:yaml.org,2002:"
_WORDS = {_TAG + name for name in ("str", "int", "float", "bool", "timestamp", "value", "merge")}
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SURROGATE = re.compile("[\ud800-\udfff]")
N = TypeVar("N", bound=yaml.Node)


class Entries:
    """A YAML mapping whose keys are taken one by one; what is left when it is closed is unknown, and said so."""

    def __init__(self, source: Source, node: yaml.MappingNode, name: str = "") -> None:
        self._source = source
        self._name = name
        self._start = place(node)
        self._known: list[str] = []
        self._missing: dict[str, str] = {}
        self._keys: dict[str, yaml.Node] = {}
        self._values: dict[str, yaml.Node] = {}
        for key, value in cast("list[tuple[yaml.Node, yaml.Node]]", node.value):
            word: Any = key.value
            if not isinstance(key, yaml.ScalarNode):
                source.mistake(place(key), "a key must be a plain word")
            elif word in self._keys:
                first = place(self._keys[word])[0]
                source.mistake(place(key), f"'{name}{word}' is given twice, first on line {first}")
            else:
                self._keys[word], self._values[word] = key, value

    def text(self, key: str, why: str = "", *, longest: int = 200) -> str:
        """One line of words, at most `longest` characters; "" when absent or wrong.

        `why` says why the key must be there; an optional key has none.
        """
        node = self._take(key, why)
        if node is None:
            return ""
        words = self._words(node, key)
        if len(words) > longest:
            message = f"{self._name}{key} has {len(words)} characters; it takes at most {longest}"
            self._source.mistake(place(node), message)
            return ""
        return words

    def lines(self, key: str, why: str = "") -> str:
        """Words that may fill several lines; they are joined by commas."""
        node = self._take(key, why)
        return "" if node is None else self._words(node, key, several=True)

    def whole(self, key: str, lowest: int, highest: int, why: str = "") -> int | None:
        """A whole number between the two, both included."""
        node = self._take(key, why)
        if node is None:
            return None
        plain = isinstance(node, yaml.ScalarNode) and node.style is None
        if not plain or not _WHOLE.fullmatch(node.value):
            self._source.mistake(place(node), f"{self._name}{key} must be a whole number, not {shown(node)}")
        elif not lowest <= int(node.value) <= highest:
            message = f"{self._name}{key} must be between {lowest} and {highest}, not {node.value}"
            self._source.mistake(place(node), message)
        else:
            return int(node.value)
        return None

    def day(self, key: str, why: str = "") -> date | None:
        """A day, written YYYY-MM-DD."""
        node = self._take(key, why)
        if node is None:
            return None
        if isinstance(node, yaml.ScalarNode) and _DAY.fullmatch(node.value):
            try:
                return date.fromisoformat(node.value)
            except ValueError:
                self._source.mistake(place(node), f"{self._name}{key}: there is no day {node.value}")
                return None
        message = f"{self._name}{key} must be a day, written like 2025-12-20, not {shown(node)}"
        self._source.mistake(place(node), message)
        return None

    def texts(self, key: str) -> tuple[tuple[str, Place], ...]:
        """A list of words, each with its place."""
        node = self._kind(key, yaml.SequenceNode, "a list, such as [one, two]")
        nodes = cast("list[yaml.Node]", node.value) if node else []
        return tuple((words, place(each)) for each in nodes if (words := self._words(each, key)))

    def entries(self, key: str) -> "Entries | None":
        """The mapping under a key."""
        node = self._kind(key, yaml.MappingNode, "a mapping, such as {one: 1}")
        return Entries(self._source, node, f"{self._name}{key}.") if node else None

    def rest(self) -> Iterator[tuple[str, yaml.Node]]:
        """Every key that nobody took, with its value: for mappings whose keys are the author's own."""
        for key in [key for key in self._keys if key not in self._known]:
            self._known.append(key)
            yield key, self._values[key]

    def words(self, key: str, node: yaml.Node) -> str:
        """The words of a value that `rest` gave."""
        return self._words(node, key)

    def key_place(self, key: str) -> Place:
        """Where a key stands; where the mapping begins, if it does not."""
        return place(self._keys[key]) if key in self._keys else self._start

    def place(self, key: str) -> Place:
        """Where a value begins; where the mapping begins, if there is none."""
        return place(self._values[key]) if key in self._values else self._start

    def locate(self, key: str, words: str) -> Locate:
        """The places of the words of a value: exact when they stand in the file as they are read."""
        line, column = self.place(key)
        found = self._source.lines[line - 1].find(words, column - 1) if words else -1
        return (lambda offset: (line, found + 1 + offset)) if found >= 0 else (lambda _: (line, column))

    def close(self) -> None:
        """Report every key that nobody asked for, and every one that is missing and not merely misspelt."""
        for key, node in self._keys.items():
            if key not in self._known:
                near = closest(key, set(self._known) - set(self._keys))
                self._missing.pop(near or "", None)
                about = f", did you mean '{near}'?" if near else f" (there is {', '.join(sorted(self._known))})"
                self._source.mistake(place(node), f"unknown key '{self._name}{key}'{about}")
        for key, why in self._missing.items():
            self._source.mistake(self._start, f"'{self._name}{key}' is missing: {why}")

    def _take(self, key: str, why: str) -> yaml.Node | None:
        self._known.append(key)
        node = self._values.get(key)
        if node is not None and not (node.tag == _TAG + "null" and isinstance(node, yaml.ScalarNode)):
            return node
        if node is not None:
            self._source.mistake(
                place(self._keys[key]), f"{self._name}{key} has no value" + (f": {why}" if why else "")
            )
        elif why:
            self._missing[key] = why
        return None

    def _kind(self, key: str, kind: type[N], wanted: str) -> N | None:
        node = self._take(key, "")
        if node is None or isinstance(node, kind):
            return node
        self._source.mistake(place(node), f"{self._name}{key} must be {wanted}, not {shown(node)}")
        return None

    def _words(self, node: yaml.Node, key: str, *, several: bool = False) -> str:
        name = f"{self._name}{key}"
        if not isinstance(node, yaml.ScalarNode) or node.tag not in _WORDS:
            self._source.mistake(place(node), f"{name} must be words, not {shown(node)}")
            return ""
        words = cast("str", node.value).strip()
        if several:
            words = ", ".join(line.strip(" \t,") for line in words.split("\n") if line.strip(" \t,"))
        if not words:
            self._source.mistake(place(node), f"{name} is empty")
        elif "\n" in words or "\t" in words:
            self._source.mistake(place(node), f"{name} must be one line, without breaks and tabs")
        elif CONTROL.search(words) or _SURROGATE.search(words):
            self._source.mistake(place(node), f"{name} must not hold control characters")
        elif node.style is None and (lost := self._lost(node)):
            self._source.mistake(lost, f"{name} ends here, for ' #' begins a comment in YAML: put it in \"quotes\"")
        else:
            return words
        return ""

    def _lost(self, node: yaml.ScalarNode) -> Place | None:
        """Where a value was cut at a ` #54`, which its author meant as words."""
        mark = node.end_mark
        found = re.match(r"\s+#(?=\w)", self._source.lines[mark.line][mark.column :])
        return (mark.line + 1, mark.column + found.end()) if found else None
