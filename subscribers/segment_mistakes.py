"""What is wrong with a segment expression, said so that a person can mend it: the place, what stands there, what could."""

import difflib
import re
from collections.abc import Sequence

from lark import Token, UnexpectedInput

from subscribers.errors import BadSegment
from subscribers.lifecycle import Status, SuppressionReason

_STARTS = ("tag:", "field:", "status:", "subscribed", "suppressed", "domain:", "mailed", "never-mailed", "delivered", "soft-bounced")  # fmt: skip
"""What a condition begins with."""

_FATES = ("mailed", "delivered", "soft-bounced")
_SIGNS = {"&": "and", "&&": "and", ",": "or", "|": "or", "||": "or", "!": "not", "-": "not"}
_COMPARISONS = {"==": "=", "<>": "!=", "~": "contains", "like": "contains", "is": "=", ":": "="}

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


def pointed(expression: str, position: int, what: str, hint: str = "") -> BadSegment:
    """The mistake, the expression in one line, and a pointer under `position`, which counts from 0."""
    line = re.sub(r"\s", " ", expression)
    column = position + 1
    return BadSegment(f"segment, column {column}: {what}\n  {line}\n  {' ' * position}^", column=column, hint=hint)


def one_of(found: str, words: Sequence[str]) -> str:
    """A hint at the word that was meant, or at all that there are."""
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
    if found.startswith('"') and not found.endswith('"', 1):
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


def _joint(found: str, expected: set[str]) -> str:
    """A hint where two parts stand side by side."""
    special = _in_field(found) if "OPERATOR" in expected else _in_time(found, expected) if "WHEN" in expected else ""
    if special:
        return special
    if found in _SIGNS:
        return f"did you mean `{_SIGNS[found]}`?"
    if "_AND" in expected and "WHEN" not in expected and found[:1].isalnum() and ":" not in found:
        return "words with a space between them stand in double quotes"
    return ""


def _in_field(found: str) -> str:
    """A hint after the name of a field."""
    if found.lower() in _COMPARISONS:
        return f"did you mean `{_COMPARISONS[found.lower()]}`?"
    if found[:1] in ("<", ">"):
        return "fields are texts, and none is greater than another; put a tag on these people"
    return ""


def _in_time(found: str, expected: set[str]) -> str:
    """A hint after `subscribed` or what becomes of letters."""
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
    close = difflib.get_close_matches(prefix.lower(), [start.rstrip(":") for start in _STARTS], n=1, cutoff=0.7)
    if not close:
        return f"there are {_listed(_STARTS)}"
    takes_words = f"{close[0]}:" in _STARTS or close[0] in ("suppressed", *_FATES)
    return f"did you mean `{close[0]}:{rest}`?" if takes_words else f"did you mean `{close[0]}`?"


def _meant(text: str, found: str) -> str:
    """A hint for a bare word that is none."""
    after = text[len(found) :].split()
    if found.lower() in ("tag", "field", "status", "domain"):
        value = next((word for word in after if word not in ("=", "!=")), "…")
        return f"did you mean `{found.lower()}:{value}`?"
    if "=" in found or after[:1] in (["="], ["!="], ["contains"]):
        return f"did you mean `field:{found}`?"
    if found.lower() in list(Status):
        return f"did you mean `status:{found.lower()}`?"
    if found.lower() in list(SuppressionReason):
        return f"did you mean `suppressed:{found.lower()}`?"
    close = difflib.get_close_matches(found.lower(), [start for start in _STARTS if ":" not in start], n=1, cutoff=0.75)
    return f"did you mean `{close[0]}`?" if close else f"did you mean `tag:{found}`?"


def _listed(words: Sequence[str]) -> str:
    quoted = [f"`{word}…`" if word.endswith(":") else f"`{word}`" for word in words]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"
