"""What is wrong with a segment expression, said so that a person can mend it: the place, what stands there, what could."""

import difflib
import re
from collections.abc import Sequence

from lark import Token, UnexpectedInput

from subscribers.errors import BadSegment
from subscribers.lifecycle import Status, SuppressionReason
from subscribers.values import RESERVED_FIELDS

_STARTS = ("tag:", "field:", "status:", "subscribed", "suppressed", "domain:", "mailed", "never-mailed", "delivered", "soft-bounced")  # fmt: skip
"""What a condition begins with."""

_FATES = ("mailed", "delivered", "soft-bounced")
_SIGNS = {"&": "and", "&&": "and", ",": "or", "|": "or", "||": "or", "!": "not", "-": "not"}
_COMPARISONS = {"==": "=", "!==": "!=", "<>": "!=", "~": "contains", "like": "contains", "is": "=", ":": "="}
_EVERYBODY = ("all", "everyone", "everybody", "anyone", "true", "*")
_UNHEARD_OF = ("opened", "clicked", "opens", "clicks", "open", "click", "never-opened", "not-opened")
_QUOTES = "'`\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2039\u203a"
"""What word processors and other languages write for the straight double quote."""

# What the parser waited for -> what a person should write, the first that fits.
_WANTED = {
    "OPERATOR": "`=`, `!=`, `contains`",
    "WHEN": "`before`, `after` or `since`",
    "NAME": "the name of a field",
    "STATUS": "a status",
    "REASON": "a reason",
    "DOMAIN": "a domain",
    "DATE": "a date such as 2026-03-23",
    "ISSUE": "the number of an issue",
    "WORD": "a word, or words in double quotes",
}


_QUOTED = re.compile(r'"(?:[^"\\]|\\["\\])*"')


def pointed(expression: str, position: int, what: str, hint: str = "") -> BadSegment:
    """The mistake, the expression in one line, and a pointer under `position`, which counts from 0."""
    line = re.sub(r"\s", " ", expression)
    column = position + 1
    return BadSegment(f"segment, column {column}: {what}\n  {line}\n  {' ' * position}^", column=column, hint=hint)


def misquoted(word: str) -> bool:
    """Whether a word without straight double quotes stands in others: it would select nobody, without a word."""
    return len(word) > 1 and word[0] in _QUOTES and word[-1] in _QUOTES


def quoted_rightly(word: str) -> str:
    """A hint at the same word in straight double quotes."""
    return f'did you mean `"{word[1:-1]}"`?'


def in_place_of_field(name: str) -> str:
    """A hint at what selects by something that every subscriber has."""
    instead = {"status": "`status:…`", "tags": "`tag:…`", "email": "`domain:…`"}.get(name.lower())
    return f"write {instead}" if instead else "put a tag on these people"


def one_issue(word: str) -> str:
    """A hint where the number of an issue should stand."""
    numbers = word.split(",")
    if len(numbers) > 1 and all(number.isdigit() for number in numbers):
        return f"write `{' or '.join(f'mailed:{number}' for number in numbers)}`"
    return "write for example `mailed:54`"


