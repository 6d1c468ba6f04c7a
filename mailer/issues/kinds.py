"""The kinds of section that a theme knows: each partial declares its own in the comment that begins it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from mailer.errors import ContentErrors, Mistake, NotFound
from mailer.issues.attributes import AttributeType, attribute_type
from mailer.issues.keyed import Entries
from mailer.issues.nodes import compose
from mailer.issues.source import Source, closest, read_source, suggest


@dataclass(frozen=True)
class Part:
    """One of the parts that a section may have: its name in a message, and how it is written."""

    noun: str
    written: str


PARTS: Mapping[str, Part] = {
    "headline": Part("headline", "a line '# Words'"),
    "standfirst": Part("standfirst", "a line '> Words' right under the headline"),
    "text": Part("text", "a paragraph"),
    "quote": Part("quote", "a line '> Words'"),
    "figures": Part("table", "a table of two columns, | Measure | Value |"),
    "items": Part("numbered list", "1. **Title** and a few words under it"),
    "image": Part("image", "![what it shows](https://…) alone in its paragraph"),
    "button": Part("button", "[words](https://…) alone in its paragraph"),
}

_SUFFIX = ".mjml.j2"
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_COMMENT = re.compile(r"\{#-?(.*?)-?#\}", re.DOTALL)
_DECLARES = re.compile(r"^[ \t]*(about|attributes|parts|needs|columns|beside|label)[ \t]*:", re.MULTILINE)
_MOST_COLUMNS = 4


@dataclass(frozen=True)
class Kind:
    """What a section of one kind may hold, and how it stands among its neighbours."""

    name: str
    about: str
    attributes: Mapping[str, AttributeType]
    parts: frozenset[str]
    needs: frozenset[str]
    columns: int = 1
    """So many consecutive sections of this kind share a row."""
    beside: str = ""
    """Directly after a section of that kind, this one stands beside it."""
    label: str = ""
    """The words over it, unless the newsletter has its own."""


def read_kinds(folders: Sequence[Path]) -> dict[str, Kind]:
    """Every kind that the folders' partials declare; of two with one name, the first folder's.

    The first folder is the theme's own, the others are fall-backs and may be missing. A partial is a kind when it
    begins with a Jinja comment that declares it, and its name does not begin with `_`.
    Raises NotFound when there is no such theme, ContentErrors for every malformed declaration at once.
    """
    _require_theme(folders)
    kinds: dict[str, Kind] = {}
    mistakes: list[Mistake] = []
    besides: list[tuple[Source, Entries, Kind]] = []
    for folder in folders:
        for path in sorted(folder.glob(f"[!_]*{_SUFFIX}")):
            name = path.name.removesuffix(_SUFFIX)
            if name in kinds:
                continue
            source = read_source(path)
            if entries := _declaration(source):
                kinds[name] = _kind(source, name, entries)
                besides.append((source, entries, kinds[name]))
            mistakes += source.mistakes
    for source, entries, kind in besides:
        if kind.beside and kind.beside not in kinds:
            source.mistakes.clear()
            source.mistake(entries.place("beside"), f"unknown kind '{kind.beside}'{suggest(kind.beside, kinds)}")
            mistakes += source.mistakes
    if mistakes:
        raise ContentErrors(mistakes)
    return kinds


def _require_theme(folders: Sequence[Path]) -> None:
    theme = folders[0]
    if theme.is_dir():
        return
    themes = [each.name for each in sorted(theme.parent.glob("[!_.]*")) if each.is_dir()]
    near = closest(theme.name, themes)
    raise NotFound(
        f"there is no theme '{theme.name}': {theme} is no folder",
        hint=f"did you mean '{near}'?" if near else f"themes there: {', '.join(themes) or 'none'}",
    )


def _declaration(source: Source) -> Entries | None:
    """The mapping in the comment that begins a partial; None when there is none, or it is an ordinary comment."""
    text = "\n".join(source.lines)
    comment = _COMMENT.match(text)
    if not comment or not _DECLARES.search(comment[1]):
        return None
    # The comment's mark becomes spaces, so that a key beside it keeps its column.
    spaces = " " * comment.start(1)
    node = compose(source, 1, spaces + comment[1] if comment[1].split("\n")[0].strip() else comment[1])
    return Entries(source, node) if isinstance(node, yaml.MappingNode) else None


def _kind(source: Source, name: str, entries: Entries) -> Kind:
    if not _NAME.fullmatch(name):
        source.mistake((1, 1), f"a kind's name is lower-case letters, digits and hyphens, not '{name}'")
    about = entries.text("about", "a writer who asks what this kind is for reads it", longest=300)
    attributes: dict[str, AttributeType] = {}
    if given := entries.entries("attributes"):
        for key, node in given.rest():
            if key == "only" or not _NAME.fullmatch(key):
                what = "every kind takes 'only' already" if key == "only" else "it is lower-case letters and hyphens"
                source.mistake(given.key_place(key), f"'{key}' cannot be an attribute's name: {what}")
            elif found := attribute_type(node):
                attributes[key] = found
            else:
                wrong = f"the type of '{key}' must be text, url, a range such as 0..10, or a list such as [one, two]"
                source.mistake(given.place(key), wrong)
    parts = _parts(source, entries, "parts")
    needs = _parts(source, entries, "needs")
    if not parts and not source.mistakes:
        source.mistake(entries.key_place("parts"), f"'parts' is missing: it may hold {', '.join(PARTS)}")
    for part in sorted(needs - parts):
        source.mistake(entries.place("needs"), f"needs '{part}', which is not among its parts")
    kind = Kind(
        name,
        about,
        attributes,
        parts,
        needs,
        columns=entries.whole("columns", 1, _MOST_COLUMNS) or 1,
        beside=entries.text("beside"),
        label=entries.text("label"),
    )
    entries.close()
    return kind


def _parts(source: Source, entries: Entries, key: str) -> frozenset[str]:
    named = entries.texts(key)
    for word, where in named:
        if word not in PARTS:
            source.mistake(where, f"unknown part '{word}'{suggest(word, PARTS)}")
    return frozenset(word for word, _ in named if word in PARTS)
