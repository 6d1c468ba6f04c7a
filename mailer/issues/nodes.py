"""YAML text to its nodes, each of which knows its place; what PyYAML cannot read becomes a mistake with advice."""

import re
from typing import cast

import yaml

from mailer.issues.source import Place, Source

_LONGEST = 100_000
"""Characters. PyYAML reads about 100 kB a second, so more than that would look like a hang."""


def place(node: yaml.Node) -> Place:
    """Where a node begins."""
    return node.start_mark.line + 1, node.start_mark.column + 1


def compose(source: Source, first: int, text: str) -> yaml.MappingNode | None:
    """Read YAML that begins on line `first` of the source; None, and a mistake noted, unless it is a mapping."""
    if len(text) > _LONGEST:
        source.mistake((first, 1), f"these facts are longer than {_LONGEST:,} characters: something is not closed")
        return None
    try:
        # Source has replaced what PyYAML's reader refuses, so only its scanner and parser can fail.
        # The empty lines in front make the parser's own marks the places in the file.
        node = yaml.compose("\n" * (first - 1) + text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        _report(source, first, error)
    except RecursionError:
        source.mistake((first, 1), "this is nested too deeply")
    except (ValueError, OverflowError):
        # PyYAML hands the number of an escape such as "\UFFFFFFFF" to chr() unchecked.
        before, _, _ = text.partition("\\U")
        where = first + before.count("\n"), len(before) - before.rfind("\n")
        source.mistake(where, "an escape \\U… here stands for no character")
    else:
        if isinstance(node, yaml.MappingNode):
            return node
        where = (first, 1) if node is None else place(node)
        source.mistake(where, "there must be lines of `key: value` here")
    return None


def _report(source: Source, first: int, error: yaml.MarkedYAMLError) -> None:
    if "quoted scalar" in (error.context or "") and "end of stream" in (error.problem or "") and error.context_mark:
        opens = error.context_mark.line + 1, error.context_mark.column + 1
        source.mistake(opens, "this is not YAML: the quote that opens here is not closed")
        return
    mark = error.problem_mark or error.context_mark
    where = (mark.line + 1, mark.column + 1) if mark else (first, 1)
    line = source.lines[min(where[0], len(source.lines)) - 1]
    problem = (error.problem or error.context or "it cannot be read").replace("\ufffd", "?")
    advice = ""
    if "mapping values are not allowed" in problem:
        advice = ': a value that holds ": " stands in "quotes"'
    elif "\\t" in problem or "\t" in line[: where[1]]:
        advice = ": indent with spaces, not with a tab"
    elif "{{" in line:
        advice = ': a value that begins with {{ stands in "quotes"'
    elif re.search(r":\s+[@`%&*!|>\[{\"']", line):
        advice = ': put the value in "quotes"'
    source.mistake(where, f"this is not YAML: {problem}{advice}")


def shown(node: yaml.Node) -> str:
    """A value as a message names it."""
    if isinstance(node, yaml.ScalarNode):
        value = cast("str", node.value)
        return f"'{value if len(value) <= 40 else value[:39] + '…'}'"  # noqa: PLR2004  # enough to know it again
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
