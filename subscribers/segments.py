"""Segments: `tag:beta and not (tag:staff or field:plan = "pro")` read into a value, and turned into SQL.

Upper and lower case count in tags, field names and values; they do not in `and`, `or`, `not`. A word with a space
or a parenthesis in it stands in double quotes. A field that a person does not have is the empty text.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from lark import Lark, Token, Transformer, UnexpectedInput
from sqlalchemy import ColumnElement, and_, exists, func, literal, not_, or_

from subscribers.errors import BadSegment, BadValue
from subscribers.segment_mistakes import explained, pointed
from subscribers.tables import subscriber_tags, subscribers
from subscribers.values import clean_field_value, clean_tag

LONGEST = 1000
"""Characters of an expression: whatever is longer should be a tag."""

DEEPEST = 20
"""Parts within parts. SQLite's parser has a stack of 100 and overflows at about 30 of them inside a larger statement."""

_GRAMMAR = r"""
?start: any
?any: all (_OR all)*
?all: one (_AND one)*
?one: _NOT one                      -> negated
    | "(" any ")"
    | _TAG _word                    -> tag
    | _FIELD NAME OPERATOR _word    -> field
_word: WORD | QUOTED
_TAG: "tag:"
_FIELD: "field:"
_AND.2: /and(?![^\s()"])/i
_OR.2: /or(?![^\s()"])/i
_NOT.2: /not(?![^\s()"])/i
OPERATOR: "!=" | "="
NAME: /[A-Za-z][A-Za-z0-9_]*/
WORD: /[^\s()"]+/
QUOTED: /"(?:[^"\\]|\\["\\])*"/
%ignore /\s+/
"""


@dataclass(frozen=True)
class Tag:
    """Those who have a tag."""

    tag: str


@dataclass(frozen=True)
class FieldIs:
    """Those whose custom field is exactly this text."""

    field: str
    value: str


@dataclass(frozen=True)
class Not:
    """Those whom the part does not select."""

    part: "Segment"


@dataclass(frozen=True)
class And:
    """Those whom every part selects."""

    parts: "tuple[Segment, ...]"


@dataclass(frozen=True)
class Or:
    """Those whom at least one part selects."""

    parts: "tuple[Segment, ...]"


Segment = Tag | FieldIs | Not | And | Or


def parse(expression: str) -> Segment:
    """Read an expression. Raises BadSegment, whose message points at the place."""
    if len(expression) > LONGEST:
        raise BadSegment(
            f"the segment is longer than {LONGEST} characters", column=LONGEST + 1, hint="put a tag on these people"
        )
    try:
        segment = _parser()(expression)
    except UnexpectedInput as error:
        raise explained(expression, error) from error
    except _BadWord as error:
        raise pointed(expression, error.position, str(error.reason), error.reason.hint) from error
    if _depth(segment) > DEEPEST:
        raise BadSegment(f"the segment has more than {DEEPEST} levels", hint="put a tag on these people")
    return segment


def check(expression: str) -> str | None:
    """What is wrong with an expression, in one line; None: nothing."""
    try:
        parse(expression)
    except BadSegment as error:
        what = str(error).partition("\n")[0]
        return f"{what} ({error.hint})" if error.hint else what
    return None


def condition(segment: Segment) -> ColumnElement[bool]:
    """The segment as a condition on `subscriber`, for any statement that has it in its FROM.

    Never NULL, so that `not` means the others; every word is a bound parameter. A tag is looked up for each
    row by its primary key: as good for the fifty people of a claim as for a million.
    """
    match segment:
        case Tag(tag):
            return exists().where(
                subscriber_tags.c.subscriber_id == subscribers.c.id, subscriber_tags.c.tag == tag
            ).correlate(subscribers)  # fmt: skip
        case FieldIs(field, value):
            return func.coalesce(subscribers.c.fields[field].as_string(), literal("")) == value
        case Not(part):
            return not_(condition(part))
        case And(parts):
            return and_(*map(condition, parts))
        case Or(parts):
            return or_(*map(condition, parts))


def _depth(segment: Segment) -> int:
    match segment:
        case Tag() | FieldIs():
            return 1
        case Not(part):
            return 1 + _depth(part)
        case And(parts) | Or(parts):
            return 1 + max(map(_depth, parts))


class _BadWord(Exception):
    """A word that parses and can never be: carries its place out of the parser."""

    def __init__(self, position: int, reason: BadValue) -> None:
        super().__init__(str(reason))
        self.position = position
        self.reason = reason


class _Reading(Transformer[Token, Segment]):
    """Makes the value while the text is parsed, so that depth costs no recursion."""

    def tag(self, children: list[Token]) -> Segment:
        (word,) = children
        return Tag(_cleaned(word, clean_tag))

    def field(self, children: list[Token]) -> Segment:
        name, operator, word = children
        found = FieldIs(str(name), _cleaned(word, lambda text: clean_field_value(name, text)))
        return Not(found) if operator == "!=" else found

    def negated(self, children: list[Segment]) -> Segment:
        (part,) = children
        return part.part if isinstance(part, Not) else Not(part)

    def all(self, children: list[Segment]) -> Segment:
        return And(tuple(children))

    def any(self, children: list[Segment]) -> Segment:
        return Or(tuple(children))


@functools.cache
def _parser() -> Callable[[str], Segment]:
    lark = Lark(_GRAMMAR, parser="lalr", transformer=_Reading(), maybe_placeholders=False)
    return cast("Callable[[str], Segment]", lark.parse)  # pyright: ignore[reportUnknownMemberType]  # lark's types know no transformer


def _cleaned(word: Token, clean: Callable[[str], str]) -> str:
    """The word without its quotes, as the book keeps such words: only so can the two be equal."""
    text = re.sub(r'\\(["\\])', r"\1", word[1:-1]) if word.type == "QUOTED" else str(word)
    try:
        return clean(text)
    except BadValue as error:
        raise _BadWord(word.start_pos or 0, error) from error