def one_of(found: str, words: Sequence[str]) -> str:
    """A hint at the word that was meant, or at all that there are."""
    if "," in found:
        return "one of them in each condition, with `or` between"
    close = difflib.get_close_matches(found.lower(), words, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else f"there are {_listed(words)}"


def explained(expression: str, error: UnexpectedInput) -> BadSegment:
    """What the parser stumbled over, in words."""
    if not expression.strip():
        return pointed(expression, 0, "the segment is empty", 'write for example `tag:beta` or `field:plan = "pro"`')
    token = getattr(error, "token", None)
    at_end = isinstance(token, Token) and token.type == "$END"
    position = len(expression.rstrip()) if at_end else error.pos_in_stream or 0
    word = re.compile(r'"[^"]*"?|[^\s()"]+|.').match(expression, position)
    found = word[0] if word else ""
    if found.startswith('"') and not _QUOTED.match(expression, position):
        return pointed(expression, position, "a double quote is opened and not closed")
    # One name of Lark's for the tokens that could have followed, another for the characters that could.
    expected: set[str] = set(getattr(error, "expected", None) or getattr(error, "allowed", None) or ())
    if "_TAG" in expected:
        return _no_start(expression, position, found)
    stands = f"but here stands `{found}`" if found else "but the expression ends"
    opened = expression[:position].count("(") > expression[:position].count(")")
    return pointed(
        expression, position, f"{_wanted(expected, opened=opened)} should follow, {stands}", _joint(found, expected)
    )


def _wanted(expected: set[str], *, opened: bool) -> str:
    joined = "`and`, `or` or `)`" if opened else "`and`, `or` or the end"
    for terminal, wanted in _WANTED.items():
        if terminal in expected:
            # After `field:plan` and after `mailed` the condition may be complete, too.
            return f"{wanted.replace(' or ', ', ')}, {joined}" if "_AND" in expected else wanted
    return joined


def _joint(found: str, expected: set[str]) -> str:  # noqa: PLR0911  # one line for each mistake
    """A hint where two parts stand side by side."""
    special = _in_field(found) if "OPERATOR" in expected else _in_time(found, expected) if "WHEN" in expected else ""
    if special:
        return special
    if found in _SIGNS:
        return f"did you mean `{_SIGNS[found]}`?"
    if found == "(" and ("WORD" in expected or "_AND" in expected):
        return "a word with a parenthesis in it stands in double quotes"
    if "DATE" in expected and found.startswith('"'):
        return "a date stands without quotes"
    if "_AND" in expected and found.lower() in ("before", "after", "since"):
        return "an issue, or one time, in each condition; join two with `and`"
    if "NAME" in expected and found:
        return "a letter first, then letters, digits and underscores"
    if "_AND" in expected and "WHEN" not in expected and found[:1].isalnum() and ":" not in found:
        return "words with a space between them stand in double quotes"
    return ""


def _in_field(found: str) -> str:
    """A hint after the name of a field."""
    sign = found[: len(found) - len(found.lstrip("!="))] or found.lower()
    if sign in _COMPARISONS:
        return f"did you mean `{_COMPARISONS[sign]}`?"
    if found.startswith(("-", ".")):
        return "the name of a field has letters, digits and underscores"
    if found[:1] in ("<", ">"):
        return "fields are texts, and none is greater than another; put a tag on these people"
    return ""


def _in_time(found: str, expected: set[str]) -> str:
    """A hint after `subscribed` or what becomes of letters."""
    if found.lower() == "between":
        return "two conditions, joined: `since 2026-01-01` and `before 2026-02-01`"
    if "_AND" not in expected:
        return "whoever is subscribed at all is `status:subscribed`"
    return f"did you mean `mailed:{found}`?" if found.isdigit() else ""


def _no_start(expression: str, position: int, found: str) -> BadSegment:
    """Where a condition, `not` or `(` should stand."""
    missing = "a condition such as `tag:…` should"
    if not found:
        return pointed(expression, position, f"{missing} follow, but the expression ends")
    prefix, colon, rest = found.partition(":")
    if found in (")", "=", "!=") or prefix.lower() in ("and", "or"):
        return pointed(expression, position, f"{missing} stand before `{found}`")
    if found in _SIGNS:
        return pointed(expression, position, f"{missing} stand here, not `{found}`", _joint(found, set()))
    if colon:
        return pointed(expression, position, f"unknown word `{prefix}:`", _unknown_prefix(prefix, rest))
    return pointed(expression, position, f"`{found}` is not a condition", _meant(expression[position:], found))


def _unknown_prefix(prefix: str, rest: str) -> str:
    """A hint for `prefix:rest`, which nothing begins with."""
    if prefix[:1] in ("!", "-") and len(prefix) > 1:
        return f"did you mean `not {prefix[1:]}:{rest}`?"
    if "@" in rest:
        return _one_person(rest)
    if prefix.lower() in _UNHEARD_OF:
        return _UNHEARD
    close = difflib.get_close_matches(prefix.lower(), [start.rstrip(":") for start in _STARTS], n=1, cutoff=0.7)
    if not close:
        return f"there are {_listed(_STARTS)}"
    takes_words = f"{close[0]}:" in _STARTS or close[0] in ("suppressed", *_FATES)
    return f"did you mean `{close[0]}:{rest}`?" if takes_words else f"did you mean `{close[0]}`?"


def _meant(text: str, found: str) -> str:  # noqa: PLR0911  # one line for each mistake
    """A hint for a bare word that is none."""
    after = text[len(found) :].split()
    start, sign, value = re.match(r"([^=!]*)(!?=*)(.*)", found, re.DOTALL).groups()  # pyright: ignore[reportOptionalMemberAccess]  # it matches every text
    kind = start.lower().removesuffix("s") if start.lower() != "status" else "status"
    if kind in ("tag", "field", "status", "domain"):
        sign = sign or next((word for word in after if word in ("=", "!=", ":")), "")
        value = value or next((word for word in after if word not in ("=", "!=", "==", ":", "is")), "…")
        return f"did you mean `{'not ' if sign == '!=' else ''}{kind}:{value.removeprefix(':')}`?"
    if found.lower() in _EVERYBODY:
        return "everybody is selected without a segment; whoever is subscribed, by `status:subscribed`"
    if found.lower() in _UNHEARD_OF:
        return _UNHEARD
    if "@" in found:
        return _one_person(found)
    fate = _never(found.lower(), after)
    if fate:
        return f"did you mean `{fate}`?"
    if kind in RESERVED_FIELDS:
        return in_place_of_field(start)
    if "=" in found or after[:1] in (["="], ["!="], ["contains"]):
        return f"did you mean `field:{found}`?"
    if found.lower() in list(Status):
        return f"did you mean `status:{found.lower()}`?"
    if found.lower() in list(SuppressionReason):
        return f"did you mean `suppressed:{found.lower()}`?"
    close = difflib.get_close_matches(found.lower(), [start for start in _STARTS if ":" not in start], n=1, cutoff=0.75)
    return f"did you mean `{close[0]}`?" if close else f"did you mean `tag:{found}`?"


_UNHEARD = "opens and clicks are not followed; `delivered` is the most that is known of a letter"


def _one_person(word: str) -> str:
    """A hint where an address stands, which no segment selects."""
    local, _, domain = word.partition("@")
    person = f"one person is shown by `mailer subscribers show {word}`; " if local else ""
    return f"{person}a domain is selected by `domain:{domain}`"


def _never(found: str, after: Sequence[str]) -> str:
    """What was meant by a word of one's own for a letter that did not come: never the opposite of it."""
    whole = "-".join([found, *after[:1]]) if found in ("never", "non", "un") else found
    fate = re.sub("^(not|never|non|un)-?", "", whole)
    if fate == whole or fate not in _FATES:
        return ""
    return "never-mailed" if fate == "mailed" else f"not {fate}"


def _listed(words: Sequence[str]) -> str:
    quoted = [f"`{word}…`" if word.endswith(":") else f"`{word}`" for word in words]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"
