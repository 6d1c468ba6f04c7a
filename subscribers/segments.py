"""Segments: `tag:beta and not (tag:staff or field:plan = "pro")` read into a value; docs/segments.md tells people how.

Upper and lower case count in tags, field names and values; they do not in `and`, `or`, `not`. A word with a space
or a parenthesis in it stands in double quotes. A field that a person does not have is the empty text.
"""

import functools
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar, cast

from lark import Lark, Token, Transformer, UnexpectedInput

from subscribers import address
from subscribers.errors import BadAddress, BadSegment, BadValue
from subscribers.lifecycle import Status, SuppressionReason
from subscribers.segment_mistakes import (
    explained,
    in_place_of_field,
    misquoted,
    one_issue,
    one_of,
    pointed,
    quoted_rightly,
)
from subscribers.segment_values import (
    And,
    Domain,
    Fate,
    FieldContains,
    FieldIs,
    Letters,
    Not,
    Or,
    Segment,
    StatusIs,
    Subscribed,
    Suppressed,
    Tag,
    depth,
)
from subscribers.values import clean_field_name, clean_field_value, clean_tag

LONGEST = 1000
"""Characters of an expression: whatever is longer should be a tag."""

DEEPEST = 20
"""Parts within parts. SQLite's parser has a stack of 100 and overflows at about 30 of them inside a larger statement."""

LARGEST_ISSUE = 999_999_999

_Word = TypeVar("_Word", Status, SuppressionReason)

# Each kind of word is a terminal of its own, though they are spelled alike: so the parser knows what it waited for.
_GRAMMAR = r"""
?start: any
?any: all (_OR all)*
?all: one (_AND one)*
?one: _NOT one                       -> negated
    | "(" any ")"
    | _TAG _word                     -> tag
    | _FIELD NAME                    -> field_there
    | _FIELD NAME OPERATOR _word     -> field
    | _STATUS STATUS                 -> status
    | _SUBSCRIBED WHEN DATE          -> subscribed
    | _SUPPRESSED                    -> suppressed
    | _SUPPRESSED_FOR REASON         -> suppressed
    | _DOMAIN DOMAIN                 -> domain
    | _NEVER_MAILED                  -> never_mailed
    | FATE                           -> letters
    | FATE WHEN DATE                 -> letters
    | FATE ":" ISSUE                 -> letters
_word: WORD | QUOTED
_TAG: "tag:"
_FIELD: "field:"
_STATUS: "status:"
_DOMAIN: "domain:"
_SUPPRESSED_FOR: "suppressed:"
_SUPPRESSED: /suppressed(?![^\s()"])/
_SUBSCRIBED: /subscribed(?![^\s()"])/
_NEVER_MAILED: /never-mailed(?![^\s()"])/
FATE: /(mailed|delivered|soft-bounced)(?![^\s()":])/
WHEN: /(before|after|since)(?![^\s()"])/i
_AND.2: /and(?![^\s()"])/i
_OR.2: /or(?![^\s()"])/i
_NOT.2: /not(?![^\s()"])/i
OPERATOR: /!?=(?!=)/ | /contains(?![^\s()"])/i
NAME: /[A-Za-z][A-Za-z0-9_]*/
STATUS: /[^\s()"]+/
REASON: /[^\s()"]+/
DOMAIN: /[^\s()"]+/
DATE: /[^\s()"]+/
ISSUE: /[^\s()"]+/
WORD: /[^\s()"]+/
QUOTED: /"(?:[^"\\]|\\["\\])*"/
%ignore /\s+/
"""


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
        raise pointed(expression, error.position, str(error), error.hint) from error
    if depth(segment) > DEEPEST:
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


class _BadWord(Exception):
    """A word that parses and can never be: carries its place out of the parser."""

    def __init__(self, word: Token, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.position = word.start_pos or 0
        self.hint = hint


class _Reading(Transformer[Token, Segment]):
    """Makes the value while the text is parsed, so that depth costs no recursion."""

    def tag(self, children: list[Token]) -> Segment:
        (word,) = children
        return Tag(_cleaned(word, clean_tag))

    def field_there(self, children: list[Token]) -> Segment:
        (name,) = children
        return Not(FieldIs(_field_name(name), ""))

    def field(self, children: list[Token]) -> Segment:
        name, operator, word = children
        _field_name(name)
        value = _cleaned(word, lambda text: clean_field_value(name, text))
        match operator.lower():
            case "=":
                return FieldIs(str(name), value)
            case "!=":
                return Not(FieldIs(str(name), value))
            case _ if value:
                return FieldContains(str(name), value)
            case _:
                raise _BadWord(
                    word, "the empty text is contained in every field", f"did you mean `field:{name}` (has one)?"
                )

    def status(self, children: list[Token]) -> Segment:
        (word,) = children
        return StatusIs(_one_of(word, Status, "status"))

    def subscribed(self, children: list[Token]) -> Segment:
        return Subscribed(*_days(*children))

    def suppressed(self, children: list[Token]) -> Segment:
        return Suppressed(_one_of(children[0], SuppressionReason, "reason") if children else None)

    def domain(self, children: list[Token]) -> Segment:
        (word,) = children
        try:
            return Domain(address.parse(f"x@{word.removeprefix('@')}").key.removeprefix("x@"))
        except BadAddress as error:
            raise _BadWord(word, f"`{word}` is not a domain", "write for example `domain:example.org`") from error

    def never_mailed(self, _children: list[Token]) -> Segment:
        return Not(Letters(Fate.MAILED))

    def letters(self, children: list[Token]) -> Segment:
        fate = Fate(children[0])
        match children[1:]:
            case [issue]:
                return Letters(fate, issue=_issue(issue))
            case [when, day]:
                return Letters(fate, None, *_days(when, day))
            case _:
                return Letters(fate)

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
    if word.type != "QUOTED" and misquoted(word):
        raise _BadWord(word, f"`{word}` stands in other quotes than straight double ones", quoted_rightly(word))
    text = re.sub(r'\\(["\\])', r"\1", word[1:-1]) if word.type == "QUOTED" else str(word)
    try:
        return clean(text)
    except BadValue as error:
        raise _BadWord(word, str(error), error.hint) from error


def _field_name(name: Token) -> str:
    try:
        return clean_field_name(name)
    except BadValue as error:
        raise _BadWord(name, str(error), error.hint or in_place_of_field(name)) from error


def _one_of(word: Token, words: type[_Word], what: str) -> _Word:
    try:
        return words(word)
    except ValueError:
        raise _BadWord(word, f"there is no {what} `{word}`", one_of(word, [each.value for each in words])) from None


def _issue(word: Token) -> int:
    if not (re.fullmatch("[0-9]{1,9}", word) and 1 <= int(word) <= LARGEST_ISSUE):
        raise _BadWord(word, f"`{word}` is not the number of an issue", one_issue(word))
    return int(word)


def _days(when: Token, word: Token) -> tuple[date | None, date | None]:
    """`since` and `before` of a time that people give: `after` a day begins with the next one."""
    try:
        day = date.fromisoformat(word if re.fullmatch(r"\d{4}-\d\d-\d\d", word, re.ASCII) else "")
        match when.lower():
            case "before":
                return None, day
            case "since":
                return day, None
            case _:
                return day + timedelta(days=1), None
    except (ValueError, OverflowError):
        raise _BadWord(word, f"`{word}` is not a date", "write year-month-day, for example 2026-03-23") from None
