"""One issue, from its file to a frozen value: everything that is wrong with it is said at once."""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from mailer.issues.attributes import Given, Words
from mailer.issues.blocks import Blocks
from mailer.issues.frontmatter import read_front_matter, split
from mailer.issues.kinds import PARTS, Kind
from mailer.issues.model import Issue, Newsletter, Section
from mailer.issues.places import Markup
from mailer.issues.sections import Fenced, find_sections
from mailer.issues.source import Source, closest, read_source, suggest
from mailer.issues.words import WordReader, jinja

CheckSegment = Callable[[str], str | None]
"""None, or what is wrong with a segment expression."""

_ANYTHING = Kind("", "", {}, frozenset(PARTS) - {"items"}, frozenset())
"""What a section of an unknown kind is read as, so that its words are looked at all the same."""


def load_issue(path: Path, newsletter: Newsletter, kinds: Mapping[str, Kind], check_segment: CheckSegment) -> Issue:
    """Read an issue.

    Raises ContentErrors with every mistake of its front matter and its sections.
    """
    source = read_source(path)
    constants = read_source(newsletter.path)
    first, front = split(source)
    words = WordReader(source, newsletter)
    facts = read_front_matter(source, front, words)
    sections = tuple(_section(words, fenced, kinds, check_segment) for fenced in find_sections(source, first))
    if not sections:
        source.mistake((first, 1), "the issue has no section: '::: prose', a few lines of Markdown, ':::'")
    _check_labels(constants, newsletter, kinds)
    source.mistakes += constants.mistakes
    source.finish()
    return Issue(
        newsletter=newsletter,
        path=path,
        sections=sections,
        source_digest=_digest(source.data, constants.data),
        **vars(facts),
    )


def _section(words: WordReader, fenced: Fenced, kinds: Mapping[str, Kind], check_segment: CheckSegment) -> Section:
    kind = _kind(words.source, fenced, kinds)
    attributes, only = _attributes(words, fenced, kind, check_segment)
    for number, line in fenced.lines:
        for found in re.finditer(r"\{[%#]", line):
            words.source.mistake((number, found.start() + 1), jinja(found[0]))
    blocks = Blocks(Markup(fenced.lines, words), kind)
    blocks.read()
    for part in blocks.missing():
        message = f"'{kind.name}' has no {PARTS[part].noun}: write {PARTS[part].written}"
        words.source.mistake(fenced.place, message)
    return Section(
        kind=kind.name,
        line=fenced.place[0],
        attributes=attributes,
        only=only,
        headline=blocks.headline,
        standfirst=blocks.standfirst,
        blocks=tuple(blocks.blocks),
        items=blocks.items,
        figures=blocks.figures,
    )


def _kind(source: Source, fenced: Fenced, kinds: Mapping[str, Kind]) -> Kind:
    """The section's kind; for one that does not exist, the one that was probably meant."""
    if fenced.kind in kinds:
        return kinds[fenced.kind]
    if fenced.kind:
        source.mistake(fenced.kind_place, f"unknown section kind '{fenced.kind}'{suggest(fenced.kind, kinds)}")
    near = closest(fenced.kind, kinds)
    return kinds[near] if near else _ANYTHING


def _attributes(
    words: WordReader, fenced: Fenced, kind: Kind, check_segment: CheckSegment
) -> tuple[dict[str, str | int], str]:
    attributes: dict[str, str | int] = {}
    only = ""
    for given in fenced.attributes:
        if given.name == "only":
            only = given.value.strip()
            if wrong := check_segment(only) if only else "it is empty":
                words.source.mistake((fenced.place[0], given.value_column), f"only: {wrong}")
        elif kind is not _ANYTHING and (value := _attribute(words, fenced, given, kind)) is not None:
            attributes[given.name] = value
    return attributes, only


def _attribute(words: WordReader, fenced: Fenced, given: Given, kind: Kind) -> str | int | None:
    line = fenced.place[0]
    if given.name not in kind.attributes:
        about = suggest(given.name, [*kind.attributes, "only"])
        words.source.mistake((line, given.column), f"'{kind.name}' takes no attribute '{given.name}'{about}")
        return None
    try:
        value = kind.attributes[given.name].read(given.value)
    except ValueError as error:
        words.source.mistake((line, given.value_column), f"{given.name} {error}")
        return None
    if isinstance(value, int) or not isinstance(kind.attributes[given.name], Words):
        return value
    return words.impersonal(value, given.name, lambda offset: (line, given.value_column + offset))


def _check_labels(constants: Source, newsletter: Newsletter, kinds: Mapping[str, Kind]) -> None:
    """Labels are for kinds, which newsletter.yaml alone does not know."""
    text = "\n".join(constants.lines)
    for label in newsletter.labels:
        if label not in kinds:
            found = re.search(rf"^labels:.*?(?<![\w-])({re.escape(label)})[\"']?\s*:", text, re.DOTALL | re.MULTILINE)
            before = text[: found.start(1)] if found else ""
            place = before.count("\n") + 1, len(before) - before.rfind("\n")
            constants.mistake(place, f"labels: unknown section kind '{label}'{suggest(label, kinds)}")


def _digest(issue: bytes, newsletter: bytes) -> str:
    # The length keeps the two apart: a line moved from one file to the other is a change.
    return hashlib.sha256(b"%d\n" % len(issue) + issue + newsletter).hexdigest()
