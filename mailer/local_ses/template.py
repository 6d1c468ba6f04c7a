r"""Amazon's substitution in an inline template: `{{name}}`, and nothing else; no value is escaped.

The language is Handlebars, of which an inline template may use simple substitution only. Its reading of braces and
backslashes is kept, for it is what eats an author's text: `{{{x}}` and `{{x}}}` do not parse, and `\{{` stands for
two braces.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from mailer.local_ses.refusals import bad_request

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_SLOT = re.compile(rf"\{{\{{\{{\s*({_NAME})\s*\}}\}}\}}|\{{\{{(?!\{{)\s*({_NAME})\s*\}}\}}(?!\}})")
_RESERVED = {"this", "else", "true", "false", "null", "undefined"}


class MissingValue(Exception):
    """A slot has no value: SES accepts the letter, does not send it, and tells of a Rendering Failure later."""


@dataclass(frozen=True)
class Slot:
    """A place for the value `name`."""

    name: str


@lru_cache(maxsize=64)
def parse(source: str) -> Sequence[str | Slot]:
    """Literal text and slots, in order. Raises Refusal (BadRequestException) for anything but simple substitution."""
    parts: list[str | Slot] = []
    at = 0
    while (found := source.find("{{", at)) >= 0:
        before = source[at:found]
        if before.endswith("\\") and not before.endswith("\\\\"):
            # An escaped mustache is text up to the next one.
            end = _next_mustache(source, found + 2)
            parts += [before[:-1], source[found:end]]
            at = end
            continue
        parts.append(before[:-1] if before.endswith("\\\\") else before)
        slot = _SLOT.match(source, found)
        name = (slot[1] or slot[2]) if slot else ""
        if slot is None or name in _RESERVED:
            shown = source[found : found + 40]
            raise bad_request(f"Inline templates support only simple substitution; this does not parse: {shown!r}")
        parts.append(Slot(name))
        at = slot.end()
    parts.append(source[at:])
    return tuple(part for part in parts if part)


def _next_mustache(source: str, start: int) -> int:
    found = source.find("{{", start)
    if found < 0:
        return len(source)
    while found > start and source[found - 1] == "\\":
        found -= 1
    return found


def fill(parts: Sequence[str | Slot], values: Mapping[str, Any]) -> str:
    """The text with its values. Raises MissingValue, in Amazon's words."""
    return "".join(part if isinstance(part, str) else _value(part.name, values) for part in parts)


def _value(name: str, values: Mapping[str, Any]) -> str:
    value = values.get(name)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise MissingValue(f"Attribute '{name}' is not present in the rendering data.")
